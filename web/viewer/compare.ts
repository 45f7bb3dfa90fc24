import { type Accessor, createEffect, createMemo, createSignal, onCleanup } from "solid-js";
import type { Catalogue, Pair, Placed, Step, Tensor } from "./engine";
import type { Rect, Size } from "./map/camera";

/** How two models, or two steps of a run, are put beside each other. */
export const WAYS = ["side", "swipe", "blink", "difference"] as const;
export type Way = (typeof WAYS)[number];

/** Time that each of two pictures is shown, milliseconds. */
const BLINK = 800;
/** Room round the map, world units, as the engine leaves it. */
const MARGIN = 24;

/** A part of the picture in which the map is drawn with the tensors of one of the two. */
export interface Pane {
  /** What the part shows, for people; empty where nothing is compared. */
  name: string;
  /** Where the part is in the picture, and what of it is drawn: CSS pixels. */
  left: number;
  clip: Rect;
  step: Step;
  /** The tensor that is drawn in a tensor's place; null where the other has none. */
  of(tensor: Tensor): Tensor | null;
}

export interface Wishes {
  compare: Way | null;
  /** Share of the picture that the first of two takes when one is swiped over the other. */
  split: number;
  step: Step;
  /** The other step of a run. */
  against: Step;
}

/** What is compared with what, and where. */
export function createComparison(catalogue: Catalogue, tensors: Tensor[], placed: Accessor<Placed[]>, wishes: Accessor<Wishes>, full: Accessor<Size>) {
  const pairs = new Map<number, Pair>(catalogue.pairs.map((pair) => [pair.a, pair]));
  const { sources } = catalogue;
  /** Whether there is anything to compare: two models, or two steps. */
  const possible = createMemo(() => pairs.size > 0 || wishes().against !== null);
  const way = createMemo<Way | null>(() => {
    const { compare } = wishes();
    // The difference of two steps is nobody's tensor.
    return !possible() || (compare === "difference" && pairs.size === 0) ? null : compare;
  });
  const [second, setSecond] = createSignal(false);
  createEffect(() => {
    if (way() !== "blink") return;
    const timer = setInterval(() => setSecond(!second()), BLINK);
    onCleanup(() => clearInterval(timer));
  });

  const same = (tensor: Tensor) => tensor;
  const other = (tensor: Tensor) => {
    const pair = pairs.get(tensor.id);
    return pair ? tensors[pair.b]! : null;
  };
  const difference = (tensor: Tensor) => {
    const pair = pairs.get(tensor.id);
    return pair ? tensors[pair.difference]! : null;
  };
  const stepName = (step: Step) => sources.flatMap(({ steps }) => steps).find(({ number }) => number === step)?.label ?? "";

  /** The map is drawn in a window of this size. */
  const size = createMemo<Size>(() => {
    const { width, height } = full();
    return way() === "side" ? { width: Math.floor(width / 2), height } : { width, height };
  });
  const panes = createMemo<Pane[]>(() => {
    const { width, height } = full();
    const { step, against, split } = wishes();
    const whole = { x: 0, y: 0, w: width, h: height };
    const now = way();
    if (!now) return [{ name: "", left: 0, clip: whole, step, of: same }];
    const ofSteps = pairs.size === 0;
    const first = { name: ofSteps ? stepName(against) : sources[0]!.name, left: 0, clip: whole, step: ofSteps ? against : step, of: same };
    const last = { name: ofSteps ? stepName(step) : sources[1]!.name, left: 0, clip: whole, step, of: ofSteps ? same : other };
    const half = size().width;
    const cut = Math.round(width * split);
    switch (now) {
      case "side":
        return [
          { ...first, clip: { x: 0, y: 0, w: half - 1, h: height } },
          { ...last, left: width - half, clip: { x: width - half, y: 0, w: half, h: height } },
        ];
      case "swipe":
        return [
          { ...first, clip: { x: 0, y: 0, w: cut, h: height } },
          { ...last, clip: { x: cut, y: 0, w: width - cut, h: height } },
        ];
      case "blink":
        return [second() ? last : first];
      case "difference":
        return [{ ...first, name: `${last.name} − ${first.name}`, of: difference }];
    }
  });

  /** Two models that are compared are shown on the map of the first. */
  const isFirst = (tensor: number) => tensors[tensor]!.source === 0;
  const whole = createMemo<Rect>(() => {
    const { width, height } = catalogue.layout;
    const own = pairs.size > 0 && way() ? catalogue.layout.sources?.[0] : undefined;
    if (!own) return { x: 0, y: 0, w: Math.max(width, 1), h: Math.max(height, 1) };
    return { x: own.x - MARGIN, y: own.y - MARGIN, w: own.w + 2 * MARGIN, h: own.h + 2 * MARGIN };
  });
  const tiles = createMemo(() => {
    const all = placed();
    return pairs.size > 0 && way() ? all.filter(({ tensor }) => isFirst(tensor)) : all;
  });
  const labels = createMemo(() => {
    const all = catalogue.layout.labels;
    const { x, y, w, h } = whole();
    return pairs.size > 0 && way() ? all.filter((label) => label.x >= x && label.x <= x + w && label.y >= y && label.y <= y + h) : all;
  });
  /** What the panels read: the tensors of the map in the step that is chosen. */
  const main = createMemo<Pane>(() => ({ name: "", left: 0, clip: { x: 0, y: 0, w: 0, h: 0 }, step: wishes().step, of: same }));
  return {
    main, pairs, possible, way, panes, size, whole, tiles, labels,
    /** Shows the other of the two that blink. */
    turn: () => setSecond(!second()),
    /** The part of the picture that a point of it is in. */
    paneAt: (x: number): Pane => panes().find(({ clip }) => x >= clip.x && x < clip.x + clip.w) ?? panes()[0]!,
  };
}
