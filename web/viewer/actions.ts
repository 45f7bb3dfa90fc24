import { WAYS } from "./compare";
import type { Fault, View } from "./engine";
import type { Cell, Model } from "./model";
import type { Player } from "./player";

/** What actions work on. */
export interface Acts {
  model: Model;
  player: Player;
  openFind(): void;
  openGoTo(): void;
  openHelp(): void;
  openExport(): void;
  openSlice(): void;
  copyCommand(): void;
  copyLink(): void;
  copyBox(): void;
}

export interface Action {
  /** As a reader is told. */
  keys: string;
  about: string;
  group: "Move" | "Read" | "Find" | "Colour" | "Compare" | "Time" | "Page";
  /** Values of `KeyboardEvent.key` in small letters, and what each does. */
  on: Record<string, (acts: Acts, event: KeyboardEvent) => void>;
}

/** Moves the cell cursor, or the map where no cell has the cursor. */
const arrow = (dx: number, dy: number) => ({ model }: Acts, event: KeyboardEvent) => {
  const times = event.shiftKey ? 16 : 1;
  const cell = model.cell();
  if (!cell) return model.panBy(-dx * 60 * times, -dy * 60 * times);
  const { rows, cols } = model.tensors[cell.tensor]!;
  const clamp = (value: number, extent: number) => Math.min(Math.max(value, 0), extent - 1);
  const next = { ...cell, row: clamp(cell.row + dy * times, rows), col: clamp(cell.col + dx * times, cols) };
  model.setCell(next);
  keepInSight(model, next);
};

/** Moves the map just so far that the cell can be seen. */
export function keepInSight(model: Model, cell: Cell): void {
  const [place, { rows, cols }] = [model.places.get(cell.tensor)!, model.tensors[cell.tensor]!];
  const [camera, { width, height }] = [model.camera(), model.size()];
  const x = (place.x + ((cell.col + 0.5) / cols) * place.w - camera.x) * camera.zoom + width / 2;
  const y = (place.y + ((cell.row + 0.5) / rows) * place.h - camera.y) * camera.zoom + height / 2;
  const margin = Math.min(60, width / 4, height / 4);
  const beyond = (at: number, room: number) => (at < margin ? margin - at : at > room - margin ? room - margin - at : 0);
  const [dx, dy] = [beyond(x, width), beyond(y, height)];
  if (dx !== 0 || dy !== 0) model.panBy(dx, dy);
}

const zoom = (factor: number) => ({ model }: Acts) => model.zoomBy(factor, undefined, true);

/** Goes to the next place that `check` complains of. */
const fault = (by: number) => ({ model }: Acts) => {
  const { faults } = model.statistics();
  if (faults.length === 0) {
    const { checked, of, note } = model.statistics();
    return model.say(checked < of ? "Still looking for faults" : note ? `Nothing to remark on, but ${note}` : "Nothing to remark on");
  }
  faultAt = (faultAt + by + faults.length) % faults.length;
  const found = faults[faultAt]!;
  showFault(model, found);
  model.say(`${faultAt + 1} of ${faults.length}: ${model.tensors[found.t]!.name}: ${found.text}`);
};
let faultAt = -1;

/** Goes to where a fault is; its cell is counted in the usual view of its tensor. */
export function showFault(model: Model, { t, at }: Fault): void {
  model.lookWhole(t);
  if (at) model.showCell({ tensor: t, row: at[0], col: at[1] });
  else model.showTensor(t);
}

/** A view in words. */
export function viewText({ axes, rowAxes: rows, colAxes: cols, component }: Pick<View, "axes" | "rowAxes" | "colAxes" | "component">): string {
  const part = ({ role, first, step, count, length }: View["axes"][number]) => {
    if (role === "index") return String(first);
    if (first === 0 && step === 1 && count === length) return ":";
    // Ends that are left out are where a slice that runs backwards ends.
    const end = first + step * count!;
    return `${first}:${end < 0 ? "" : end}:${step}`;
  };
  return `${componentText(component)}[${axes.map(part).join(",")}]${rows.join(".")}/${cols.join(".")}`;
}

/** How the text of a view begins. */
export function componentText(component: string | null): string {
  return component ? `@${component}` : "";
}

/** Shows the tensor that the panels speak of as another view of what it is now. */
async function lookAt(model: Model, change: (view: View) => string | null, none = "No axis has a slider: choose one in the details"): Promise<void> {
  const tensor = model.focus();
  if (tensor === null) return model.say("Choose a tensor first: click on it");
  try {
    const text = change(model.tensors[tensor]!.view ?? (await model.engine.view(tensor, "")));
    const wrong = text === null ? none : await model.look(tensor, text);
    if (wrong) model.say(wrong);
  } catch (error) {
    model.say(error instanceof Error ? error.message : String(error));
  }
}

export const transposed = (view: View) => viewText({ ...view, rowAxes: view.colAxes, colAxes: view.rowAxes });

/** Moves the first axis of which one position is seen. */
const slide = (by: number) => ({ model }: Acts) =>
  lookAt(model, (view) => {
    const { axes } = view;
    const at = axes.findIndex(({ role }) => role === "index");
    const axis = axes[at];
    if (!axis) return null;
    const first = Math.min(Math.max(axis.first + by, 0), axis.length - 1);
    return viewText({ ...view, axes: axes.with(at, { ...axis, first }) });
  });

/** Values, codes, scales and offsets of a quantised tensor, one after the other. */
const nextComponent = ({ model }: Acts) =>
  lookAt(
    model,
    (view) => {
      const known = [null, ...(model.tensors[model.focus()!]?.components ?? [])];
      return known.length > 1 ? componentOf(view, next(known, view.component)) : null;
    },
    "It has no codes and scales that hinton can show",
  );

/** The view of another component: of the same part, where that has as many values. */
export function componentOf(view: View, component: string | null): string {
  const isWhole = (one: string | null) => one === null || one === "codes";
  return isWhole(view.component) && isWhole(component) ? viewText({ ...view, component }) : componentText(component);
}

/** The next of a list after what is chosen now. */
function next<T>(list: readonly T[], now: T, by = 1): T {
  return list[(list.indexOf(now) + by + list.length) % list.length]!;
}

const neighbour = (by: number) => ({ model }: Acts) => {
  const at = model.tiles().findIndex((place) => place.tensor === model.focus());
  const tiles = model.tiles();
  const found = tiles[(at + by + tiles.length) % tiles.length];
  if (found) model.showTensor(found.tensor);
};

const RANGES = ["auto", "data", "q:0.999", "q:0.99", "q:0.95"];

/** Makes the range of colours narrower or wider by a factor. */
const stretch = (factor: number) => ({ model }: Acts) => {
  const colours = model.shades.of(model.focus())?.colours ?? model.shades.shared()?.colours;
  if (!colours) return;
  const middle = colours.low < 0 && colours.high > 0 ? 0 : (colours.low + colours.high) / 2;
  const end = (value: number) => Number((middle + (value - middle) * factor).toPrecision(4));
  model.choose({ range: `${end(colours.low)},${end(colours.high)}` });
};

const toggle = (key: "hinton" | "numbers" | "share" | "list" | "details") => ({ model }: Acts) =>
  model.choose({ [key]: !model.choice()[key] });

/** The next way of comparing, or none. */
function compare({ model }: Acts): void {
  const { comparison } = model;
  if (!comparison.possible()) return model.say("Nothing to compare: open two models, or keep a step of a run (k)");
  const ways = [null, ...WAYS.filter((way) => way !== "difference" || comparison.pairs.size > 0)];
  model.choose({ compare: next(ways, comparison.way()) });
}

function other({ model }: Acts): void {
  if (model.comparison.way() === "swipe") model.choose({ split: next([0.25, 0.5, 0.75], model.choice().split) });
  else model.comparison.turn();
}

function keep({ model }: Acts): void {
  const { step, against } = model.choice();
  if (step === null) return model.say("There are no steps to keep");
  if (against === step) {
    model.choose({ against: null, compare: null });
    return model.say("The step is let go of");
  }
  model.choose({ against: step, compare: model.choice().compare ?? "swipe" });
  model.say("Kept: other steps are compared with this one");
}

/** Every action: what the page listens to and what the overlay says are one table. */
export const ACTIONS: Action[] = [
  {
    keys: "← → ↑ ↓",
    about: "move the map, or the cell cursor; with shift ×16",
    group: "Move",
    on: { arrowleft: arrow(-1, 0), arrowright: arrow(1, 0), arrowup: arrow(0, -1), arrowdown: arrow(0, 1) },
  },
  { keys: "+ −", about: "zoom in, zoom out", group: "Move", on: { "+": zoom(1.6), "=": zoom(1.6), "-": zoom(1 / 1.6), _: zoom(1 / 1.6) } },
  { keys: "0", about: "the whole map", group: "Move", on: { "0": ({ model }) => model.showAll() } },
  {
    keys: "f",
    about: "the whole tensor",
    group: "Move",
    on: { f: ({ model }) => (model.focus() === null ? model.showAll() : model.showTensor(model.focus()!)) },
  },
  { keys: "[ ]", about: "tensor before, tensor after", group: "Move", on: { "[": neighbour(-1), "]": neighbour(1) } },
  {
    keys: "enter",
    about: "cell cursor on the middle cell, or zoom to it",
    group: "Read",
    on: {
      enter: ({ model }) => {
        const { width, height } = model.size();
        const found = model.cell() ?? model.cellAt({ x: width / 2, y: height / 2 });
        if (found) model.showCell(found);
      },
    },
  },
  {
    keys: "esc",
    about: "let go of cell, selection and tensor",
    group: "Read",
    on: {
      escape: ({ model }) => {
        if (model.selection()) model.setSelection(null);
        else if (model.cell()) model.setCell(null);
        else model.setChosen(null);
      },
    },
  },
  { keys: "c", about: "copy the selection as numpy", group: "Read", on: { c: ({ copyBox }) => copyBox() } },
  { keys: "i", about: "slice, such as [0,:,::2]", group: "Read", on: { i: ({ openSlice }) => openSlice() } },
  { keys: "\\", about: "transpose: rows become columns", group: "Read", on: { "\\": ({ model }) => void lookAt(model, transposed) } },
  { keys: "q", about: "codes, scales, offsets, values of a quantised tensor", group: "Read", on: { q: nextComponent } },
  { keys: "{ }", about: "position before, position after, on the first axis with a slider", group: "Read", on: { "{": slide(-1), "}": slide(1) } },
  { keys: "/", about: "find a tensor", group: "Find", on: { "/": ({ openFind }) => openFind() } },
  { keys: "g", about: "go to an index, such as g 4095,17", group: "Find", on: { g: ({ openGoTo }) => openGoTo() } },
  { keys: "n p", about: "next fault or remark, the one before", group: "Find", on: { n: fault(1), p: fault(-1) } },
  { keys: "h", about: "Hinton squares", group: "Colour", on: { h: toggle("hinton") } },
  { keys: "w", about: "written numbers", group: "Colour", on: { w: toggle("numbers") } },
  { keys: "< >", about: "narrower range, wider range", group: "Colour", on: { "<": stretch(1 / 1.25), ">": stretch(1.25) } },
  {
    keys: "r",
    about: "next range: automatic, all data, 99.9 %, 99 %, 95 %",
    group: "Colour",
    on: { r: ({ model }) => model.choose({ range: next(RANGES, model.choice().range) }) },
  },
  {
    keys: "m",
    about: "next colour map",
    group: "Colour",
    on: { m: ({ model }) => model.choose({ map: next(model.catalogue.maps.map(({ name }) => name), model.mapName()) }) },
  },
  {
    keys: "a",
    about: "next scale: linear, symlog, log",
    group: "Colour",
    on: { a: ({ model }) => model.choose({ scale: next(["linear", "symlog", "log"] as const, model.choice().scale) }) },
  },
  {
    keys: "o",
    about: "next fold: RMS and balance, mean, extreme, ink",
    group: "Colour",
    on: { o: ({ model }) => model.choose({ fold: next(["r", "m", "e", "i"] as const, model.choice().fold) }) },
  },
  {
    keys: "v",
    about: "compare: side by side, swipe, blink, difference",
    group: "Compare",
    on: { v: compare },
  },
  { keys: "x", about: "the other of two that blink, or the divider further", group: "Compare", on: { x: other } },
  { keys: "k", about: "keep this step to compare others with it", group: "Compare", on: { k: keep } },
  { keys: "s", about: "one range for all tensors of a kind, or each its own", group: "Colour", on: { s: toggle("share") } },
  { keys: "space", about: "play, pause", group: "Time", on: { " ": ({ player }) => player.toggle() } },
  { keys: ", .", about: "step before, step after", group: "Time", on: { ",": ({ player }) => player.stepBy(-1), ".": ({ player }) => player.stepBy(1) } },
  { keys: "home end", about: "first step, last step", group: "Time", on: { home: ({ player }) => player.goTo(0), end: ({ player }) => player.goTo(Number.POSITIVE_INFINITY) } },
  { keys: "l", about: "follow a run that is being written", group: "Time", on: { l: ({ player }) => player.follow() } },
  { keys: "b", about: "list of tensors", group: "Page", on: { b: toggle("list") } },
  { keys: "d", about: "details", group: "Page", on: { d: toggle("details") } },
  {
    keys: "t",
    about: "light or dark",
    group: "Page",
    on: { t: ({ model }) => model.choose({ theme: model.dark() ? "light" : "dark" }) },
  },
  { keys: "e", about: "export the picture", group: "Page", on: { e: ({ openExport }) => openExport() } },
  { keys: "y", about: "copy as command", group: "Page", on: { y: ({ copyCommand }) => copyCommand() } },
  { keys: "u", about: "copy the address of this view", group: "Page", on: { u: ({ copyLink }) => copyLink() } },
  { keys: "?", about: "keys", group: "Page", on: { "?": ({ openHelp }) => openHelp() } },
];

/** Kinds of `<input>` that no letter is typed into. */
const WITHOUT_LETTERS = ["range", "checkbox", "radio", "color", "button"];

/** Whether the control that has the focus uses a key itself. */
function isOwnKey(target: HTMLElement, key: string): boolean {
  if (target.isContentEditable || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  if (!WITHOUT_LETTERS.includes(target.type)) return true;
  return target.type === "range" ? /^(arrow|page|home|end)/.test(key) : key === " " || key === "enter" || key.startsWith("arrow");
}

export function listenToKeys(acts: Acts, signal: AbortSignal): void {
  const table = new Map<string, (acts: Acts, event: KeyboardEvent) => void>();
  for (const { on } of ACTIONS) for (const [key, act] of Object.entries(on)) table.set(key, act);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const target = event.target as HTMLElement;
    const key = event.key.toLowerCase();
    if (isOwnKey(target, key)) return;
    const pressed = ["BUTTON", "SUMMARY", "A"].includes(target.tagName) && (key === " " || key === "enter");
    const act = table.get(key);
    if (pressed || !act) return;
    if (target.closest("[role=listbox]") && key.startsWith("arrow")) return;
    event.preventDefault();
    act(acts, event);
  }, { signal });
}
