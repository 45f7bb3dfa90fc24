/** One rectangle a tile; what it gets is relative to the tile, so 32 bits suffice at any depth. */
export const VERTEX = `#version 300 es
precision highp float;
// Left, top, right, bottom in device pixels.
layout(location = 0) in vec4 rect;
// Columns and rows of the tile at the rectangle's corners.
layout(location = 1) in vec4 span;
// Place in the pool: x, y, layer; and the place of the colours.
layout(location = 2) in uvec4 slot;
// Rows, columns, planes; lowest bit: Hinton squares, the others: columns of the table of two planes.
layout(location = 3) in uvec4 kind;
// Device pixels of a cell across and down; magnitude that fills a cell.
layout(location = 4) in vec3 scale;
uniform vec2 size;
out vec2 cell;
flat out uvec4 place;
flat out uvec4 what;
flat out vec3 measure;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
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
