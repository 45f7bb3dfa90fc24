"""Progress of long work, shown by tqdm if that is installed. The extension module calls it."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any


class Bar:
    """A tqdm bar that disappears when the work is done."""

    def __init__(self, what: str, unit: str, total: int) -> None:
        from tqdm import tqdm

        # Large numbers of bytes are shown with a prefix: kB, MB, GB.
        scale = {"unit_scale": True, "unit_divisor": 1000} if unit == "B" else {}
        self._bar: Any = tqdm(desc=what, unit=unit, total=total or None, leave=False, **scale)

    def reach(self, done: int) -> None:
        """Sets the amount that is done, counted from the beginning."""
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Removes the bar."""
        self._bar.close()


def begin(what: str, unit: str, total: int) -> Bar | None:
    """Starts a bar for work that has run for a while, with `total` units, or 0 if that is unknown. None if no terminal or
    notebook shows it, or tqdm is not installed."""
    is_watched = sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    if not is_watched or importlib.util.find_spec("tqdm") is None:
        return None
    return Bar(what, unit, total)
