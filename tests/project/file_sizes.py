"""Fail where a file is longer than 600 lines; warn above 400; no banners."""

import re
import subprocess
import sys
from pathlib import Path

WARN, FAIL = 400, 600
ENDINGS = {".py", ".cc", ".h", ".ts", ".tsx"}
BANNER = re.compile(r"^\s*(#|//)\s*[-=#*]{8,}\s*$")


def main() -> int:
    """Check all tracked files; returns the exit status."""
    root = Path(__file__).parents[2]
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True)
    bad = 0
    for name in listed.stdout.split():
        path = root / name
        if path.suffix not in ENDINGS or not path.exists():
            continue
        lines = path.read_text().splitlines()
        if len(lines) > WARN:
            print(f"{name}: {len(lines)} lines ({'too long' if len(lines) > FAIL else 'long'})")
        bad += len(lines) > FAIL
        for number, line in enumerate(lines, 1):
            if BANNER.match(line):
                print(f"{name}:{number}: a banner; split the file instead")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
