/** Values as the page carries them: the upper 16 bits of f32. */

const WORD = new Uint32Array(1);
const FLOAT = new Float32Array(WORD.buffer);

export function fromBits16(bits: number): number {
  WORD[0] = bits << 16;
  return FLOAT[0]!;
}

export function fromBits32(bits: number): number {
  WORD[0] = bits;
  return FLOAT[0]!;
}

/** Told by the bits, because floats that are not numbers do not survive every driver. */
export function isNaN16(bits: number): boolean {
  return (bits & 0x7fff) > 0x7f80;
}

export const NAN16 = 0x7fc0;
export const INF16 = 0x7f80;
export const NEGATIVE_INF16 = 0xff80;

/** The nearest 16 bits, ties to even, as the engine rounds: nonzero stays nonzero, finite stays finite. */
export function toBits16(value: number): number {
  if (Number.isNaN(value)) return NAN16;
  FLOAT[0] = value;
  const bits = WORD[0]!;
  const upper = bits >>> 16;
  if ((upper & 0x7fff) === 0x7f80) return Number.isFinite(value) ? upper - 1 : upper;
  let rounded = (bits + 0x7fff + (upper & 1)) >>> 16;
  if ((rounded & 0x7fff) === 0x7f80) rounded -= 1;
  if ((rounded & 0x7fff) === 0 && value !== 0) rounded |= 1;
  return rounded;
}
