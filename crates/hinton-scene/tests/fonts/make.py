"""Makes the fonts of the tests: python make.py, with fonttools from PyPI.

Each letter is a box of its own width, so that tests can tell which glyph was set. The Arabic letter beh
has four forms, chosen by its neighbours. boxes.ttf has TrueType outlines, boxes.otf the same as CFF.
"""

from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen

WIDTHS = {
    ".notdef": 500, "fei": 1000, "ji": 950, "alef": 600, "bet": 550,
    "beh": 700, "beh.init": 300, "beh.medi": 320, "beh.fina": 680, "a": 520, "b": 540,
}
CHARS = {0x98DE: "fei", 0x673A: "ji", 0x5D0: "alef", 0x5D1: "bet", 0x628: "beh", 0x61: "a", 0x62: "b"}
FORMS = """
languagesystem DFLT dflt;
languagesystem arab dflt;
feature init { sub beh by beh.init; } init;
feature medi { sub beh by beh.medi; } medi;
feature fina { sub beh by beh.fina; } fina;
"""


def box(pen, width):
    pen.moveTo((50, 0))
    pen.lineTo((50, 600))
    pen.lineTo((width - 50, 600))
    pen.lineTo((width - 50, 0))
    pen.closePath()


def make(path, is_ttf):
    names = list(WIDTHS)
    builder = FontBuilder(1000, isTTF=is_ttf)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(CHARS)
    shapes = {}
    for name, width in WIDTHS.items():
        pen = TTGlyphPen(None) if is_ttf else T2CharStringPen(width, None)
        box(pen, width)
        shapes[name] = pen.glyph() if is_ttf else pen.getCharString()
    if is_ttf:
        builder.setupGlyf(shapes)
    else:
        builder.setupCFF("Boxes", {"FullName": "Boxes"}, shapes, {})
    builder.setupHorizontalMetrics({name: (width, 50) for name, width in WIDTHS.items()})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, sCapHeight=600)
    builder.setupPost(keepGlyphNames=False)
    addOpenTypeFeaturesFromString(builder.font, FORMS)
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    builder.save(path)


make("boxes.ttf", True)
make("boxes.otf", False)
