"""Pictures that display themselves."""

from __future__ import annotations

import base64
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from . import _hinton
from ._errors import needed, warn, whole
from ._frame import BUDGET
from ._paths import path_of

if TYPE_CHECKING:
    import numpy

#: Pixels of the picture per pixel of a notebook, for sharp display on dense screens.
DENSITY = 2
#: The resolution, in pixels per inch, that notebooks and browsers assume.
SCREEN = 96


class Picture:
    """A drawn picture of tensors.

    A notebook displays it and stores it in the saved file, so that it needs no kernel. In a terminal, `.show()` or the
    prompt prints it.
    """

    __slots__ = ("_inner", "frame")

    def __init__(self, inner: _hinton.Picture) -> None:
        self._inner = inner
        #: The page that a notebook displays in place of the picture; None without `interactive`.
        self.frame: str | None = None

    @property
    def notes(self) -> list[str]:
        """What was reduced, chosen or assumed, and settings without effect; the latter are also warnings."""
        return self._inner.notes

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points, 1/72 inch."""
        return self._inner.size

    @property
    def title(self) -> str:
        """Its title, or the name of what was drawn."""
        return self._inner.description[0]

    @property
    def description(self) -> str:
        """A description of what it shows."""
        return self._inner.description[1]

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> None:
        """Writes a file; its extension selects PNG, SVG, PDF or text. `dpi`, in pixels per inch, only applies to pixels.

        Raises:
            ValueError: no output has this extension, or there would be too many pixels.
            OSError: the file cannot be written; an existing file is then unchanged.
        """
        self._inner.save(path_of(path), dpi)

    def encode(self, output: str, *, dpi: float | None = None) -> bytes:
        """Encodes it in a named output: `"png"`, `"svg"`, `"pdf"`. `dpi`, in pixels per inch, only applies to pixels.

        Raises:
            ValueError: there is no such output, or there would be too many pixels.
        """
        return self._inner.encode(output, dpi)

    def to_numpy(self, *, dpi: float | None = None) -> numpy.ndarray[Any, Any]:
        """Its pixels: height x width x 4 bytes of red, green, blue and alpha (255 is opaque); `dpi` is in pixels per inch.

        Raises:
            ValueError: there would be too many pixels.
        """
        import numpy

        width, height, pixels = self._inner.pixels(dpi)
        return numpy.frombuffer(pixels, numpy.uint8).reshape(height, width, 4)

    def to_pil(self, *, dpi: float | None = None) -> Any:
        """Its pixels as a Pillow image.

        Raises:
            ModuleNotFoundError: Pillow is not installed.
            ValueError: there would be too many pixels.
        """
        return needed("PIL.Image", "pillow").fromarray(self.to_numpy(dpi=dpi), "RGBA")

    def text(self, *, columns: int | None = None, rows: int | None = None, colors: int = 1 << 24) -> str:
        """The picture as characters: in 24-bit colours, in 256, or, with `colors=0`, as letters only; at most `columns` wide
        and `rows` high, by default the size of the terminal.

        Raises:
            ValueError: a number is below 1.
        """
        terminal = shutil.get_terminal_size()
        wide = whole("columns", columns or terminal.columns, least=1)
        high = whole("rows", rows or max(terminal.lines - 2, 8), least=1)
        return self._inner.text(wide, high, whole("colors", colors))

    def show(self) -> None:
        """Prints it in a terminal, like the command: as an image if the terminal supports images, else in as many colours as
        it has; as letters if standard output is not a terminal."""
        print(self._inner.printed() if sys.stdout.isatty() else self.text(colors=0))

    def _repr_png_(self) -> tuple[str, dict[str, Any]]:
        # A saved notebook should stay small: a picture that would be too large gets the resolution of a plain screen. Four
        # times the pixels take more than twice the bytes, so most such pictures are recognised by the quick rendering.
        png = self._inner.encode("png", SCREEN)
        if len(png) * 2 <= BUDGET:
            dense = self._inner.encode("png", SCREEN * DENSITY)
            png = dense if len(dense) <= BUDGET else png
        data = base64.b64encode(png).decode("ascii")
        width, height = (round(points * SCREEN / 72) for points in self.size)
        return data, {"width": width, "height": height}

    def html(self) -> str:
        """An `<img>` that contains the picture and its description, for your own pages.

        Notebooks get only the PNG: they would save both forms, and GitHub shows the PNG.
        """
        from html import escape

        data, size = self._repr_png_()
        return (
            f'<img src="data:image/png;base64,{data}" width="{size["width"]}" height="{size["height"]}"'
            f' style="max-width:100%;height:auto" alt="{escape(self.description or self.title)}">'
        )

    def behind(self, height: int, most: int) -> str:
        """The picture as an `<img>` of at most this height, to be visible if the frame that covers it is removed. Empty if it
        takes more than `most` characters."""
        from html import escape

        style = f"max-width:100%;max-height:{height}px"
        for density in (1, 0.75, 0.5):
            data = base64.b64encode(self._inner.encode("png", SCREEN * density)).decode("ascii")
            alt = escape(self.description or self.title)
            image = f'<img src="data:image/png;base64,{data}" style="{style}" alt="{alt}">'
            if len(image) <= most:
                return image
        return ""

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        data, size = self._repr_png_()
        bundle = {"image/png": data, "text/plain": repr(self)}
        if self.frame is not None:
            bundle["text/html"] = self.frame
        # The description is for users who cannot see the picture: front ends that support `alt` read it aloud.
        return bundle, {"image/png": {**size, "alt": self.description or self.title}}

    def __repr__(self) -> str:
        # At a terminal prompt of Python or IPython, the picture is the result.
        if hasattr(sys, "ps1") and "ipykernel" not in sys.modules and sys.stdout.isatty():
            return self._inner.printed().rstrip("\n")
        return self._short()

    def _short(self) -> str:
        width, height = self.size
        return f"<hinton.Picture {self.title!r}: {width:.0f} x {height:.0f} points>"


def shown(inner: _hinton.Picture) -> Picture:
    """The picture, with a warning for each setting that had no effect on it.

    Other notes are in the picture itself: a warning for every large matrix would be noise.
    """
    warn(note for note in inner.notes if "has no effect" in note)
    return Picture(inner)
