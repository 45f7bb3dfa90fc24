import { Timeline, ease } from "./timeline";
import type { Frame } from "./page";
import { type Store, mix } from "./view";

/** Seconds from one step to the next when a reader asks for it. */
const STRIDE = 0.7;

/** Moves the step while time passes: along the timeline, or to a step that was asked for. */
export class Player {
  speed = 1;
  private readonly timeline: Timeline;
  private run: ((seconds: number) => boolean) | null = null;
  private last = 0;
  /** The step that it is walking to. */
  private goal: number | null = null;
  private listeners: (() => void)[] = [];

  constructor(
    frames: Frame[],
    private readonly motion: boolean,
    private readonly store: Store,
  ) {
    this.timeline = new Timeline(frames, motion);
  }

  /** Whether it plays on by itself. */
  playing = false;

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  /** From here on, or from the start when this is the end. */
  play(): void {
    if (this.store.lastStep === 0) return;
    if (this.store.view.step >= this.store.lastStep) this.store.set({ step: 0 });
    let time = this.timeline.timeAt(this.store.view.step);
    this.start(true, (seconds) => {
      time += seconds * this.speed;
      this.store.set({ step: this.timeline.stepAt(time) });
      return time < this.timeline.length;
    });
  }

  pause(): void {
    this.run = null;
    this.goal = null;
    if (!this.playing) return;
    this.playing = false;
    for (const listener of this.listeners) listener();
  }

  /** To a step: a neighbour is walked to, any other is shown at once. */
  goTo(step: number): void {
    const from = this.store.view.step;
    const to = Math.min(Math.max(step, 0), this.store.lastStep);
    this.pause();
    if (!this.motion || Math.abs(to - from) > 1) {
      this.store.set({ step: to });
      return;
    }
    this.goal = to;
    let share = 0;
    this.start(false, (seconds) => {
      share = Math.min(1, share + seconds / STRIDE);
      this.store.set({ step: mix(from, to, ease(share)) });
      return share < 1;
    });
  }

  /** The whole step after this one, or before. */
  stepBy(direction: 1 | -1): void {
    // On the way to a step it counts from there, so that three taps are three steps.
    const step = this.goal ?? this.store.view.step;
    this.goTo(direction > 0 ? Math.floor(step + 1 + 1e-6) : Math.ceil(step - 1 - 1e-6));
  }

  /** Calls `run` with the seconds that passed, until it says that it is done. */
  private start(playing: boolean, run: (seconds: number) => boolean): void {
    this.playing = playing;
    this.run = run;
    this.last = performance.now();
    const tick = (now: number) => {
      if (this.run !== run) return;
      // After a pause of the whole page, such as another tab, time goes on where it was.
      const seconds = Math.min(Math.max(now - this.last, 0) / 1000, 0.1);
      this.last = now;
      if (run(seconds)) requestAnimationFrame(tick);
      else this.finish();
    };
    requestAnimationFrame(tick);
    for (const listener of this.listeners) listener();
  }

  private finish(): void {
    this.pause();
  }
}
