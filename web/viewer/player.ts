import { createSignal, untrack } from "solid-js";
import type { Model } from "./model";

/** Steps a second at speed 1. */
const RATE = 4;
/** Steps whose tiles are asked for before they are shown. */
const AHEAD = 3;

/** Goes through the steps of a run by the clock. */
export class Player {
  readonly speed = createSignal(1);
  readonly loop = createSignal(true);
  readonly following = createSignal(false);
  private timer = 0;

  constructor(
    private readonly model: Model,
    /** Whether the picture of the current step is complete, so that no step is passed over. */
    private readonly ready: () => boolean,
  ) {}

  /** The place of the current step in the list of steps. */
  index(): number {
    return Math.max(this.model.steps().findIndex((step) => step.number === this.model.choice().step), 0);
  }

  /** The steps that are shown next while it plays. */
  ahead(): number[] {
    if (!untrack(this.model.playing)) return [];
    const steps = untrack(this.model.steps);
    const now = untrack(() => this.index());
    return Array.from({ length: Math.min(AHEAD, steps.length - 1) }, (_, at) => steps[(now + 1 + at) % steps.length]!.number);
  }

  goTo(index: number): void {
    const steps = untrack(this.model.steps);
    if (steps.length === 0) return;
    this.following[1](false);
    this.show(index);
  }

  stepBy(by: number): void {
    this.stop();
    this.goTo(untrack(() => this.index()) + by);
  }

  toggle(): void {
    if (this.model.playing()) this.stop();
    else this.play();
  }

  stop(): void {
    clearInterval(this.timer);
    this.model.setPlaying(false);
  }

  /** Shows the newest step from now on, wherever the map is. */
  follow(): void {
    const steps = untrack(this.model.steps);
    if (steps.length === 0) return this.model.say("There are no steps to follow");
    this.model.say("Following the newest step");
    this.newest();
  }

  /** Shows the newest step, and those that come. */
  newest(): void {
    this.stop();
    this.show(untrack(this.model.steps).length - 1);
    this.following[1](true);
  }

  setSpeed(speed: number): void {
    this.speed[1](speed);
    if (this.model.playing()) {
      this.stop();
      this.play();
    }
  }

  private play(): void {
    const last = untrack(this.model.steps).length - 1;
    if (last < 1) return this.model.say("There is only one step");
    this.following[1](false);
    if (untrack(() => this.index()) === last) this.show(0);
    this.model.setPlaying(true);
    this.timer = window.setInterval(
      () => {
        if (!this.ready()) return;
        const next = untrack(() => this.index()) + 1;
        if (next <= untrack(this.model.steps).length - 1) this.show(next);
        else if (this.loop[0]()) this.show(0);
        else this.stop();
      },
      1000 / RATE / this.speed[0](),
    );
  }

  private show(index: number): void {
    const steps = untrack(this.model.steps);
    const step = steps[Math.min(Math.max(index, 0), steps.length - 1)];
    if (step) this.model.choose({ step: step.number });
  }
}
