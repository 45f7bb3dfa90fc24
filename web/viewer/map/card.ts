import type { Painter, Piece, Rgb } from "./painter";
import { Pool } from "./pool";
import { FRAGMENT, PER_ROW, TEXELS, VERTEX } from "./shader";
import type { Shades } from "./shades";
import { SIDE } from "./plan";
import type { Kept, Tiles } from "./tiles";

/** Numbers of a piece: 11 floats and 8 integers, and one of nothing. */
const WORDS = TEXELS * 4;
/** Of a table of colours on the card: `index & 1023` and `index >> 10`. */
const TABLE = { width: 1024, height: 64 };
/** How many colours of tensors of their own there is room for. */
const MOST_SHADES = 128;

/** What there is on the graphics card; all of it is made anew when the card loses it. */
export class CardPainter implements Painter {
  private readonly pool: Pool;
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly uniforms: Record<string, WebGLUniformLocation | null>;
  /** The numbers of all pieces, and how many rows of them there is room for. */
  private pieces: WebGLTexture | null = null;
  private pieceRows = 0;
  private words = new ArrayBuffer(WORDS * 4 * 1024);
  private shadeRoom = 0;
  private shadeTextures: WebGLTexture[] = [];
  private shadePlaces = new Map<Shades, number>();

  constructor(gl: WebGL2RenderingContext) {
    this.gl = gl;
    this.program = link(gl);
    this.uniforms = Object.fromEntries(
      ["size", "tiles", "one", "two", "both", "ground", "pieces"].map((name) => [name, gl.getUniformLocation(this.program, name)]),
    );
    // A telephone has less memory than a workstation, and a smaller screen to fill.
    this.pool = new Pool(gl, Math.min(screen.width, screen.height) < 600 ? 6 : 16);
    // Vertices have no attributes: their number says which they are.
    gl.bindVertexArray(gl.createVertexArray());
  }

  begin(): void {
    this.pool.tick();
  }

  holds(kept: Kept, tiles: Tiles): boolean {
    return tiles.slotOf(kept, this.pool) !== null;
  }

  /** The place of these colours on the card. */
  private placeOf(shades: Shades): number {
    const known = this.shadePlaces.get(shades);
    if (known !== undefined) {
      // The one used last is the last to be thrown out.
      this.shadePlaces.delete(shades);
      this.shadePlaces.set(shades, known);
      return known;
    }
    if (this.shadePlaces.size >= this.shadeRoom && this.shadeRoom < MOST_SHADES) this.growShades();
    let place = this.shadePlaces.size;
    if (place >= this.shadeRoom) {
      const [oldest, freed] = this.shadePlaces.entries().next().value!;
      this.shadePlaces.delete(oldest);
      place = freed;
    }
    this.shadePlaces.set(shades, place);
    this.uploadShades(shades, place);
    return place;
  }

  hasRoomFor(shades: number): boolean {
    return shades <= MOST_SHADES;
  }

  draw(pieces: Piece[], paper: Rgb, ground: Rgb): void {
    const { gl } = this;
    const { drawingBufferWidth: width, drawingBufferHeight: height } = gl;
    gl.viewport(0, 0, width, height);
    gl.clearColor(paper[0] / 255, paper[1] / 255, paper[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (pieces.length === 0) return;
    // A call for each array texture: a sampler cannot be chosen by instance.
    pieces.sort((one, other) => arrayOf(one) - arrayOf(other));
    this.fill(pieces);
    this.pool.flush();
    gl.useProgram(this.program);
    gl.uniform2f(this.uniforms.size!, width, height);
    gl.uniform3f(this.uniforms.ground!, ground[0] / 255, ground[1] / 255, ground[2] / 255);
    gl.uniform1i(this.uniforms.tiles!, 0);
    for (const [unit, name] of ["one", "two", "both"].entries()) {
      gl.activeTexture(gl.TEXTURE1 + unit);
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.shadeTextures[unit]!);
      gl.uniform1i(this.uniforms[name]!, 1 + unit);
    }
    gl.activeTexture(gl.TEXTURE4);
    gl.bindTexture(gl.TEXTURE_2D, this.pieces);
    gl.uniform1i(this.uniforms.pieces!, 4);
    gl.activeTexture(gl.TEXTURE0);
    for (let start = 0; start < pieces.length; ) {
      const array = arrayOf(pieces[start]!);
      let end = start + 1;
      while (end < pieces.length && arrayOf(pieces[end]!) === array) end += 1;
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.pool.textures[array]!);
      gl.drawArrays(gl.TRIANGLES, start * 6, (end - start) * 6);
      start = end;
    }
  }

  private fill(pieces: Piece[]): void {
    const { gl } = this;
    const rows = Math.ceil(pieces.length / PER_ROW);
    const needed = rows * PER_ROW * WORDS * 4;
    if (this.words.byteLength < needed) this.words = new ArrayBuffer(needed * 2);
    const [floats, integers] = [new Float32Array(this.words), new Uint32Array(this.words)];
    let at = 0;
    // Neighbours mostly have the same colours.
    let [last, place]: [Shades | null, number] = [null, 0];
    for (const piece of pieces) {
      const { slot, tile } = piece.kept;
      const { shades } = piece;
      if (shades !== last) place = this.placeOf((last = shades));
      floats[at] = piece.x0;
      floats[at + 1] = piece.y0;
      floats[at + 2] = piece.x1;
      floats[at + 3] = piece.y1;
      floats[at + 4] = piece.u0;
      floats[at + 5] = piece.v0;
      floats[at + 6] = piece.u1;
      floats[at + 7] = piece.v1;
      integers[at + 8] = slot!.x;
      integers[at + 9] = slot!.y;
      integers[at + 10] = slot!.layer;
      integers[at + 11] = place;
      integers[at + 12] = tile!.rows;
      integers[at + 13] = tile!.cols;
      integers[at + 14] = tile!.planes.length;
      integers[at + 15] = (piece.hinton ? 1 : 0) | (shades.balances << 1);
      floats[at + 16] = (piece.x1 - piece.x0) / (piece.u1 - piece.u0);
      floats[at + 17] = (piece.y1 - piece.y0) / (piece.v1 - piece.v0);
      floats[at + 18] = shades.peak;
      at += WORDS;
    }
    if (rows > this.pieceRows) this.growPieces(rows);
    gl.activeTexture(gl.TEXTURE4);
    gl.bindTexture(gl.TEXTURE_2D, this.pieces);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, PER_ROW * TEXELS, rows, gl.RGBA_INTEGER, gl.UNSIGNED_INT, integers, 0);
  }

  private growPieces(rows: number): void {
    const { gl } = this;
    gl.deleteTexture(this.pieces);
    this.pieceRows = 2 ** Math.ceil(Math.log2(rows));
    this.pieces = gl.createTexture()!;
    gl.activeTexture(gl.TEXTURE4);
    gl.bindTexture(gl.TEXTURE_2D, this.pieces);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32UI, PER_ROW * TEXELS, this.pieceRows);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  /** One set of colours is enough for a map that shares them. */
  private growShades(): void {
    const { gl } = this;
    for (const texture of this.shadeTextures) gl.deleteTexture(texture);
    this.shadeRoom = this.shadeRoom === 0 ? 2 : this.shadeRoom < 16 ? 16 : MOST_SHADES;
    const make = (format: number, width: number, height: number) => {
      const texture = gl.createTexture()!;
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
      gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, format, width, height, this.shadeRoom);
      gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      return texture;
    };
    this.shadeTextures = [
      make(gl.RGBA8, SIDE, SIDE),
      make(gl.RG16UI, SIDE, SIDE),
      make(gl.RGBA8, TABLE.width, TABLE.height),
    ];
    // Each stays in its place: pieces of this frame name it already.
    for (const [shades, place] of this.shadePlaces) this.uploadShades(shades, place);
  }

  private uploadShades(shades: Shades, place: number): void {
    const { gl } = this;
    const put = (unit: number, width: number, height: number, format: number, type: number, data: ArrayBufferView) => {
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.shadeTextures[unit]!);
      gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, place, width, height, 1, format, type, data);
    };
    put(0, SIDE, SIDE, gl.RGBA, gl.UNSIGNED_BYTE, shades.one);
    if (!shades.two) return;
    put(1, SIDE, SIDE, gl.RG_INTEGER, gl.UNSIGNED_SHORT, shades.two);
    const rows = Math.ceil(shades.table.length / 4 / TABLE.width);
    const table = new Uint8Array(rows * TABLE.width * 4);
    table.set(shades.table);
    put(2, TABLE.width, rows, gl.RGBA, gl.UNSIGNED_BYTE, table);
  }
}

/** Which texture of the pool a piece is in. */
function arrayOf(piece: Piece): number {
  return piece.kept.slot!.array;
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()!;
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const shaders = gl.getAttachedShaders(program) ?? [];
    const said = shaders.map((shader) => gl.getShaderInfoLog(shader)).join("\n");
    throw new Error(`the shader cannot be used: ${said} ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
