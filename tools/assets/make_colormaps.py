#!/usr/bin/env python3
"""Writes the colour maps of crates/hinton-chart.

    pip install matplotlib==3.11.2
    python tools/assets/make_colormaps.py && cargo fmt --check

* assets/colormaps.bin: RGB triples, one map after the other;
* src/colormap/table.rs: name, kind, start and length (in triples) of each;
* assets/LICENSE-colormaps.txt: where the maps come from, and their licences;
* tests/data/colormaps_matplotlib.tsv: for every name of matplotlib's, `_r`
  ones included, the colours that matplotlib gives at some indices.

matplotlib's maps are stored with as many entries as matplotlib gives them
(256; twilight and twilight_shifted 510; the qualitative ones 8 to 20).
An alias (grey for gray) is a row of its own with its twin's start.
"""

import importlib.metadata
import pathlib
import re
import subprocess

import matplotlib
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
CRATE = ROOT / "crates/hinton-chart"
INDICES = [0, 1, 64, 127, 128, 200, 255]

# matplotlib's order, as in "Choosing Colormaps" of its documentation.
KINDS = {
    "Perceptual": "viridis plasma inferno magma cividis",
    "Sequential": "Greys Purples Blues Greens Oranges Reds YlOrBr YlOrRd OrRd PuRd RdPu BuPu GnBu"
    " PuBu YlGnBu PuBuGn BuGn YlGn"
    " binary gist_yarg gist_gray gray bone pink spring summer autumn winter cool Wistia hot"
    " afmhot gist_heat copper",
    "Diverging": "PiYG PRGn BrBG PuOr RdGy RdBu RdYlBu RdYlGn Spectral coolwarm bwr seismic"
    " berlin managua vanimo",
    "Cyclic": "twilight twilight_shifted hsv",
    "Qualitative": "Pastel1 Pastel2 Paired Accent okabe_ito Dark2 Set1 Set2 Set3"
    " tab10 tab20 tab20b tab20c",
    "Miscellaneous": "flag prism ocean gist_earth terrain gist_stern gnuplot gnuplot2 CMRmap"
    " cubehelix brg gist_rainbow rainbow jet turbo nipy_spectral gist_ncar",
}
ALIASES = {"Greys": "Grays", "gist_yarg": "gist_yerg", "gist_gray": "gist_grey", "gray": "grey"}

# Our own: (entry, colour), interpolated in Oklab to 257 entries, so that the
# middle one, 128, is exactly the centre. The CIE lightness falls (rises) by
# equal steps from the centre to both ends, to 22 (79), alike on both sides;
# blue against orange stays apart for the common kinds of colour blindness.
OURS = {
    "hinton": [
        (0, "#09326f"), (32, "#1960bb"), (64, "#5196e7"), (96, "#a3ccf7"),
        (128, "#ffffff"),
        (160, "#f0bf8e"), (192, "#da7b24"), (224, "#a54401"), (256, "#621e01"),
    ],
    "hinton_dark": [
        (0, "#8ccafe"), (32, "#4192e3"), (64, "#155cb0"), (96, "#092e62"),
        (112, "#051a3c"), (120, "#041027"), (124, "#030915"), (127, "#010205"),
        (128, "#000000"),
        (129, "#050201"), (132, "#140503"), (136, "#220903"), (144, "#331105"),
        (160, "#52210c"), (192, "#974513"), (224, "#d4772a"), (256, "#fcb476"),
    ],
}

SOURCES = """\
The colour maps in colormaps.bin are those of matplotlib {version}, except for
the last two ({ours}), which were designed for this project and
carry its licence. They were written by tools/assets/make_colormaps.py.

* viridis, plasma, inferno, magma: Nathaniel J. Smith, Stefan van der Walt and
  (viridis) Eric Firing; CC0.
* cividis: Jamie R. Nunez, Christopher R. Anderton and Ryan S. Renslow, 2018,
  "Optimizing colormaps with consideration for color vision deficiency to
  enable accurate interpretation of scientific data".
* twilight: Bastian Bechtold, as merged into matplotlib.
* turbo: Anton Mikhailov, Google LLC; Apache License 2.0.
* berlin, managua, vanimo: Fabio Crameri, "Scientific colour maps"; MIT.
* the ColorBrewer schemes: Cynthia Brewer, Mark Harrower and The Pennsylvania
  State University; licence below.
* the gist_* maps: Yorick and Gist, David H. Munro; licence below.
* coolwarm: Kenneth Moreland, "Diverging Color Maps for Scientific
  Visualization".
* CMRmap: Carey Rappaport. cubehelix: D. A. Green. Wistia: Wistia; MIT.
* okabe_ito: Masataka Okabe and Kei Ito.
* tab10, tab20, tab20b, tab20c: Tableau, by way of Vega.
* all others: matplotlib, licence below.
"""


def lines_of_licence(text):
    """matplotlib's own terms, ColorBrewer's and Yorick's."""
    own = text[: text.index("License agreement for matplotlib versions prior to 1.3.0")]
    parts = [own]
    for start in ("Name: ColorBrewer Color Schemes", "Name: Yorick Colormaps"):
        part = text[text.index(start):]
        end = re.search(r"\n(?=Name: |----)", part)
        parts.append(part[: end.start()] if end else part)
    rule = "\n" + "-" * 76 + "\n\n"
    return rule + rule.join(p.strip() + "\n" for p in parts)


def linear(c):
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def encoded(c):
    c = np.clip(c, 0, 1)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)


LMS = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])
LAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])


def interpolated(anchors):
    """257 colours, through the anchors along straight lines in Oklab."""
    rgb = np.array([list(bytes.fromhex(c[1:])) for _, c in anchors])
    lab = np.cbrt(linear(rgb / 255) @ LMS.T) @ LAB.T
    at = [i for i, _ in anchors]
    lab = np.stack([np.interp(np.arange(257), at, lab[:, k]) for k in range(3)], axis=1)
    out = encoded((lab @ np.linalg.inv(LAB).T) ** 3 @ np.linalg.inv(LMS).T)
    out = np.round(out * 255).astype(np.uint8)
    assert (out[at] == rgb).all()
    light = linear(out / 255) @ [0.2126, 0.7152, 0.0722]
    step = np.sign(np.diff(light))
    assert (step[:128] == step[0]).all() and (step[128:] == -step[0]).all()
    return out


def colours(name, indices):
    return matplotlib.colormaps[name](indices, bytes=True)[..., :3]


def main():
    maps = matplotlib.colormaps
    base = {n for n in maps if not n.endswith("_r")}
    ours = {n for names in KINDS.values() for n in names.split()} | set(ALIASES.values())
    assert base == ours, base ^ ours

    data, theirs, own, reversed_rows = [], [], [], []
    start = 0

    def row(name, kind, at, count):
        return (
            f'    Row {{\n        name: "{name}",\n        kind: Kind::{kind},\n'
            f"        start: {at},\n        len: {count},\n    }},\n"
        )

    for kind, names in KINDS.items():
        for name in names.split():
            table = colours(name, np.arange(maps[name].N))
            data.append(table)
            theirs.append(row(name, kind, start, len(table)))
            if alias := ALIASES.get(name):
                assert (colours(alias, np.arange(maps[alias].N)) == table).all()
                theirs.append(row(alias, kind, start, len(table)))
            start += len(table)
    # matplotlib truncates to bytes after reversing, so some `_r` maps differ from the
    # reversed base by one level: those are stored as they are.
    for kind, names in KINDS.items():
        for name in names.split():
            entries = np.arange(maps[name].N)
            table = colours(name + "_r", entries)
            if (table == colours(name, entries)[::-1]).all():
                continue
            data.append(table)
            for name in [name] + [a for a in [ALIASES.get(name)] if a]:
                reversed_rows.append(row(name + "_r", kind, start, len(table)))
            start += len(table)
    for name, anchors in OURS.items():
        table = interpolated(anchors)
        data.append(table)
        own.append(row(name, "Diverging", start, len(table)))
        start += len(table)

    (CRATE / "assets").mkdir(parents=True, exist_ok=True)
    (CRATE / "src/colormap").mkdir(parents=True, exist_ok=True)
    (CRATE / "tests/data").mkdir(parents=True, exist_ok=True)
    blob = np.concatenate(data).astype(np.uint8).tobytes()
    (CRATE / "assets/colormaps.bin").write_bytes(blob)

    table = CRATE / "src/colormap/table.rs"
    table.write_text(
        "//! Generated by tools/assets/make_colormaps.py from matplotlib"
        f" {matplotlib.__version__}; do not edit.\n\n"
        "use super::{Kind, Row};\n\n"
        "/// matplotlib's colour maps, grouped by kind in matplotlib's order.\n"
        "pub(super) const MATPLOTLIB: &[Row] = &[\n" + "".join(theirs) + "];\n\n"
        "/// Those of matplotlib's `_r` maps that are not their base map reversed byte for byte.\n"
        "pub(super) const REVERSED: &[Row] = &[\n" + "".join(reversed_rows) + "];\n\n"
        "/// This project's own colour maps.\n"
        "pub(super) const OURS: &[Row] = &[\n" + "".join(own) + "];\n"
    )
    subprocess.run(["rustfmt", "--edition", "2024", str(table)], check=True)

    licence = importlib.metadata.distribution("matplotlib").read_text("LICENSE")
    (CRATE / "assets/LICENSE-colormaps.txt").write_text(
        SOURCES.format(version=matplotlib.__version__, ours=" and ".join(OURS))
        + lines_of_licence(licence)
    )

    lines = ["\t".join(["# name"] + [str(i) for i in INDICES])]
    for kind, names in KINDS.items():
        for name in names.split():
            for name in [name] + [a for a in [ALIASES.get(name)] if a]:
                for name in (name, name + "_r"):
                    # An index past the end of a short map gives its last colour.
                    hexes = ["#" + bytes(c).hex() for c in colours(name, np.array(INDICES))]
                    lines.append("\t".join([name] + hexes))
    assert len(lines) == 1 + len(maps), (len(lines), len(maps))
    (CRATE / "tests/data/colormaps_matplotlib.tsv").write_text("\n".join(lines) + "\n")
    print(len(theirs), "maps of matplotlib", len(own), "of ours", start, "colours", len(blob), "bytes")


if __name__ == "__main__":
    main()
