import type { Frame } from "./page";

/** Seconds on a step and between two, before a long run is shortened. */
const PAUSE = 0.9;
const MOVE = 1.6;

/** No film is longer than this, in seconds, whatever the number of steps. */
const LONGEST = 60;

/** When which step is shown: a pause on each, and a move to the next that begins and ends gently. */
export class Timeline {
  /** For every frame but the last: seconds at which its pause and its move begin. */
  private starts: { pause: number; move: number }[] = [];
  readonly length: number;

  /** Without motion the moves take no time. */
  constructor(frames: Frame[], motion: boolean) {
    const shrink = Math.min(1, LONGEST / ((PAUSE + MOVE) * frames.length));
    let time = 0;
    for (const next of frames.slice(1)) {
      const move = time + PAUSE * shrink;
      this.starts.push({ pause: time, move });
      time = motion && next.morph !== "cut" ? move + MOVE * shrink : move;
    }
    this.length = time;
  }

  /** The step that is shown at a time. */
  stepAt(time: number): number {
    if (time >= this.length) return this.starts.length;
    const at = this.starts.findLastIndex((start) => start.pause <= time);
    if (at < 0) return 0;
    const { move } = this.starts[at]!;
    return time <= move ? at : at + ease((time - move) / (this.end(at) - move));
  }

  /** The time at which a step is shown; for a whole step, when its pause is nearly over. */
  timeAt(step: number): number {
    const at = Math.floor(step);
    const start = this.starts[at];
    if (!start) return this.length;
    if (step === at) return Math.max(start.pause, start.move - 0.15);
    return start.move + uneased(step - at) * (this.end(at) - start.move);
  }

  private end(at: number): number {
    return this.starts[at + 1]?.pause ?? this.length;
  }
}

/** Smoothstep: 0 to 1, at rest at both ends. */
export function ease(share: number): number {
  return share * share * (3 - 2 * share);
}

/** The inverse of `ease`. */
export function uneased(share: number): number {
  return 0.5 - Math.sin(Math.asin(1 - 2 * share) / 3);
}
