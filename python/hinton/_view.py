"""The viewer: a model as one map in the browser, served from this process."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Any

from . import _hinton
from ._checkpoint import Checkpoint
from ._run import Run


class View:
    """A viewer that answers on this machine until it is closed, or Python ends.

    The address holds a key: who has it can see the values, others cannot.
    """

    def __init__(self, inner: _hinton.Viewing, kept: Any) -> None:
        self._inner = inner
        # What is viewed stays alive as long as the viewer.
        self._kept = kept
        self._thread = threading.Thread(target=inner.serve, name="hinton view", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """The address of the page, for a browser on this machine."""
        return self._inner.address

    @property
    def is_open(self) -> bool:
        """Whether it answers."""
        return self._thread.is_alive()

    def show(self) -> bool:
        """Opens the page in a browser; says whether one was found."""
        import webbrowser

        return webbrowser.open(self.address)

    def close(self) -> None:
        """Ends it."""
        self._inner.stop()
        self._thread.join()
        self._kept = None

    def __enter__(self) -> View:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _repr_html_(self) -> str:
        if not self.is_open:
            return "<p>The viewer is closed.</p>"
        return f'<p><a href="{self.address}" target="_blank" rel="noopener">Open the viewer</a> ({self.address})</p>'

    def __repr__(self) -> str:
        return f"<hinton.View {self.address if self.is_open else 'closed'}>"


def view(
    *what: Any,
    name: str | None = None,
    device: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    allow_host: str | list[str] | None = None,
    base_url: str | None = None,
    threads: int = 0,
) -> View:
    """Opens files, runs, models or arrays in the viewer: a map of all values, down to single numbers.

    >>> with hinton.view(model) as viewer:                  # doctest: +SKIP
    ...     viewer.show()
    ...     input("press Enter to end")

    Args:
        what: Paths of weights files and runs, which are followed while they grow; or what `hinton.draw` takes,
            read where it lies in memory. Files and memory cannot be mixed: open the files first.
        name: What the viewer calls an array or a model.
        device: `"cpu"` allows tensors to be copied from a GPU.
        host: The address to listen on; `"0.0.0.0"` lets other machines ask, if they have the key.
        port: The port; 0 is any that is free.
        allow_host: Names by which the server may be called, such as that of a proxy.
        base_url: The address under which a proxy shows the page.
        threads: How many threads work on a question; 0 is one for each core.

    Raises:
        OSError: a file cannot be opened, or the port is taken.
    """
    names = [allow_host] if isinstance(allow_host, str) else list(allow_host or [])
    place = (host, port, names, base_url)
    things: list[Any] = [path for one in what for path in (one.paths if isinstance(one, Run) else [one])]
    if not things:
        raise TypeError("view() takes at least one file, model or array")
    if all(isinstance(one, (str, os.PathLike)) for one in things):
        return View(_hinton.view_paths([os.fspath(one) for one in things], threads, place), None)
    from ._draw import inner

    checkpoints: list[Checkpoint] = [inner(one, name, device) for one in things]
    return View(_hinton.view_checkpoints([one._inner for one in checkpoints], threads, place), things)
