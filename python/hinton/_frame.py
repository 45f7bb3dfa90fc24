"""Self-contained pages inside notebooks, isolated from the notebook's own page."""

from __future__ import annotations

import base64
import zlib
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._picture import Picture

#: The largest page or film, in bytes, that a notebook stores. Larger ones are replaced by the picture.
BUDGET = 1 << 20
#: The size of the data, in bytes, with which a viewer's page stays below that limit.
FRAME = 850_000

#: Unpacks the embedded page and replaces itself with it. The page has its own policy, which forbids network access.
UNPACK = (
    "<!doctype html><meta charset=utf-8><script>(async()=>{{"
    "const b=Uint8Array.from(atob('{packed}'),c=>c.charCodeAt(0));"
    "const s=new Blob([b]).stream().pipeThrough(new DecompressionStream('deflate'));"
    "const t=await new Response(s).text();"
    "document.open();document.write(t);document.close()}})()</script>"
)


def framed(page: str, title: str, height: int, picture: Picture | None = None) -> str | None:
    """An `<iframe>` that contains the compressed page. It runs its own script and can reach nothing else. It covers the
    picture, which remains visible where frames are removed, as on GitHub. None if the page is too large for a
    notebook."""
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
