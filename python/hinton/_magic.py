"""`%hinton` in IPython: a line of the command `draw`, in which variables may be used."""

from __future__ import annotations

import shlex
from typing import Any

from ._draw import draw
from ._errors import refused
from ._picture import Picture


def load(shell: Any) -> None:
    """Registers the magic `%hinton`."""

    def line_magic(line: str) -> Picture:
        """`%hinton W chart=heatmap cmap=viridis`: draws a variable, an expression or a file."""
        return of_line(line, shell.user_ns)

    shell.register_magic_function(line_magic, "line", "hinton")


def of_line(line: str, names: dict[str, Any]) -> Picture:
    """Draws what a line requests: a value, then tensors and `setting=value`."""
    what, _, rest = line.strip().partition(" ")
    if not what:
        raise refused(ValueError, "%hinton: nothing to draw", "`%hinton W chart=heatmap` draws the variable W")
    settings: dict[str, Any] = {}
    tensors = []
    try:
        words = shlex.split(rest)
    except ValueError as error:
        cure = "close each quotation mark"
        raise refused(ValueError, f"%hinton {line.strip()}: {str(error).lower()}", cure) from None
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name.isidentifier():
            settings[name] = {"True": True, "False": False}.get(value, value)
        else:
            tensors.append(word)
    return draw(named(what, names), *tensors, **settings)


def named(word: str, names: dict[str, Any]) -> Any:
    """The value of a variable, attribute or item, written without spaces; else the word is the path of a file."""
    root = word.split(".")[0].split("[")[0]
    if root not in names:
        return word
    return eval(word, names)
