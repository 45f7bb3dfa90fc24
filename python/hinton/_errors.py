"""What may go wrong, and what a person should know."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

HERE = str(Path(__file__).parent)


class HintonWarning(UserWarning):
    """Something was skipped, assumed or reduced."""


def warn(messages: Iterable[str]) -> None:
    """Warns of each, at the line of the caller outside this package."""
    depth = 1
    frame = sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
        depth += 1
    for message in messages:
        warnings.warn(message, HintonWarning, stacklevel=depth)


def refused(kind: type[Exception], message: str, cure: str) -> Exception:
    """An exception that says what to do: in its attribute `cure`, and under its traceback."""
    error = kind(message)
    error.cure = cure  # type: ignore[attr-defined]
    error.add_note(f"help: {cure}")
    return error
