"""Writes hinton/_keywords.py, the keyword arguments for type checkers, from the table of settings.

`python python/tools/keywords.py` after the table was changed; a test compares.
"""

from pathlib import Path

import hinton

HEAD = '''"""The keyword arguments of `draw` for type checkers: python/tools/keywords.py writes them from the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

Value = str | float | bool | Sequence[str] | Sequence[float] | None


class Settings(TypedDict, total=False):
    """The settings of a picture. `None` is the default."""

'''


TAIL = '''

class Drawing(Settings, total=False):
    """The settings of a picture, and what else `draw` takes."""

    name: str | None
    """What the picture calls an array"""
    device: str | None
    """`"cpu"` allows copies from a GPU"""
    threads: int
    """How many threads work; 0 is one for each core"""
'''


def written() -> str:
    """The file as it should be."""
    lines = []
    for row in hinton.settings().values():
        kind = "bool | None" if row.takes == "nothing" else "Value"
        lines.append(f"    {row.name}: {kind}\n")
        about = row.about.replace("\\", "\\\\")
        lines.append(f'    """{about}"""\n')
    return HEAD + "".join(lines) + TAIL


if __name__ == "__main__":
    (Path(__file__).parents[1] / "hinton" / "_keywords.py").write_text(written(), encoding="utf-8")
