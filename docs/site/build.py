"""Builds the site: `python docs/site/build.py` puts it into `build/site`; a warning or a dead link is an error."""

import shutil
import sys
from pathlib import Path

from pages.assemble import assemble
from pages.links import dead_links
from pages.pictures import Pictures
from sphinx.cmd.build import build_main

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Put the sources together, let Sphinx build them, follow all links."""
    sources, pages = ROOT / "build" / "site-sources", ROOT / "build" / "site"
    shutil.rmtree(pages, ignore_errors=True)
    assemble(sources, Pictures(sources / "models" / "pictures"))
    failed = build_main(["-W", "--keep-going", "-q", "-E", "-b", "html", str(sources), str(pages)])
    if failed:
        return failed
    dead = dead_links(pages)
    print("\n".join(dead), file=sys.stderr)
    print(f"{pages}/index.html")
    return bool(dead)


if __name__ == "__main__":
    sys.exit(main())
