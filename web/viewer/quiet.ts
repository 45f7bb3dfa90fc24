import type { StatisticsRow, Tensor } from "./engine";

/** Weaker than this share of the range that all share, a tensor would be drawn as an empty frame. */
const WEAK = { rms: 0.06, peak: 1 };
/** Most tensors with a range of their own: each takes a table on the graphics card. */
const MOST = 64;

/** Matrices so much smaller than the others that one range for all would show nothing of them. */
export function quietOf(rows: Iterable<StatisticsRow>, tensors: readonly Tensor[], reach: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { t, rms, min, max } of rows) {
    const peak = Math.max(Math.abs(min), Math.abs(max));
    const isWeak = rms > 0 && rms < reach * WEAK.rms && peak < reach * WEAK.peak;
    if (isWeak && tensors[t]?.group === 0 && found.size < MOST) found.add(t);
  }
  return found;
}
