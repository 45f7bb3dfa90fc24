"""Writes hinton/_keywords.py, the keyword arguments for type checkers, from the table of settings.

`python python/tools/keywords.py` after the table was changed; a test compares.
"""

from pathlib import Path

import hinton
from hinton import _hinton

HEAD = '''"""The keyword arguments of `draw` for type checkers: python/tools/keywords.py writes them from the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

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
    interactive: bool
    """A notebook shows a page to zoom and read values in"""
'''


SPACE = '''

class SpaceSettings(TypedDict, total=False):
    """The settings of `space`. `None` is the default."""

'''

TRAINING = '''

class Training(Settings, total=False):
    """The settings of a training, and of the picture of what it learned. `None` is the default."""

'''

ANIMATION = '''

class Animation(Settings, total=False):
    """The settings of a film, and of its pictures. `None` is the default."""

'''

#: Keywords of `space` and of `animate` that their signatures have.
OF_THE_SIGNATURE = ("points", "labels", "steps")


def row(name: str, takes: str, about: str) -> str:
    """A keyword and what it does."""
    kind = "bool | None" if takes == "nothing" else "Value"
    if name in ("weights", "folder", "record", "resume", "font"):
        kind = "Any"
    about = about.replace("\\", "\\\\")
    return f'    {name}: {kind}\n    """{about}"""\n'


def written() -> str:
    """The file as it should be."""
    drawn = [row(one.name, one.takes, one.about) for one in hinton.settings().values()]
    space = [row(*one[:3]) for one in _hinton.command_keywords("space") if one[0] not in OF_THE_SIGNATURE]
    training = [row(*one[:3]) for one in _hinton.command_keywords("train")]
    films = [row(*one[:3]) for one in _hinton.command_keywords("animate") if one[0] not in OF_THE_SIGNATURE]
    parts = [HEAD, *drawn, TAIL, SPACE, *space, TRAINING, *training, ANIMATION, *films]
    return "".join(parts)


if __name__ == "__main__":
    (Path(__file__).parents[1] / "hinton" / "_keywords.py").write_text(written(), encoding="utf-8")
