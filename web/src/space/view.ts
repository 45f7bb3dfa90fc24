/** Everything that a reader can change and share: the step, the camera, what is drawn. */
export interface View {
  /** Position among the frames: 0 is the first, 0.5 halfway from the first to the second. */
  step: number;
  /** Degrees around z; at -90 x points right, as in matplotlib. */
  azimuth: number;
  /** Degrees above the x-y plane, -90 to 90. */
  elevation: number;
  zoom: number;
  /** Where the camera looks, along its right and its up; the largest half axis is 1. */
  panX: number;
  panY: number;
  points: boolean;
  lines: boolean;
  /** Diameter of a point in CSS pixels, on a stage of 700; larger on a larger one. */
  size: number;
  /** One scale for all axes, or each fills the box; null is as each step's picture has it. */
  equal: boolean | null;
  /** Places of the classes in the legend whose points are not drawn, such as "0,3". */
  hidden: string;
  axes: boolean;
  guides: boolean;
  theme: "light" | "dark" | null;
}

export type Camera = Pick<View, "azimuth" | "elevation" | "zoom" | "panX" | "panY">;

export const HOME: Camera = { azimuth: -60, elevation: 30, zoom: 1, panX: 0, panY: 0 };

/** What the page opens with. */
export function initialView(points: number, lines: number): View {
  return { step: 0, ...HOME, points: true, lines: lines > 0, size: pointSize(points, lines), equal: null, hidden: "", axes: true, guides: true, theme: null };
}

/**
 * Many points are small, so that they don't become a sheet; few are large enough to be seen. Where
 * there are lines, points are their knots.
 */
function pointSize(points: number, lines: number): number {
  const size = (lines > 0 ? 240 : 320) / Math.sqrt(Math.max(points, 1));
  return Math.round(Math.min(Math.max(size, 1.5), lines > 0 ? 6 : 8) * 2) / 2;
}

type Listener = (view: View, before: View) => void;

/** Holds the view and tells who wants to know when it changes. */
export class Store {
  private listeners: Listener[] = [];

  constructor(
    public view: View,
    readonly initial: View,
    readonly lastStep: number,
  ) {
    this.view = this.bounded(view);
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  set(change: Partial<View>): void {
    const before = this.view;
    const after = this.bounded({ ...before, ...change });
    const keys = Object.keys(after) as (keyof View)[];
    if (keys.every((key) => after[key] === before[key])) return;
    this.view = after;
    for (const listener of this.listeners) listener(after, before);
  }

  /** The classes whose points are not drawn. */
  hidden(): Set<number> {
    const { hidden } = this.view;
    return new Set(hidden === "" ? [] : hidden.split(",").map(Number));
  }

  /** Draws the points of a class, or no longer. */
  toggleClass(place: number): void {
    const hidden = this.hidden();
    if (!hidden.delete(place)) hidden.add(place);
    this.set({ hidden: [...hidden].sort((a, b) => a - b).join(",") });
  }

  private bounded(view: View): View {
    return {
      ...view,
      step: clamp(view.step, 0, this.lastStep),
      azimuth: wrapDegrees(view.azimuth),
      elevation: clamp(view.elevation, -90, 90),
      zoom: clamp(view.zoom, 0.2, 200),
      panX: clamp(view.panX, -3, 3),
      panY: clamp(view.panY, -3, 3),
      size: clamp(view.size, 0.5, 20),
    };
  }
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

export function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** The same angle in -180 to 180. */
export function wrapDegrees(angle: number): number {
  const turned = angle % 360;
  if (turned > 180) return turned - 360;
  return turned <= -180 ? turned + 360 : turned;
}
