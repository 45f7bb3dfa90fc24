import type { Histogram, StatisticsRow } from "../engine";

/** Bins of the histogram of several tensors. */
const BINS = 96;
/** So many times as wide as the colours is what is shown: one tensor of large values hides no other. */
const REACH = 2;

/**
 * One histogram of several tensors, from the few bins that each row of statistics has: the values of a
 * bin are spread evenly over it. Null where no row has any.
 */
export function pooled(rows: readonly StatisticsRow[], low: number, high: number): Histogram | null {
  const known = rows.filter((row) => row.low !== null && row.high !== null && row.histogram.length > 0);
  if (known.length === 0) return null;
  const room = REACH * (high - low);
  // One by one: as arguments of a call, hundreds of thousands would be too many.
  const lowest = known.reduce((end, row) => Math.min(end, row.low!), Number.POSITIVE_INFINITY);
  const highest = known.reduce((end, row) => Math.max(end, row.high!), Number.NEGATIVE_INFINITY);
  const [least, most] = [Math.max(lowest, low - room), Math.min(highest, high + room)];
  if (!(most > least)) return null;
  const width = (most - least) / BINS;
  const counts = new Array<number>(BINS).fill(0);
  for (const row of known) {
    const step = (row.high! - row.low!) / row.histogram.length;
    row.histogram.forEach((count, at) => {
      const from = row.low! + at * step;
      spread(counts, count, (from - least) / width, (from + step - least) / width);
    });
  }
  return { edges: Array.from({ length: BINS + 1 }, (_, at) => least + at * width), counts };
}

/** Adds a count evenly to the bins from one place to another; what lies beyond them is left out. */
function spread(counts: number[], count: number, from: number, to: number) {
  if (count === 0) return;
  const whole = to - from;
  if (whole <= 0) {
    const at = Math.min(Math.floor(from), counts.length - 1);
    if (at >= 0 && from <= counts.length) counts[at]! += count;
    return;
  }
  const last = Math.min(Math.ceil(to), counts.length);
  for (let at = Math.max(Math.floor(from), 0); at < last; at++) {
    const share = (Math.min(at + 1, to) - Math.max(at, from)) / whole;
    if (share > 0) counts[at]! += count * share;
  }
}
