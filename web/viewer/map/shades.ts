import type { Colours } from "../engine";
import { INF16, NEGATIVE_INF16, fromBits16, fromBits32 } from "../bits";

/** Number of patterns of 16 bits. */
const PATTERNS = 65_536;

/** All finite values of 16 bits and both zeros, ascending; made once. The first half is below zero. */
const ASCENDING = ascending();

function ascending(): Float32Array {
  const found = new Float32Array(2 * INF16);
  for (let bits = 0; bits < INF16; bits++) {
    found[INF16 + bits] = fromBits16(bits);
    found[INF16 - 1 - bits] = -found[INF16 + bits]!;
  }
  return found;
}

/** Writes a value for the patterns from one place among the ascending values to another. */
function fill(found: Uint16Array | Uint32Array, value: number, from: number, to: number) {
  // Patterns of negative values fall where values rise.
  if (from < INF16) found.fill(value, NEGATIVE_INF16 - Math.min(to, INF16), NEGATIVE_INF16 - from);
  if (to > INF16) found.fill(value, Math.max(from, INF16) - INF16, to - INF16);
}

/** The first place among the ascending values that is not below a threshold. */
function placeOf(threshold: number): number {
  let [low, high] = [0, ASCENDING.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ASCENDING[middle]! < threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The colour of every pattern of 16 bits, made from the engine's thresholds and table: a look-up
 * is the same on every graphics card, so a tile has the very colours of `hinton draw`.
 */
export class Shades {
  /** Of one plane: red, green, blue, 255 of each pattern. */
  readonly one: Uint8Array<ArrayBuffer>;
  /** Of two planes: strength and balance of each pattern as numbers into `table`. */
  readonly two: Uint16Array<ArrayBuffer> | null;
  /** Red, green, blue, 255, row-major strength x balance. */
  readonly table: Uint8Array<ArrayBuffer>;
  /** Columns of `table`. */
  readonly balances: number;
  /** The largest magnitude that has its own colour. */
  readonly peak: number;
  /** The same tables, a pixel a word. */
  readonly words: { one: Uint32Array; two: Uint16Array | null; table: Uint32Array };

  constructor(readonly colours: Colours) {
    const { one, two } = colours;
    this.one = new Uint8Array(PATTERNS * 4);
    const table = colourBytes(one.table);
    // Four bytes at a time.
    const [all, entries] = [new Uint32Array(this.one.buffer), new Uint32Array(table.buffer)];
    forEachSpan(one.thresholds, (index, from, to) => fill(all, entries[index]!, from, to));
    const word = (colour: string) => new Uint32Array(colourBytes(colour).buffer)[0]!;
    const nan = word(colours.nan);
    all.fill(nan, INF16 + 1, 0x8000);
    all.fill(nan, NEGATIVE_INF16 + 1);
    all[INF16] = word(colours.posInf);
    all[NEGATIVE_INF16] = word(colours.negInf);
    this.two = two && new Uint16Array(PATTERNS * 2);
    this.table = two ? colourBytes(two.table) : new Uint8Array(4);
    this.balances = two ? two.balance.length + 1 : 1;
    if (two && this.two) {
      const [strength, balance] = [indexAll(two.strength), indexAll(two.balance)];
      for (let bits = 0; bits < PATTERNS; bits++) {
        this.two[bits * 2] = strength[bits]!;
        this.two[bits * 2 + 1] = balance[bits]!;
      }
    }
    const finite = [Math.abs(colours.low), Math.abs(colours.high)].filter(Number.isFinite);
    this.peak = Math.max(...finite, 1e-38);
    this.words = { one: all, two: this.two, table: new Uint32Array(this.table.buffer) };
  }

  /** Red, green and blue of a cell: what the shader computes, for words drawn over it. */
  at(first: number, second: number | null): [number, number, number] {
    const from = second === null || !this.two || (first & 0x7fff) >= INF16 ? this.one : this.table;
    const index = from === this.one ? first : this.two![first * 2]! * this.balances + this.two![second! * 2 + 1]!;
    return [from[index * 4]!, from[index * 4 + 1]!, from[index * 4 + 2]!];
  }
}

/** Of each number of thresholds the places of the ascending values that so many are not above. */
function forEachSpan(thresholds: number[], span: (index: number, from: number, to: number) => void) {
  let from = 0;
  for (const [index, threshold] of thresholds.entries()) {
    const to = placeOf(fromBits32(threshold));
    if (to > from) span(index, from, to);
    from = Math.max(from, to);
  }
  span(thresholds.length, from, ASCENDING.length);
}

/** How many thresholds are not above each pattern's value. */
function indexAll(thresholds: number[]): Uint16Array {
  const found = new Uint16Array(PATTERNS);
  forEachSpan(thresholds, (index, from, to) => fill(found, index, from, to));
  // Infinities without a colour of their own are as the ends; what is no number has its own colour.
  found[INF16] = thresholds.length;
  found[NEGATIVE_INF16] = 0;
  return found;
}

/** `rrggbb` again and again, as red, green, blue, 255. */
export function colourBytes(hex: string): Uint8Array<ArrayBuffer> {
  const digits = hex.replace(/#/g, "");
  const bytes = new Uint8Array((digits.length / 6) * 4);
  for (let at = 0; at * 6 < digits.length; at++) {
    const colour = Number.parseInt(digits.slice(at * 6, at * 6 + 6), 16);
    bytes.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], at * 4);
  }
  return bytes;
}
