"""A picture that shows itself."""

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

#: Pixels in a notebook for each of its own: sharp on dense screens.
DENSITY = 2
#: Pixels to the inch that notebooks and browsers reckon with.
SCREEN = 96


class Picture:
    """A picture of tensors, resolved to the last number.

    A notebook shows it; what it shows is in the saved file and needs no kernel. In a terminal, `.show()` or
    the prompt prints it.
    """

    __slots__ = ("_inner", "frame")

    def __init__(self, inner: _hinton.Picture) -> None:
        self._inner = inner
        #: The page that a notebook shows in the picture's place; None without `interactive`.
        self.frame: str | None = None

    @property
    def notes(self) -> list[str]:
        """What was reduced, chosen or assumed, and settings without effect; those are warned of too."""
        return self._inner.notes

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in points, 1/72 inch."""
        return self._inner.size

    @property
    def title(self) -> str:
        """Its title, or what was drawn."""
        return self._inner.description[0]

    @property
    def description(self) -> str:
        """What it shows, in words."""
        return self._inner.description[1]

    def save(self, path: str | os.PathLike[str], *, dpi: float | None = None) -> None:
        """Writes a file; its extension chooses PNG, SVG, PDF or text. `dpi`, pixels to the inch, is for pixels only.

        Raises:
            ValueError: nothing writes files with that extension, or there would be too many pixels.
            OSError: the file cannot be written; what was there before is unharmed.
        """
        self._inner.save(path_of(path), dpi)

    def encode(self, output: str, *, dpi: float | None = None) -> bytes:
        """The bytes of an output by name: `"png"`, `"svg"`, `"pdf"`. `dpi`, pixels to the inch, is for pixels only.

        Raises:
            ValueError: there is no output of that name, or there would be too many pixels.
        """
        return self._inner.encode(output, dpi)

    def to_numpy(self, *, dpi: float | None = None) -> numpy.ndarray[Any, Any]:
        """Its pixels: height x width x 4 bytes of red, green, blue and opacity (255 covers); `dpi` are pixels to the inch.

        Raises:
            ValueError: there would be too many pixels.
        """
        import numpy

        width, height, pixels = self._inner.pixels(dpi)
        return numpy.frombuffer(pixels, numpy.uint8).reshape(height, width, 4)

    def to_pil(self, *, dpi: float | None = None) -> Any:
        """Its pixels as an image of Pillow.

        Raises:
            ModuleNotFoundError: Pillow is not installed.
            ValueError: there would be too many pixels.
        """
        return needed("PIL.Image", "pillow").fromarray(self.to_numpy(dpi=dpi), "RGBA")

    def text(self, *, columns: int | None = None, rows: int | None = None, colors: int = 1 << 24) -> str:
        """The picture in characters, in 24-bit colours, in 256, or with `colors=0` in letters alone; at most so many
        columns and rows, by default those of the terminal.

        Raises:
            ValueError: a number is below 1.
        """
        terminal = shutil.get_terminal_size()
        wide = whole("columns", columns or terminal.columns, least=1)
        high = whole("rows", rows or max(terminal.lines - 2, 8), least=1)
        return self._inner.text(wide, high, whole("colors", colors))

    def show(self) -> None:
        """Prints it in a terminal as the command does: as a picture where the terminal shows such, else in as many colours
        as it has; in letters where standard output is no terminal."""
        print(self._inner.printed() if sys.stdout.isatty() else self.text(colors=0))

    def _repr_png_(self) -> tuple[str, dict[str, Any]]:
        # A saved notebook is to stay small: what would be too large has as many pixels as a plain screen. Four times the
        # pixels take more than twice the bytes, so that most such pictures are known by the quick one.
        png = self._inner.encode("png", SCREEN)
        if len(png) * 2 <= BUDGET:
            dense = self._inner.encode("png", SCREEN * DENSITY)
            png = dense if len(dense) <= BUDGET else png
        data = base64.b64encode(png).decode("ascii")
        width, height = (round(points * SCREEN / 72) for points in self.size)
        return data, {"width": width, "height": height}

    def html(self) -> str:
        """An `<img>` with the picture inside, and what it shows in words, for pages of one's own.

        Notebooks get the PNG alone: of two forms they would save both, and GitHub shows the PNG.
        """
        from html import escape

        data, size = self._repr_png_()
        return (
            f'<img src="data:image/png;base64,{data}" width="{size["width"]}" height="{size["height"]}"'
            f' style="max-width:100%;height:auto" alt="{escape(self.description or self.title)}">'
        )

    def behind(self, height: int, most: int) -> str:
        """The picture as an `<img>` of at most that height, for where a frame over it is taken away; nothing where
        it takes more than `most` characters."""
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
        # The words are for those who cannot see it: front ends that know `alt` read them out.
        return bundle, {"image/png": {**size, "alt": self.description or self.title}}

    def __repr__(self) -> str:
        # At a prompt in a terminal, Python's or IPython's, the picture is the answer.
        if hasattr(sys, "ps1") and "ipykernel" not in sys.modules and sys.stdout.isatty():
            return self._inner.printed().rstrip("\n")
        return self._short()

    def _short(self) -> str:
        width, height = self.size
        return f"<hinton.Picture {self.title!r}: {width:.0f} x {height:.0f} points>"


def shown(inner: _hinton.Picture) -> Picture:
    """The picture, and a warning of each setting that had no effect on it.

    Other notes are on the picture itself: a warning for every large matrix would be noise.
    """
    warn(note for note in inner.notes if "has no effect" in note)
    return Picture(inner)
