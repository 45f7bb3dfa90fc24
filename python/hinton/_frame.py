"""Pages inside notebooks: whole, without a kernel, and kept apart from the notebook's own page."""

from __future__ import annotations

import base64
import zlib
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._picture import Picture

#: Most bytes of a page or a film that a notebook keeps. More would make the saved file heavy; the picture stays.
BUDGET = 1 << 20
#: Bytes of data in a viewer's page that stays below it.
FRAME = 850_000

#: Unpacks the page that stands in it and becomes that page, which has a policy of its own: it asks the network for
#: nothing.
UNPACK = (
    "<!doctype html><meta charset=utf-8><script>(async()=>{{"
    "const b=Uint8Array.from(atob('{packed}'),c=>c.charCodeAt(0));"
    "const s=new Blob([b]).stream().pipeThrough(new DecompressionStream('deflate'));"
    "const t=await new Response(s).text();"
    "document.open();document.write(t);document.close()}})()</script>"
)


def framed(page: str, title: str, height: int, picture: Picture | None = None) -> str | None:
    """An `<iframe>` with the page inside, packed: it may run its own program and reaches nothing else. It lies over
    the picture, which stays where frames are taken away, as GitHub does. None where the page is larger than a notebook
    should keep."""
    packed = base64.b64encode(zlib.compress(page.encode("utf-8"), 9)).decode("ascii")
    if len(packed) > BUDGET:
        return None
    behind = "" if picture is None else picture.behind(height, BUDGET - len(packed) - len(UNPACK))
    held = escape(UNPACK.format(packed=packed), quote=True)
    return (
        f'<div style="position:relative;width:100%;min-height:{height}px;overflow:hidden;border-radius:6px">{behind}'
        f'<iframe srcdoc="{held}" sandbox="allow-scripts" title="{escape(title)}" loading="lazy"'
        f' style="position:absolute;left:0;top:0;width:100%;height:{height}px;border:0"></iframe></div>'
    )
