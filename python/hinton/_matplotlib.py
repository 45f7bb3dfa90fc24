"""Pictures in axes of matplotlib, and hinton's colour maps for matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._draw import draw
from ._errors import kind_of, needed, refused
from ._tables import colormaps

if TYPE_CHECKING:
    from typing import Unpack

    from ._keywords import Drawing
    from ._picture import Picture


def on(ax: Any, what: Any, *tensors: str, **settings: Unpack[Drawing]) -> Picture:
    """Draws into axes of matplotlib, at their current size: `hinton.on(ax, W, chart="heatmap")`.

    The picture has its own labels and legend; those of the axes are switched off. Its resolution is twice that of the
    figure. Returns the picture, so that it can also be saved by itself.

    Args:
        ax: Axes of matplotlib in their final position: the picture gets the size they have now.
        what: What to draw. Like `tensors` and the settings, as for `hinton.draw`.

    Raises:
        The exceptions of `hinton.draw`.
    """
    if not hasattr(ax, "get_figure"):
        cure = "`figure, ax = matplotlib.pyplot.subplots()` makes some"
        raise refused(TypeError, f"{kind_of(ax)} is not axes of matplotlib", cure)
    bbox_image = needed("matplotlib.image", "matplotlib").BboxImage
    figure = ax.get_figure(root=True)
    extent = ax.get_window_extent()
    width, height = extent.width / figure.dpi, extent.height / figure.dpi
    settings.setdefault("size", f"{width:.4f}x{height:.4f}in")
    picture = draw(what, *tensors, **settings)
    # Twice the resolution of the figure, so that it stays sharp if the figure is saved larger.
    image = bbox_image(ax.bbox, interpolation="antialiased")
    image.set_data(picture.to_numpy(dpi=2 * figure.dpi))
    ax.set_axis_off()
    ax.add_artist(image)
    return picture


def register() -> list[str]:
    """Registers hinton's colour maps in matplotlib as `hinton.NAME`, and returns these names.

    >>> hinton.register(); plt.imshow(W, cmap="hinton.viridis")        # doctest: +SKIP

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    known = needed("matplotlib", "matplotlib").colormaps
    listed = needed("matplotlib.colors", "matplotlib").ListedColormap
    names = []
    for name, colors in colormaps().items():
        full = f"hinton.{name}"
        parts = [tuple(part / 255 for part in color) for color in colors]
        known.register(listed(parts, name=full), name=full, force=True)
        names.append(full)
    return names
