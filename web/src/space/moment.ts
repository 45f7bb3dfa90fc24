import type { Frame, Page, Triple } from "./page";
import { mix } from "./view";

const AXES = [0, 1, 2] as const;

/**
 * A frame measured for drawing. Its points are kept as (position - center) / reach, so that values of
 * any size reach the graphics card as numbers from -1 to 1.
 */
export interface Measured {
  frame: Frame;
  /** The ends of the axes with a little room. */
  low: Triple;
  high: Triple;
  center: Triple;
  /** Half the longest axis. */
  reach: number;
  flat: boolean;
  /** x, y, z and 1 for every point; all 0 for those that are missing. */
  placed: Float32Array;
}

/** What is between two frames, or on one of them. */
export interface Moment {
  from: Measured;
  to: Measured;
  /** Share of the way, 0 to 1. */
  share: number;
  low: Triple;
  high: Triple;
  center: Triple;
  reach: number;
  /** 1 is a picture seen from the front, 0 is space. */
  flatness: number;
  /** A placed point of `from` times the first plus that of `to` times the second is where it is now. */
  weights: [number, number];
}

export function measureAll(page: Page): Measured[] {
  return page.frames.map((frame) => measure(frame, page.count));
}

function measure(frame: Frame, count: number): Measured {
  const drawn = frame.positions.length;
  const longest = Math.max(...AXES.map((axis) => frame.high[axis] - frame.low[axis]));
  const room = longest > 0 ? longest * 0.03 : Math.max(1, ...frame.high.map(Math.abs)) * 0.5;
  const widen = (axis: number) => (axis < drawn ? room : 0);
  const low = AXES.map((axis) => frame.low[axis] - widen(axis)) as Triple;
  const high = AXES.map((axis) => frame.high[axis] + widen(axis)) as Triple;
  const center = AXES.map((axis) => (low[axis] + high[axis]) / 2) as Triple;
  const reach = longest / 2 + room;
  const placed = new Float32Array(count * 4);
  for (let point = 0; point < count; point++) {
    if (frame.positions.some((values) => Number.isNaN(values[point]))) continue;
    for (let axis = 0; axis < drawn; axis++) {
      placed[point * 4 + axis] = (frame.positions[axis]![point]! - center[axis]!) / reach;
    }
    placed[point * 4 + 3] = 1;
  }
  return { frame, low, high, center, reach, flat: frame.dims < 3, placed };
}

/** What a step shows, which may be between two frames. */
export function momentAt(frames: Measured[], step: number): Moment {
  const at = Math.min(Math.floor(step), frames.length - 1);
  const from = frames[at]!;
  const to = frames[at + 1] ?? from;
  const share = to === from ? 0 : step - at;
  if (share === 0) return still(from);
  if (to.frame.morph === "cut") return still(share < 0.5 ? from : to);
  // The ends move as the points do, so that no point leaves the axes on its way.
  const between = (pick: (frame: Measured) => Triple) =>
    AXES.map((axis) => mix(pick(from)[axis], pick(to)[axis], share)) as Triple;
  const reach = mix(from.reach, to.reach, share);
  return {
    from,
    to,
    share,
    low: between((frame) => frame.low),
    high: between((frame) => frame.high),
    center: between((frame) => frame.center),
    reach,
    flatness: mix(Number(from.flat), Number(to.flat), share),
    weights: [((1 - share) * from.reach) / reach, (share * to.reach) / reach],
  };
}

function still(frame: Measured): Moment {
  const { low, high, center, reach } = frame;
  return { from: frame, to: frame, share: 0, low, high, center, reach, flatness: Number(frame.flat), weights: [1, 0] };
}

/** By how much each axis is drawn out: not at all when they are equal, else until it fills the box. */
export function stretchOf(moment: Moment, equal: boolean | null): Triple {
  const own = (frame: Frame) => Number(!(equal ?? frame.equal));
  const share = mix(own(moment.from.frame), own(moment.to.frame), moment.share);
  return AXES.map((axis) => {
    const half = (moment.high[axis] - moment.low[axis]) / 2 / moment.reach;
    if (half < 1e-6) return 1;
    return mix(1, 1 / half, share * (axis === 2 ? 1 - moment.flatness : 1));
  }) as Triple;
}
