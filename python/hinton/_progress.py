"""How far long work is, shown by tqdm where that is installed. The extension module calls it."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any


class Bar:
    """A bar of tqdm that disappears when the work is done."""

    def __init__(self, what: str, unit: str, total: int) -> None:
        from tqdm import tqdm

        # Of bytes so many that they need a prefix: kB, MB, GB.
        scale = {"unit_scale": True, "unit_divisor": 1000} if unit == "B" else {}
        self._bar: Any = tqdm(desc=what, unit=unit, total=total or None, leave=False, **scale)

    def reach(self, done: int) -> None:
        """So many are done, from the beginning."""
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Takes it away."""
        self._bar.close()


def begin(what: str, unit: str, total: int) -> Bar | None:
    """A bar for work that has gone on for a while and has `total` units, 0 where nobody knows. None where nobody
    looks, or tqdm is not installed."""
    is_watched = sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    if not is_watched or importlib.util.find_spec("tqdm") is None:
        return None
    return Bar(what, unit, total)
