"""What differs between the ways to run a random brain, and the smallest brain in which it still does.

python -m tests.fuzz.reproduce SEED [COMPARISON ...]
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import jax

from fuzz.case import Case
from fuzz.comparisons import ELSEWHERE, Workshop, compared, compared_elsewhere, told
from fuzz.many import shop_of, thoroughly
from fuzz.shrink import shrunk


def wrong(name: str, shop: Workshop) -> str | None:
    """What differs in one comparison; an error of the plain run too."""
    try:
        _ = shop.whole
    except Exception as error:
        return told(error)
    return (compared_elsewhere([(name, shop)])[0] if name in ELSEWHERE else compared(name, shop)).wrong


def kind(said: str | None) -> str:
    """What goes wrong in a few words, by which a smaller brain is known to have the same fault."""
    return " ".join((said or "").split()[:2])


def main() -> None:
    """Compare, and shrink what differs."""
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    seed = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        shop = shop_of(seed, Path(folder))
        print(shop.case.describe())
        for name in sys.argv[2:] or [*dict.fromkeys([*thoroughly(seed), *ELSEWHERE])]:
            said = wrong(name, shop)
            print(f"{name}: {said or 'equal'}", flush=True)
            if said is None:
                continue

            def fails(case: Case, name: str = name, said: str = said) -> bool:
                try:
                    return kind(wrong(name, Workshop(case, Path(folder)))) == kind(said)
                except Exception:
                    return False

            smallest = shrunk(shop.case, fails)
            print(f"the smallest brain in which it differs:\n{smallest.describe()}")
            print(f"  {wrong(name, Workshop(smallest, Path(folder)))}", flush=True)
            return


if __name__ == "__main__":
    main()
