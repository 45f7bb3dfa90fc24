"""Makes a film that loops of the pictures that film_of_viewer.mjs leaves in a folder (needs Pillow).

    python3 tools/pack_film.py FOLDER docs/images/viewer.webp [WIDTH]
"""

import json
import sys
from pathlib import Path

from PIL import Image

folder, out = Path(sys.argv[1]), sys.argv[2]
width = int(sys.argv[3]) if len(sys.argv) > 3 else 720
frames = json.loads((folder / "frames.json").read_text())
pictures = []
for frame in frames:
    picture = Image.open(folder / frame["file"]).convert("RGB")
    height = round(picture.height * width / picture.width)
    pictures.append(picture.resize((width, height), Image.Resampling.LANCZOS))
durations = [frame["milliseconds"] for frame in frames]
pictures[0].save(out, save_all=True, append_images=pictures[1:], duration=durations, loop=0, quality=26, method=6)
print(f"{out}: {len(frames)} pictures, {Path(out).stat().st_size} bytes, {sum(durations) / 1000:.1f} s")
