"""The viewer: a model as a map in the browser, served from this process."""

from __future__ import annotations

import contextlib
import os
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _hinton
from ._checkpoint import Checkpoint
from ._errors import refused, texts, warn, whole
from ._frame import FRAME, framed
from ._paths import path_of, write
from ._run import Run

if TYPE_CHECKING:
    from ._picture import Picture

#: The largest total size of values, in bytes, for which a notebook stores a page, since that reads all of them.
KEPT = 256 << 20


class View:
    """A viewer that serves requests on this machine until it is closed, or Python exits.

    Its address contains a key: only those who have it can see the values. A notebook stores a page that needs no server,
    with reduced data.
    """

    def __init__(self, inner: _hinton.Viewing, kept: Any) -> None:
        self._inner = inner
        # What is viewed; kept alive with this object, because a notebook shows it after the viewer is closed.
        self._kept = kept
        self._thread = threading.Thread(target=inner.serve, name="hinton view", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """The address of the page, for a browser on this machine."""
        return self._inner.address

    @property
    def is_open(self) -> bool:
        """Whether it is serving requests."""
        return self._thread.is_alive()

    def show(self) -> bool:
        """Opens the page in a browser on this machine; returns whether one was found."""
        import webbrowser

        return webbrowser.open(self.address)

    def close(self) -> None:
        """Stops the server; the address no longer responds. Calling it again has no effect."""
        self._inner.stop()
        self._thread.join()

    def __enter__(self) -> View:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def html(self, *, budget: int = 1_000_000) -> str:
        """The same view, at this moment, as a page that needs no server. It contains about `budget` bytes of data; larger
        tensors are reduced. Reads every value.

        Raises:
            OSError: values cannot be read.
        """
        page, _ = self._inner.page(budget)
        return page.decode("utf-8")

    def save(self, path: str | os.PathLike[str], *, budget: int = 1_000_000) -> None:
        """Writes that page to a file; a `HintonWarning` says what was reduced.

        Raises:
            OSError: the file cannot be written, or values cannot be read.
        """
        page, note = self._inner.page(budget)
        write(path, page)
        warn([note] if "fold" in note else [])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        about: dict[str, Any] = {}
        picture = None
        if self._kept and self._inner.bytes <= KEPT:
            from ._draw import draw

            # The picture of the first model, for places where scripts do not run; a viewer shows more than a picture can.
            with contextlib.suppress(ValueError, KeyError, OSError):
                picture = draw(self._kept[0])
                bundle, about = picture._repr_mimebundle_()
                bundle["text/plain"] = repr(self)
        bundle["text/html"] = self._shown(picture)
        return bundle, about

    def _shown(self, picture: Picture | None) -> str:
        link = "<p>The viewer is closed.</p>"
        if self.is_open:
            link = f'<p><a href="{self.address}" target="_blank" rel="noopener">Open the viewer</a></p>'
        if self._inner.bytes > KEPT:
            return link
        # What the saved notebook shows when the server is gone.
        return (framed(self.html(budget=FRAME), "The viewer", height=640, picture=picture) or "") + link

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
        what: Paths of weights files and of runs, which are followed as they grow; or anything that `hinton.draw` accepts,
            read in place in memory. Files among arrays are opened once.
        name: The name of an array or a model in the viewer.
        device: `"cpu"` allows tensors to be copied from a GPU.
        host: The address to listen on; `"0.0.0.0"` also serves other machines, if they have the key.
        port: The port; 0 means any free port.
        allow_host: Host names under which the server may be addressed, such as that of a proxy.
        base_url: The address under which a proxy provides the page.
        threads: Number of threads per question; 0 means one per core.

    Raises:
        OSError: a file cannot be opened, or the port is in use.
    """
    names = [allow_host] if isinstance(allow_host, str) else list(allow_host or [])
    texts("host, allow_host, base_url", [host, *names, base_url or ""], 'give texts such as host="0.0.0.0"')
    place = (host, whole("port", port, most=65_535), names, base_url)
    threads = whole("threads", threads)
    things: list[Any] = [path for one in what for path in (one.paths if isinstance(one, Run) else [one])]
    if not things:
        raise refused(TypeError, "view() takes at least one file, model or array", "hinton.view(model)")
    if all(isinstance(one, (str, os.PathLike)) for one in things):
        return View(_hinton.view_paths([path_of(one) for one in things], threads, place), things)
    from ._draw import inner

    checkpoints: list[Checkpoint] = [inner(one, name, device) for one in things]
    return View(_hinton.view_checkpoints([one._inner for one in checkpoints], threads, place), checkpoints)
