import { fromBits16 } from "../bits";
import { CROSSED_CELL, type Painter, type Piece, type Rgb } from "./painter";
import type { Kept, Tiles } from "./tiles";

/** Signs of 16 bits: from here on they are infinite, above that no number. */
const INFINITE = 0x7f80;

/** Draws with the processor, pixel by pixel what the shader of the card computes. */
export class PlainPainter implements Painter {
  private readonly context: CanvasRenderingContext2D;
  private image: ImageData | null = null;
  private pixels = new Uint32Array(0);
  /** Column of the tile at each pixel of a piece, and where in the cell it is: -0.5 to 0.5. */
  private columns = new Int32Array(0);
  private across = new Float64Array(0);

  constructor(private readonly canvas: HTMLCanvasElement) {
    // Only whole pictures are put there: nothing is gained by a card, and many pages have no card to give.
    this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
  }

  begin(): void {}

  holds(kept: Kept, tiles: Tiles): boolean {
    tiles.touch(kept);
    return kept.tile !== null;
  }

  hasRoomFor(): boolean {
    return true;
  }

  /** Frees the memory of the picture: a card draws from now on. */
  rest(): void {
    this.image = null;
    this.pixels = new Uint32Array(0);
    this.canvas.width = this.canvas.height = 1;
  }

  draw(pieces: Piece[], paper: Rgb, ground: Rgb): void {
    const { width, height } = this.canvas;
    if (this.image?.width !== width || this.image.height !== height) {
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.columns = new Int32Array(width);
      this.across = new Float64Array(width);
    }
    this.pixels.fill(word(paper));
    for (const piece of pieces) this.piece(piece, word(ground));
    this.context.putImageData(this.image, 0, 0);
  }

  private piece(piece: Piece, ground: number): void {
    const { width, height } = this.canvas;
    const tile = piece.kept.tile!;
    const { x0, x1, y0, y1 } = piece;
    // A pixel belongs to a piece if its middle does, as on a card.
    const [left, right] = [Math.max(Math.ceil(x0 - 0.5), 0), Math.min(Math.ceil(x1 - 0.5), width)];
    const [top, bottom] = [Math.max(Math.ceil(y0 - 0.5), 0), Math.min(Math.ceil(y1 - 0.5), height)];
    if (right <= left || bottom <= top) return;
    const [perPixelX, perPixelY] = [(piece.u1 - piece.u0) / (x1 - x0), (piece.v1 - piece.v0) / (y1 - y0)];
    const { columns, across } = this;
    for (let x = left; x < right; x++) {
      const cell = piece.u0 + (x + 0.5 - x0) * perPixelX;
      columns[x] = Math.min(Math.max(Math.floor(cell), 0), tile.cols - 1);
      across[x] = cell - columns[x]! - 0.5;
    }
    const isLarge = Math.min(1 / perPixelX, 1 / perPixelY) >= CROSSED_CELL;
    let before = -1;
    for (let y = top; y < bottom; y++) {
      const cell = piece.v0 + (y + 0.5 - y0) * perPixelY;
      const row = Math.min(Math.max(Math.floor(cell), 0), tile.rows - 1);
      const start = y * width;
      if (row === before) this.pixels.copyWithin(start + left, start - width + left, start - width + right);
      else this.colours(piece, row, start, left, right);
      before = row;
      if (!isLarge && !piece.hinton) continue;
      const down = cell - row - 0.5;
      this.shapes(piece, row, down, start, left, right, [1 / perPixelX, 1 / perPixelY], ground, isLarge);
      // What it drew is of this line alone.
      before = -1;
    }
  }

  /** A line of colours. */
  private colours({ kept, shades }: Piece, row: number, start: number, left: number, right: number): void {
    const { pixels, columns } = this;
    const [first, second] = kept.tile!.planes as [Uint16Array, Uint16Array | undefined];
    const from = row * kept.tile!.cols;
    const { one, two, table } = shades.words;
    if (!second || !two) {
      for (let x = left; x < right; x++) pixels[start + x] = one[first[from + columns[x]!]!]!;
      return;
    }
    const { balances } = shades;
    for (let x = left; x < right; x++) {
      const cell = from + columns[x]!;
      const bits = first[cell]!;
      pixels[start + x] = (bits & 0x7fff) >= INFINITE ? one[bits]! : table[two[bits * 2]! * balances + two[second[cell]! * 2 + 1]!]!;
    }
  }

  /** A line of squares, and of crosses over what is no finite number. */
  private shapes(
    { kept, shades, hinton }: Piece, row: number, down: number, start: number, left: number, right: number,
    [wide, high]: [number, number], ground: number, isLarge: boolean,
  ): void {
    const { pixels, columns, across } = this;
    const [first, second] = kept.tile!.planes as [Uint16Array, Uint16Array | undefined];
    const from = row * kept.tile!.cols;
    const slope = high / wide;
    const stroke = 0.5 * Math.sqrt(1 + slope * slope) * Math.min(Math.max(Math.min(wide, high) / 16, 1), 3);
    for (let x = left; x < right; x++) {
      const bits = first[from + columns[x]!]!;
      const magnitude = bits & 0x7fff;
      const [over, along] = [across[x]! * wide, down * high];
      if (magnitude >= INFINITE) {
        const away = Math.min(Math.abs(along - over * slope), Math.abs(along + over * slope));
        if (isLarge && away < stroke) pixels[start + x] = magnitude > INFINITE ? WHITE : BLACK;
      } else if (hinton) {
        // Area is magnitude; a value that is not zero is a pixel at least.
        const value = fromBits16(bits);
        const side = Math.sqrt(Math.min(Math.abs(value) / shades.peak, 1)) * Math.min(wide, high);
        const isInside = Math.max(Math.abs(over), Math.abs(along)) * 2 < Math.max(side, value === 0 ? 0 : 1);
        const balance = second ? fromBits16(second[from + columns[x]!]!) : value;
        pixels[start + x] = isInside ? (balance < 0 ? BLACK : WHITE) : ground;
      }
    }
  }
}

/** A colour as a pixel. */
function word([red, green, blue]: Rgb): number {
  return new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0]!;
}

const BLACK = word([0, 0, 0]);
const WHITE = word([255, 255, 255]);
