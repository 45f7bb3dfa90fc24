import { type Accessor, batch, createEffect, createMemo, createSignal, on, untrack } from "solid-js";
import {
  type Box, type Catalogue, type Colouring, type Curve, type Engine, type ExactValue, type Fault, type Fold, type Placed, type Statistics,
  type StatisticsRow, type Stats, type Tensor, type View, numberOf,
} from "./engine";
import { type Way, createComparison } from "./compare";
import { type Camera, type Point, type Size, between, fit, toWorld, zoomAbout } from "./map/camera";
import { Shades } from "./map/shades";
import { quietOf } from "./quiet";

export interface Cell {
  tensor: number;
  row: number;
  col: number;
}

export interface Selection {
  tensor: number;
  box: Box;
}

/** A view that a tensor is seen as. */
export interface SeenAs {
  tensor: number;
  view: View;
}

/** What a person can choose and the address keeps. */
export interface Choice {
  step: number | null;
  map: string | null;
  scale: "linear" | "log" | "symlog";
  range: string;
  fold: Fold;
  share: boolean;
  hinton: boolean;
  numbers: boolean;
  theme: "light" | "dark" | null;
  compare: Way | null;
  split: number;
  /** The step of a run that others are compared with. */
  against: number | null;
  list: boolean;
  details: boolean;
}

/** What the last picture was made of. */
export interface Drawn {
  /** Values that a cell folds, where one tensor fills the picture. */
  folds: [number, number];
  /** One of so many values was read, at worst. */
  sampled: number;
  waiting: number;
  trouble: string | null;
}

const SYSTEM_DARK = matchMedia("(prefers-color-scheme: dark)");
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
/** Windows of less width are those of telephones; of this width they have room for the list of tensors, and for the details. */
export const NARROW = 720;
export const LIST_FROM = 1100;
export const DETAILS_FROM = 900;
/** A cell is never larger than this, CSS pixels. */
const LARGEST_CELL = 220;

/** Room round the whole map, CSS pixels. */
export function marginOfHome(): number {
  return innerWidth < NARROW ? 8 : 20;
}

export type Model = ReturnType<typeof createModel>;

/** Everything the page knows and shows; the map and the panels follow it. */
export function createModel(engine: Engine, catalogue: Catalogue, aspect: number | null, seen: SeenAs[], life: AbortSignal) {
  /** As they are seen: a view takes the place of its tensor. */
  const tensors = [...catalogue.tensors];
  const places = new Map<number, Placed>(catalogue.layout.tiles.map((place) => [place.tensor, place]));
  const [views, setViews] = createSignal<ReadonlyMap<number, View>>(new Map());
  const apply = (list: SeenAs[]) => {
    const next = new Map(untrack(views));
    for (const { tensor, view } of list) {
      const stored = catalogue.tensors[tensor]!;
      const { rows, cols, orientation } = view;
      if (view.text === "") next.delete(tensor);
      else next.set(tensor, view);
      tensors[tensor] = view.text === "" ? stored : { ...stored, rows, cols, orientation, view };
    }
    if (list.length > 0) setViews(next);
  };
  apply(seen);
  let moved = false;
  const placed = createMemo(() => {
    const now = views();
    if (now.size === 0 && !moved) return catalogue.layout.tiles;
    moved = true;
    const list = catalogue.layout.tiles.map((place) => (now.has(place.tensor) ? within(place, now.get(place.tensor)!) : place));
    for (const place of list) places.set(place.tensor, place);
    return list;
  });
  const [steps, setSteps] = createSignal(catalogue.sources.flatMap((source) => source.steps));
  const margin = marginOfHome();
  const initial: Choice = {
    step: untrack(steps).at(-1)?.number ?? null,
    map: null,
    scale: "linear",
    range: "auto",
    fold: "r",
    share: true,
    hinton: false,
    numbers: true,
    theme: null,
    compare: null,
    split: 0.5,
    against: null,
    list: innerWidth >= LIST_FROM,
    details: innerWidth >= DETAILS_FROM,
  };
  const [choice, setChoiceSignal] = createSignal<Choice>(initial);
  const choose = (change: Partial<Choice>) => {
    const now = untrack(choice);
    const keys = Object.keys(change) as (keyof Choice)[];
    if (keys.some((key) => change[key] !== now[key])) setChoiceSignal({ ...now, ...change });
  };
  const [full, setSize] = createSignal<Size>({ width: 0, height: 0 });
  const comparison = createComparison(catalogue, tensors, placed, choice, full);
  /** Of the window in which the map is drawn: that of one of two that stand side by side. */
  const { size, whole, tiles } = comparison;
  const [camera, setCameraSignal] = createSignal<Camera>({ x: 0, y: 0, zoom: 1 });
  const [hover, setHover] = createSignal<Cell | null>(null, { equals: sameCell });
  const [cell, setCell] = createSignal<Cell | null>(null, { equals: sameCell });
  const [chosen, setChosen] = createSignal<number | null>(null);
  const [selection, setSelection] = createSignal<Selection | null>(null);
  const [statistics, setStatistics] = createSignal<Statistics>({ done: 0, of: tensors.length, checked: 0, rows: [], faults: [] });
  const [curves, setCurves] = createSignal<Curve[]>([]);
  const [drawn, setDrawn] = createSignal<Drawn>({ folds: [1, 1], sampled: 1, waiting: 0, trouble: null });
  const [notice, setNotice] = createSignal<string>("");
  const [spoken, setSpoken] = createSignal("");
  const [playing, setPlaying] = createSignal(false);
  /** The step that words and curves are about: while a run plays they wait for its end. */
  const rest = createMemo<number | null>((before) => (playing() ? before : choice().step), untrack(choice).step);
  const [systemDark, setSystemDark] = createSignal(SYSTEM_DARK.matches);
  SYSTEM_DARK.addEventListener("change", () => setSystemDark(SYSTEM_DARK.matches), { signal: life });

  const dark = createMemo(() => (choice().theme ?? (systemDark() ? "dark" : "light")) === "dark");
  const mapName = createMemo(() => choice().map ?? (dark() ? catalogue.defaultMap.dark : catalogue.defaultMap.light));
  const home = () => fit(untrack(whole), untrack(size), margin);

  const how = (): Colouring => {
    const { scale, range, fold } = choice();
    return { map: mapName(), scale, range, fold, dark: dark() };
  };
  const colouring = createMemo<Colouring>(how, untrack(how), {
    equals: (one, other) => JSON.stringify(one) === JSON.stringify(other),
  });

  // Another window needs another place to look from: what was seen whole is seen whole.
  createEffect(
    on([size, whole], ([, now], before) => {
      if (!before || before[0].width === 0) return;
      const wasWhole = Math.abs(untrack(camera).zoom / fit(before[1], before[0], margin).zoom - 1) < 1e-3;
      const { x, y } = untrack(camera);
      const isInside = x >= now.x && x <= now.x + now.w && y >= now.y && y <= now.y + now.h;
      if (wasWhole || !isInside) setCameraSignal(home());
    }),
  );

  /** The tensor that fills most of the picture's middle. */
  const entered = createMemo<number | null>(() => {
    const { width, height } = size();
    const at = camera();
    if (width === 0) return null;
    for (const place of tiles()) {
      const [w, h] = [place.w * at.zoom, place.h * at.zoom];
      if (w < width * 0.35 && h < height * 0.35) continue;
      if (at.x >= place.x && at.x < place.x + place.w && at.y >= place.y && at.y < place.y + place.h) return place.tensor;
    }
    return null;
  });
  /** The tensor that the panels speak of. */
  const focus = createMemo<number | null>(() => chosen() ?? entered());

  let flight = 0;
  const setCamera = (next: Camera) => {
    cancelAnimationFrame(flight);
    setCameraSignal(next);
  };
  /** Goes there as a camera would, or at once for people who want no motion. */
  const flyTo = (to: Camera, milliseconds = 320) => {
    cancelAnimationFrame(flight);
    const from = untrack(camera);
    if (STILL.matches || milliseconds === 0) return void setCameraSignal(to);
    const start = performance.now();
    const move = (now: number) => {
      const share = Math.min(Math.max((now - start) / milliseconds, 0), 1);
      const eased = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2;
      setCameraSignal(share === 1 ? to : between(from, to, eased));
      if (share < 1) flight = requestAnimationFrame(move);
    };
    flight = requestAnimationFrame(move);
  };

  /** Least and greatest zoom about a point of the screen. */
  const limits = (at: Point): [number, number] => {
    const least = Math.min(home().zoom * 0.5, 1);
    const found = placeAt(toWorld(untrack(camera), untrack(size), at)) ?? places.get(untrack(focus) ?? -1);
    if (!found) return [least, 1e5];
    const tensor = tensors[found.tensor]!;
    return [least, Math.max(LARGEST_CELL * Math.max(tensor.cols / found.w, tensor.rows / found.h), 4)];
  };
  const zoomBy = (factor: number, at?: Point, animate = false) => {
    const room = untrack(size);
    const point = at ?? { x: room.width / 2, y: room.height / 2 };
    const next = zoomAbout(untrack(camera), room, point, factor, limits(point));
    if (animate) flyTo(next, 200);
    else setCamera(next);
  };
  const panBy = (dx: number, dy: number) => {
    const at = untrack(camera);
    // Some of the map always stays in sight.
    const { x, y, w, h } = untrack(whole);
    const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);
    setCamera({ x: clamp(at.x - dx / at.zoom, x, x + w), y: clamp(at.y - dy / at.zoom, y, y + h), zoom: at.zoom });
  };
  const showAll = () => {
    setChosen(null);
    flyTo(home());
  };
  const showTensor = (tensor: number, milliseconds?: number) => {
    const place = places.get(tensor);
    if (!place) return;
    setChosen(tensor);
    flyTo(fit(place, untrack(size), Math.min(untrack(size).width * 0.06, 48)), milliseconds);
  };
  /** Puts the cursor on a cell, and goes there until its number can be read. */
  const showCell = (to: Cell, pixels = 44) => {
    const [place, tensor] = [places.get(to.tensor), tensors[to.tensor]];
    if (!place || !tensor) return;
    const [w, h] = [place.w / tensor.cols, place.h / tensor.rows];
    const zoom = Math.max(Math.min(pixels / Math.min(w, h), (LARGEST_CELL * 0.9) / Math.max(w, h)), 1e-6);
    batch(() => {
      setChosen(to.tensor);
      setCell(to);
    });
    flyTo({ x: place.x + (to.col + 0.5) * w, y: place.y + (to.row + 0.5) * h, zoom: Math.max(zoom, untrack(camera).zoom) }, 420);
  };

  let looks = 0;
  /** Shows a tensor, and what it is compared with, as that view; says what is wrong with one that there is not. */
  const look = async (tensor: number, text: string): Promise<string | null> => {
    const number = ++looks;
    const pair = comparison.pairs.get(tensor);
    const ids = pair ? [pair.a, pair.b, pair.difference] : [tensor];
    let found: SeenAs[];
    try {
      found = await Promise.all(ids.map(async (id) => ({ tensor: id, view: await engine.view(id, text) })));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    // Another was asked for meanwhile.
    if (number !== looks) return null;
    const { rows, cols } = tensors[tensor]!;
    batch(() => {
      apply(found);
      const now = tensors[tensor]!;
      const at = untrack(cell);
      if (at?.tensor === tensor && (at.row >= now.rows || at.col >= now.cols)) setCell(null);
      const box = untrack(selection);
      if (box?.tensor === tensor && (now.rows !== rows || now.cols !== cols)) setSelection(null);
      setHover(null);
    });
    const now = tensors[tensor]!;
    if (untrack(focus) === tensor && (now.rows !== rows || now.cols !== cols)) showTensor(tensor);
    return null;
  };
  /** Shows a tensor as its file has it. */
  const lookWhole = (tensor: number) => {
    if (!tensors[tensor]?.view) return;
    looks += 1;
    const pair = comparison.pairs.get(tensor);
    for (const id of pair ? [pair.a, pair.b, pair.difference] : [tensor]) {
      const view = untrack(views).get(id);
      if (view) apply([{ tensor: id, view: { ...view, text: "" } }]);
    }
  };

  function placeAt(world: Point): Placed | null {
    for (const place of untrack(tiles)) {
      if (world.x >= place.x && world.x < place.x + place.w && world.y >= place.y && world.y < place.y + place.h) return place;
    }
    return null;
  }
  /** The cell under a point of the screen. */
  const cellAt = (at: Point): Cell | null => {
    const world = toWorld(untrack(camera), untrack(size), at);
    const place = placeAt(world);
    if (!place) return null;
    const tensor = tensors[place.tensor]!;
    const index = (value: number, extent: number) => Math.min(Math.max(Math.floor(value * extent), 0), extent - 1);
    return {
      tensor: place.tensor,
      row: index((world.y - place.y) / place.h, tensor.rows),
      col: index((world.x - place.x) / place.w, tensor.cols),
    };
  };
  const cellPixels = (tensor: number) => {
    const [place, { rows, cols }] = [places.get(tensor)!, tensors[tensor]!];
    const { zoom } = untrack(camera);
    return { w: (place.w * zoom) / cols, h: (place.h * zoom) / rows };
  };

  const say = (text: string) => {
    setNotice(text);
    clearTimeout(noticeTimer);
    noticeTimer = window.setTimeout(() => setNotice(""), 5000);
  };
  let noticeTimer = 0;

  const statisticsOf = createMemo(() => {
    const found = new Map<number, StatisticsRow>();
    for (const row of statistics().rows) found.set(row.t, row);
    return found;
  });
  const faultsOf = createMemo(() => {
    const found = new Map<number, Fault[]>();
    for (const fault of statistics().faults) found.set(fault.t, [...(found.get(fault.t) ?? []), fault]);
    return found;
  });

  const shades = createShades(engine, (tensor) => (views(), tensors[tensor]!), (tensor) => quiet().has(tensor), choice, colouring, () => steps().at(-1)?.number ?? null, say);
  // Two that are compared, and the steps of a run, have the same colours for the same values.
  const quiet: Accessor<ReadonlySet<number>> = createMemo(
    () => {
      const { share, range } = choice();
      const colours = shades.shared()?.colours;
      if (!share || !colours || /^-?[\d.]/.test(range) || steps().length > 1 || comparison.pairs.size > 0) return new Set<number>();
      return quietOf(statisticsOf().values(), tensors, Math.max(Math.abs(colours.low), Math.abs(colours.high)));
    },
    new Set<number>(),
    { equals: (one, other) => one.size === other.size && [...one].every((id) => other.has(id)) },
  );

  return {
    engine, catalogue, aspect, views,
    /** Who must draw the tiles; null: the graphics card if there is one. */
    painting: null as "plain" | "card" | null,
    look, lookWhole, apply, steps,
    get tensors() {
      views();
      return tensors;
    },
    get places() {
      placed();
      return places;
    },
    setSteps, comparison, tiles, whole, initial, choice, choose, full, size, setSize, camera, setCamera, flyTo, home,
    playing, setPlaying, rest, hover, setHover, cell, setCell, chosen, setChosen, selection, setSelection, entered, focus, dark, mapName, colouring,
    statistics, setStatistics, statisticsOf, faultsOf, curves, setCurves, drawn, setDrawn, notice, say, spoken, setSpoken,
    zoomBy, panBy, showAll, showTensor, showCell, cellAt, cellPixels,
    shades,
    /** Tensors so much weaker than the others that they have a range of their own. */
    quiet,
    stats: createAnswers((tensor: number) => engine.stats(untrack(rest), tensor), rest, (tensor: number) => {
      views();
      return numberOf(tensors[tensor]!);
    }),
    exactValue: createExactValue(engine, rest, playing, (tensor) => (views(), numberOf(tensors[tensor]!)), () => hover() ?? cell()),
    /** The value of the other of two that are compared. */
    otherValue: createExactValue(
      engine,
      () => (comparison.pairs.size > 0 ? rest() : choice().against),
      playing,
      (tensor) => (views(), numberOf(tensors[tensor]!)),
      () => {
        const at = comparison.way() ? (hover() ?? cell()) : null;
        if (!at || comparison.pairs.size === 0) return at;
        const pair = comparison.pairs.get(at.tensor);
        return pair ? { ...at, tensor: pair.b } : null;
      },
    ),
  };
}

/**
 * Colours of the map and, where tensors have their own, of each. They are those of the newest step
 * at all steps: a colour that meant something else at each step would hide what changes.
 */
/** Most colours of one request. */
const MOST_COLOURS = 64;

function createShades(
  engine: Engine,
  tensorOf: (tensor: number) => Tensor,
  isQuiet: (tensor: number) => boolean,
  choice: Accessor<Choice>,
  colouring: Accessor<Colouring>,
  newest: Accessor<number | null>,
  say: (text: string) => void,
) {
  const [shared, setShared] = createSignal<Shades | null>(null);
  const [own, setOwn] = createSignal<ReadonlyMap<string, Shades>>(new Map());
  let asked = new Set<string>();
  let queue: string[] = [];
  let abort = new AbortController();
  // Memos: another step or fold, which say nothing of colours, must not ask for them anew.
  const shares = createMemo(() => choice().share);
  const last = createMemo(newest);
  createEffect(
    on([colouring, shares, last], ([, share], earlier) => {
      const before = earlier?.[1];
      abort.abort();
      abort = new AbortController();
      // What was seen is asked for at once, in one answer with what all share.
      const again = share === before ? [...asked].slice(0, MOST_COLOURS - 1) : [];
      asked = new Set(again);
      queue = [];
      setOwn(new Map());
      engine
        .colours(newest(), ["g0", ...again], colouring(), abort.signal)
        .then(([colours, ...list]) =>
          batch(() => {
            setShared(new Shades(colours!));
            // Others may have come in the meantime.
            setOwn(new Map([...untrack(own), ...list.map((one, at) => [again[at]!, new Shades(one)] as const)]));
          }),
        )
        .catch((error: unknown) => {
          if (!(error instanceof DOMException)) say(error instanceof Error ? error.message : String(error));
        });
    }),
  );
  const flush = () => {
    const [names, { signal }] = [queue.splice(0, MOST_COLOURS), abort];
    if (names.length === 0) return;
    engine
      .colours(untrack(newest), names, untrack(colouring), signal)
      .then((list) => {
        const next = new Map(untrack(own));
        for (const [at, colours] of list.entries()) next.set(names[at]!, new Shades(colours));
        setOwn(next);
        flush();
      })
      .catch(() => {
        for (const name of names) asked.delete(name);
      });
  };
  /** Colours by their name: a tensor's number, or a group's behind a `g`; null as long as they are on the way. */
  const named = (name: string): Shades | null => {
    const known = own().get(name);
    if (!known && !asked.has(name)) {
      asked.add(name);
      if (queue.push(name) === 1) queueMicrotask(flush);
    }
    return known ?? null;
  };
  const ofGroup = (group: number) => (group === 0 ? shared() : named(`g${group}`));
  return {
    shared,
    own,
    ofGroup,
    /** The colours of a tensor, its own or those of its group; null as long as they are on the way. */
    of(tensor: number | null): Shades | null {
      const { share } = choice();
      if (tensor === null) return shared();
      const { group, view } = tensorOf(tensor);
      // Codes and scales are numbers of another kind than values.
      const alone = view?.component ? view.number : share && isQuiet(tensor) ? tensor : null;
      if (alone !== null) return named(String(alone));
      return share ? ofGroup(group) : named(String(tensor));
    },
  };
}

/** Answers about tensors, each asked for once a step. */
function createAnswers<T>(ask: (number: number) => Promise<T>, step: Accessor<number | null>, seen: (tensor: number) => number) {
  const [answers, setAnswers] = createSignal<ReadonlyMap<string, T>>(new Map());
  const asked = new Set<string>();
  return {
    of(tensor: number | null): T | null {
      if (tensor === null) return null;
      const number = seen(tensor);
      const key = `${step() ?? ""}/${number}`;
      if (!asked.has(key)) {
        asked.add(key);
        ask(number)
          .then((answer) => setAnswers(new Map([...untrack(answers), [key, answer]].slice(-200) as [string, T][])))
          .catch(() => setTimeout(() => asked.delete(key), 3000));
      }
      return answers().get(key) ?? null;
    },
    forget(): void {
      asked.clear();
      setAnswers(new Map());
    },
  };
}

/** The exact value of the cell under the cursor, after it has rested there. */
function createExactValue(engine: Engine, step: Accessor<number | null>, playing: Accessor<boolean>, seen: (tensor: number) => number, cell: Accessor<Cell | null>) {
  const [exact, setExact] = createSignal<{ cell: Cell; value: ExactValue } | null>(null);
  let timer = 0;
  let abort = new AbortController();
  createEffect(() => {
    const at = cell();
    const now = step();
    const number = at && seen(at.tensor);
    clearTimeout(timer);
    abort.abort();
    setExact(null);
    if (!at || number === null || playing()) return;
    abort = new AbortController();
    const { signal } = abort;
    timer = window.setTimeout(() => {
      engine
        .value(now, number, at.row, at.col, signal)
        .then((value) => setExact({ cell: at, value }))
        .catch(() => {
          // The value of the tile stays; the cursor is elsewhere soon.
        });
    }, 60);
  });
  return exact;
}

/** Cells of a view are never longer than so many times their width. */
const LONGEST = 4;

/** The part of a tensor's place that a view has: of its shape, unless that is very long. */
function within(place: Placed, { rows, cols }: View): Placed {
  const own = place.w / place.h;
  const wanted = Math.min(Math.max(cols / rows, Math.min(1 / LONGEST, own)), Math.max(LONGEST, own));
  return wanted > own ? { ...place, h: place.w / wanted } : { ...place, w: place.h * wanted };
}

function sameCell(one: Cell | null, other: Cell | null): boolean {
  return one === other || (!!one && !!other && one.tensor === other.tensor && one.row === other.row && one.col === other.col);
}

export type { Stats, Tensor };
