"""Files at addresses: limits on how much of them is downloaded."""

from __future__ import annotations

from types import TracebackType

from . import _hinton

#: The current limit.
LIMITS: list[str | None] = [None]


class Downloads:
    """A limit on downloads; at the end of a `with` block the previous limit applies again."""

    def __init__(self, size: str | None) -> None:
        self._size, self._before = size, LIMITS[0]
        _hinton.limit_downloads(size)
        LIMITS[0] = size

    def __enter__(self) -> Downloads:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _hinton.limit_downloads(self._before)
        LIMITS[0] = self._before

    def __repr__(self) -> str:
        return f"<hinton.Downloads: {'no limit' if self._size is None else self._size}>"


def max_download(size: str | int | None) -> Downloads:
    """Limits how many more bytes this process downloads of files at addresses, from now on. Anything that would exceed the
    limit raises an `OSError` before any of it is downloaded.

    >>> hinton.max_download("500MB")                        # doctest: +SKIP
    >>> with hinton.max_download("20MB"):                   # doctest: +SKIP
    ...     hinton.open("hf://org/name").draw("*.q_proj.weight")

    Args:
        size: `"500MB"`, `"2GiB"`, a number of bytes, or None for no limit, which is the default.

    Raises:
        ValueError: it is not a size.
    """
    return Downloads(None if size is None else str(size))
