#!/usr/bin/env python3
"""Writes the fonts in crates/hinton-scene/assets/fonts/.

    pip install fonttools==4.68.0 brotli
    python tools/assets/make_fonts.py [FOLDER]

FOLDER is the unpacked npm package inter-ui 4.1.1 (the folder that holds
web/Inter-Regular.woff2); without it, `npm pack` fetches the package.

What is done to each face of Inter 4:

* glyphs outside TEXT are left out, and so is the hinting;
* the figures are tabular by default: the digits and the signs in TABULAR are
  mapped to the glyphs of the feature 'tnum'. The hyphen is not: it is a
  letter-like sign in names ("row-major"), and its tabular form is as wide as
  a digit. Numbers take the minus sign, U+2212;
* U+2208 and U+FFFD, which Inter lacks, are drawn here;
* the pair kerning of GPOS is written as a legacy 'kern' table, for pairs of
  ASCII letters and punctuation; digits are never kerned;
* only the tables needed to draw text are kept.
"""

import hashlib
import io
import pathlib
import subprocess
import sys
import tempfile

from fontTools import subset
from fontTools.misc.transform import Transform
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.reverseContourPen import ReverseContourPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/hinton-scene/assets/fonts"
PACKAGE = "inter-ui@4.1.1"
FACES = {
    "Inter-Regular": "e06f6b1bc553aaea4e4668023ed0ab0a147129c3107f511bc7d03d361b0ae085",
    "Inter-SemiBold": "5cb7103e4e605989afebc03d989c79201e54b21b5183db33981f70db9178a301",
}

TEXT = (
    [chr(c) for c in range(0x20, 0x7F)]
    + [chr(c) for c in range(0xA0, 0x180)]
    + [chr(c) for c in range(0x384, 0x3CF)]
    + list("ϑϕϵ")
    + [chr(c) for c in range(0x400, 0x460)]
    + list("–—‘’‚“”„…•·‹›†‡‰′″")
    + list("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
    + list("←↑→↓↔↕")
    + list("−×÷±≈≠≤≥∞√∑∏∂∆∫‖∈")
    + list("■□▲△▼▽◆●○✓✗\ufffd")
)
TABULAR = "0123456789+.,:;−×÷±=<>≤≥≠≈"
TABLES = {"cmap", "glyf", "loca", "head", "hhea", "hmtx", "maxp", "name", "OS/2", "post", "kern"}
MIN_KERN = 10


def package(folder):
    """The folder of the unpacked package."""
    if folder:
        return pathlib.Path(folder)
    temp = tempfile.mkdtemp()
    subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=temp, check=True)
    (archive,) = pathlib.Path(temp).glob("*.tgz")
    subprocess.run(["tar", "xzf", archive.name], cwd=temp, check=True)
    return pathlib.Path(temp) / "package"


def feature_lookups(table, tag):
    """The lookups of a feature (the default language of latn), in order."""
    for script in table.ScriptList.ScriptRecord:
        if script.ScriptTag == "latn":
            system = script.Script.DefaultLangSys
    indices = set()
    for i in system.FeatureIndex:
        record = table.FeatureList.FeatureRecord[i]
        if record.FeatureTag == tag:
            indices.update(record.Feature.LookupListIndex)
    for i in sorted(indices):
        yield [getattr(s, "ExtSubTable", s) for s in table.LookupList.Lookup[i].SubTable]


def tabular_forms(font):
    """Default glyph -> tabular glyph."""
    forms = {}
    for subtables in feature_lookups(font["GSUB"].table, "tnum"):
        for s in subtables:
            forms.update(s.mapping)
    return forms


def advance(record):
    return (getattr(record, "XAdvance", 0) or 0) if record else 0


def pair_kerning(font, glyphs):
    """(left, right) -> units, for every pair of `glyphs`."""
    kerning = {}
    for subtables in feature_lookups(font["GPOS"].table, "kern"):
        for left in glyphs:
            found = set()
            for s in subtables:
                if type(s).__name__ != "PairPos" or left not in s.Coverage.glyphs:
                    continue
                if s.Format == 1:
                    records = s.PairSet[s.Coverage.glyphs.index(left)].PairValueRecord
                    values = {r.SecondGlyph: advance(r.Value1) for r in records}
                else:
                    row = s.Class1Record[s.ClassDef1.classDefs.get(left, 0)].Class2Record
                    classes = s.ClassDef2.classDefs
                    values = {g: advance(row[classes.get(g, 0)].Value1) for g in glyphs}
                # The first subtable that knows the pair decides.
                for right, value in values.items():
                    if right in glyphs and right not in found:
                        found.add(right)
                        kerning[left, right] = kerning.get((left, right), 0) + value
    return kerning


def write_kern(font, cmap, kerning):
    """`kerning` is between default glyphs; `cmap` is the map to be shipped."""
    ascii_ = [chr(c) for c in range(0x21, 0x7F) if not chr(c).isdigit()]
    default = font.getBestCmap()
    width = font["hmtx"].metrics
    pairs = {}
    for left in ascii_:
        for right in ascii_:
            value = kerning.get((default[ord(left)], default[ord(right)]), 0)
            if abs(value) < MIN_KERN:
                continue
            # A tabular sign has other side bearings than the one kerned.
            for c in (left, right):
                value += (width[default[ord(c)]][0] - width[cmap[ord(c)]][0]) / 2
            if abs(value) >= MIN_KERN:
                pairs[cmap[ord(left)], cmap[ord(right)]] = round(value)
    table = KernTable_format_0()
    table.apple = False
    table.version = 0
    table.coverage = 1
    table.kernTable = pairs
    table.tupleIndex = None
    kern = font["kern"] = newTable("kern")
    kern.version = 0
    kern.kernTables = [table]


def add_glyph(font, name, code, glyph, width):
    font.setGlyphOrder(font.getGlyphOrder() + [name])
    font["glyf"].glyphs[name] = glyph
    font["glyf"].glyphOrder = font.getGlyphOrder()
    glyph.recalcBounds(font["glyf"])
    font["hmtx"].metrics[name] = (width, glyph.xMin)
    font["maxp"].numGlyphs += 1
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[code] = name


def add_element_of(font):
    """U+2208, as wide and as thick as the equals sign."""
    cmap, glyf = font.getBestCmap(), font["glyf"]
    equals = glyf[cmap[ord("=")]]
    plus = glyf[cmap[ord("+")]]
    ys = sorted({y for _, y in equals.getCoordinates(glyf)[0]})
    thick = ys[1] - ys[0]
    x0, x1 = equals.xMin, equals.xMax
    mid = (plus.yMin + plus.yMax) / 2
    outer = (plus.yMax - plus.yMin) / 2
    inner = outer - thick
    k = 0.5522847498
    cx = x0 + outer

    result = TTGlyphPen(None)
    pen = Cu2QuPen(result, 1.0, reverse_direction=True)
    pen.moveTo((x1, mid - outer))
    pen.lineTo((x1, mid - inner))
    pen.lineTo((cx, mid - inner))
    pen.curveTo(
        (cx - k * inner, mid - inner), (cx - inner, mid - k * inner), (cx - inner, mid - thick / 2)
    )
    pen.lineTo((x1, mid - thick / 2))
    pen.lineTo((x1, mid + thick / 2))
    pen.lineTo((cx - inner, mid + thick / 2))
    pen.curveTo(
        (cx - inner, mid + k * inner), (cx - k * inner, mid + inner), (cx, mid + inner)
    )
    pen.lineTo((x1, mid + inner))
    pen.lineTo((x1, mid + outer))
    pen.lineTo((cx, mid + outer))
    pen.curveTo((cx - k * outer, mid + outer), (x0, mid + k * outer), (x0, mid))
    pen.curveTo((x0, mid - k * outer), (cx - k * outer, mid - outer), (cx, mid - outer))
    pen.closePath()
    add_glyph(font, "element", 0x2208, result.glyph(), font["hmtx"][cmap[ord("=")]][0])


def add_replacement(font):
    """U+FFFD: a diamond with a question mark cut out."""
    cmap, glyphs = font.getBestCmap(), font.getGlyphSet()
    question = font["glyf"][cmap[ord("?")]]
    half, mid, margin = 900, 745, 60
    scale = 0.62
    cx = margin + half
    result = TTGlyphPen(None)
    for i, point in enumerate([(0, half), (half, 0), (0, -half), (-half, 0)]):
        point = (cx + point[0], mid + point[1])
        result.lineTo(point) if i else result.moveTo(point)
    result.closePath()
    shift = Transform(
        scale, 0, 0, scale,
        cx - scale * (question.xMin + question.xMax) / 2,
        mid - scale * (question.yMin + question.yMax) / 2,
    )
    glyphs[cmap[ord("?")]].draw(TransformPen(ReverseContourPen(result), shift))
    add_glyph(font, "replacement", 0xFFFD, result.glyph(), 2 * (half + margin))


def make(source, target):
    font = TTFont(io.BytesIO(source), recalcTimestamp=False)
    font.flavor = None
    add_element_of(font)
    add_replacement(font)
    default = font.getBestCmap()
    absent = [c for c in TEXT if ord(c) not in default and c.isprintable()]
    if absent:
        print(target.name, "lacks", " ".join(f"U+{ord(c):04X}" for c in absent))

    letters = [default[c] for c in range(0x21, 0x7F)]
    kerning = pair_kerning(font, letters)
    forms = tabular_forms(font)
    cmap = dict(default)
    for c in TABULAR:
        cmap[ord(c)] = forms[default[ord(c)]]
    write_kern(font, cmap, kerning)
    for table in font["cmap"].tables:
        if table.isUnicode():
            for c in TABULAR:
                table.cmap[ord(c)] = cmap[ord(c)]

    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.legacy_kern = True
    options.glyph_names = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]
    options.name_languages = [0x409]
    options.drop_tables = [t for t in font.keys() if t not in TABLES and t != "GlyphOrder"]
    options.recalc_timestamp = False
    options.canonical_order = True
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(c) for c in TEXT])
    subsetter.subset(font)
    font.save(target)

    font = TTFont(target)
    assert set(font.keys()) - {"GlyphOrder"} == TABLES, font.keys()
    cmap = font.getBestCmap()
    digits = {font["hmtx"][cmap[ord(c)]][0] for c in "0123456789+−×"}
    assert len(digits) == 1, digits
    os2 = font["OS/2"]
    print(
        target.name, target.stat().st_size, "bytes;", len(cmap), "characters;",
        font["maxp"].numGlyphs, "glyphs;", len(font["kern"].kernTables[0].kernTable), "kerned pairs;",
        "units", font["head"].unitsPerEm, "ascender", font["hhea"].ascent,
        "descender", font["hhea"].descent, "gap", font["hhea"].lineGap,
        "cap height", os2.sCapHeight, "x height", os2.sxHeight, "digit", digits.pop(),
    )


def main():
    folder = package(sys.argv[1] if len(sys.argv) > 1 else None)
    OUT.mkdir(parents=True, exist_ok=True)
    for name, digest in FACES.items():
        source = (folder / "web" / f"{name}.woff2").read_bytes()
        assert hashlib.sha256(source).hexdigest() == digest, f"{name} is not the face of {PACKAGE}"
        make(source, OUT / f"{name}.ttf")
    licence = (folder / "LICENSE.txt").read_text(encoding="utf-8")
    (OUT / "LICENSE-Inter.txt").write_text(licence.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
