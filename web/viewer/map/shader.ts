/** Texels of four numbers that a rectangle takes, and rectangles in a row of the texture that holds them. */
export const TEXELS = 5;
export const PER_ROW = 200;

/**
 * Two triangles a rectangle, whose numbers are read from a texture: a software rasteriser draws each instance as a call of
 * its own, and a first map may have twenty thousand. What it gets is relative to the tile, so 32 bits suffice at any depth.
 */
export const VERTEX = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D pieces;
uniform vec2 size;
out vec2 cell;
flat out uvec4 place;
flat out uvec4 what;
flat out vec3 measure;
uvec4 texel(int piece, int index) {
  return texelFetch(pieces, ivec2(piece % ${PER_ROW} * ${TEXELS} + index, piece / ${PER_ROW}), 0);
}

void main() {
  int piece = gl_VertexID / 6;
  // 0 1 2, 2 1 3: the corners of two triangles.
  int vertex = gl_VertexID % 6;
  int at = vertex < 3 ? vertex : vertex == 3 ? 2 : vertex == 4 ? 1 : 3;
  vec2 corner = vec2(at & 1, at >> 1);
  // Left, top, right, bottom in device pixels.
  vec4 rect = uintBitsToFloat(texel(piece, 0));
  // Columns and rows of the tile at the rectangle's corners.
  vec4 span = uintBitsToFloat(texel(piece, 1));
  // Place in the pool: x, y, layer; and the place of the colours.
  uvec4 slot = texel(piece, 2);
  // Rows, columns, planes; lowest bit: Hinton squares, the others: columns of the table of two planes.
  uvec4 kind = texel(piece, 3);
  // Device pixels of a cell across and down; magnitude that fills a cell.
  vec3 scale = uintBitsToFloat(texel(piece, 4)).xyz;
  vec2 pixel = mix(rect.xy, rect.zw, corner);
  cell = mix(span.xy, span.zw, corner);
  place = slot;
  what = kind;
  measure = scale;
  gl_Position = vec4(pixel / size * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
}`;

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2DArray;
precision highp sampler2DArray;
uniform usampler2DArray tiles;
// Colour of each 16-bit pattern, 256 x 256, for one plane.
uniform sampler2DArray one;
// Strength and balance of each pattern, for two planes; and the colours of both together.
uniform usampler2DArray two;
uniform sampler2DArray both;
uniform vec3 ground;
in vec2 cell;
flat in uvec4 place;
flat in uvec4 what;
flat in vec3 measure;
out vec4 colour;

ivec3 pattern(uint bits) {
  return ivec3(int(bits & 255u), int(bits >> 8u), int(place.w));
}

void main() {
  ivec2 last = ivec2(what.y, what.x) - 1;
  ivec2 at = clamp(ivec2(floor(cell)), ivec2(0), last);
  uvec4 bits = texelFetch(tiles, ivec3(ivec2(place.xy) + at, int(place.z)), 0);
  // By the bits: a driver may take "is not a number" of floats for never true.
  bool finite = (bits.x & 0x7fffu) < 0x7f80u;
  bool missing = (bits.x & 0x7fffu) > 0x7f80u;
  vec2 inside = (cell - vec2(at)) - 0.5;
  if ((what.w & 1u) == 1u && finite) {
    // Area is magnitude.
    float value = uintBitsToFloat(bits.x << 16u);
    float balance = what.z == 2u ? uintBitsToFloat(bits.y << 16u) : sign(value);
    float side = sqrt(min(abs(value) / measure.z, 1.0)) * min(measure.x, measure.y);
    vec2 pixels = abs(inside) * measure.xy;
    bool square = max(pixels.x, pixels.y) * 2.0 < max(side, value == 0.0 ? 0.0 : 1.0);
    colour = vec4(square ? vec3(balance < 0.0 ? 0.0 : 1.0) : ground, 1.0);
  } else if (what.z == 2u && finite) {
    uint strength = texelFetch(two, pattern(bits.x), 0).x;
    uint balance = texelFetch(two, pattern(bits.y), 0).y;
    uint index = strength * (what.w >> 1u) + balance;
    colour = texelFetch(both, ivec3(int(index & 1023u), int(index >> 10u), int(place.w)), 0);
  } else {
    colour = texelFetch(one, pattern(bits.x), 0);
  }
  if (!finite && min(measure.x, measure.y) >= 6.0) {
    // A cross over what is no finite number: seen without colours, too.
    vec2 pixels = inside * measure.xy;
    float slope = measure.y / measure.x;
    float away = min(abs(pixels.y - pixels.x * slope), abs(pixels.y + pixels.x * slope));
    float width = 0.5 * sqrt(1.0 + slope * slope) * clamp(min(measure.x, measure.y) / 16.0, 1.0, 3.0);
    if (away < width) colour = vec4(missing ? vec3(1.0) : vec3(0.0), 1.0);
  }
  colour.a = 1.0;
}`;
