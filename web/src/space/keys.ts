import type { Standpoint } from "./camera";
import { panBy, turnBy, zoomAt } from "./gestures";
import type { Player } from "./player";
import { HOME, type Store } from "./view";

export interface Acts {
  store: Store;
  player: Player;
  standpoint(): Standpoint;
  toggleTheme(): void;
  showKeys(): void;
}

interface Key {
  /** As a reader is told; the first of `on` if there is nothing to tell apart. */
  shown: string;
  about: string;
  /** Values of `KeyboardEvent.key`, small letters, and what each does. */
  on: Record<string, (acts: Acts, event: KeyboardEvent) => void>;
}

/** Back to what the step says by itself where that is wanted, so that the address is free of it again. */
const toggleEqual = ({ store, standpoint }: Acts) => {
  const { isEqual, isEqualByItself } = standpoint();
  store.set({ equal: isEqual === isEqualByItself ? !isEqual : null });
};

const toggle = (key: "points" | "lines" | "axes" | "guides") => ({ store }: Acts) =>
  store.set({ [key]: !store.view[key] });

/** Turns the camera in space; a flat picture moves, as it does with shift. */
const arrow = (x: number, y: number) => (acts: Acts, event: KeyboardEvent) => {
  const standpoint = acts.standpoint();
  if (event.shiftKey || standpoint.flatness === 1) panBy(acts.store, standpoint, x * 24, y * 24);
  else turnBy(acts.store, -x * 5, y * 5);
};

const zoom = (change: number) => (acts: Acts) => zoomAt(acts.store, acts.standpoint(), change);

/** Every key: what the page listens to and what it says are one table. */
const KEYS: Key[] = [
  { shown: "space", about: "play, pause", on: { " ": ({ player }) => player.toggle() } },
  {
    shown: ", .",
    about: "step before, step after",
    on: {
      ",": ({ player }) => player.stepBy(-1),
      ".": ({ player }) => player.stepBy(1),
      pageup: ({ player }) => player.stepBy(-1),
      pagedown: ({ player }) => player.stepBy(1),
    },
  },
  {
    shown: "home end",
    about: "first step, last step",
    on: { home: ({ player }) => player.goTo(0), end: ({ player, store }) => player.goTo(store.lastStep) },
  },
  {
    shown: "1 … 9",
    about: "that step",
    on: Object.fromEntries(
      Array.from({ length: 9 }, (_, step) => [String(step + 1), ({ player }: Acts) => player.goTo(step)]),
    ),
  },
  {
    shown: "← → ↑ ↓",
    about: "turn; with shift, move",
    on: { arrowleft: arrow(-1, 0), arrowright: arrow(1, 0), arrowup: arrow(0, -1), arrowdown: arrow(0, 1) },
  },
  { shown: "+ −", about: "zoom", on: { "+": zoom(1.2), "=": zoom(1.2), "-": zoom(1 / 1.2), _: zoom(1 / 1.2) } },
  { shown: "r", about: "reset the view", on: { r: ({ store }) => store.set(HOME), "0": ({ store }) => store.set(HOME) } },
  { shown: "p", about: "points on, off", on: { p: toggle("points") } },
  { shown: "l", about: "lines on, off", on: { l: toggle("lines") } },
  { shown: "a", about: "axes on, off", on: { a: toggle("axes") } },
  { shown: "g", about: "arrows and outlines on, off", on: { g: toggle("guides") } },
  { shown: "e", about: "equal axes, or each fills the box", on: { e: toggleEqual } },
  {
    shown: "[ ]",
    about: "smaller points, larger points",
    on: {
      "[": ({ store }) => store.set({ size: store.view.size - 0.5 }),
      "]": ({ store }) => store.set({ size: store.view.size + 0.5 }),
    },
  },
  { shown: "t", about: "light, dark", on: { t: ({ toggleTheme }) => toggleTheme() } },
  { shown: "?", about: "this list", on: { "?": ({ showKeys }) => showKeys() } },
];

const ACTIONS = Object.assign({}, ...KEYS.map((key) => key.on)) as Key["on"];

export function listenToKeys(acts: Acts): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.target as HTMLElement;
    // Controls keep the keys that they know themselves.
    const own = target.closest("select, summary, button, input, pre");
    if (own && OWN_KEYS.has(event.key)) return;
    const action = ACTIONS[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action(acts, event);
  });
}

const OWN_KEYS = new Set([" ", "Enter", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

/** The list of keys as rows of a table. */
export function fillKeys(table: HTMLElement): void {
  for (const { shown, about } of KEYS) {
    const row = document.createElement("tr");
    const keys = document.createElement("th");
    keys.scope = "row";
    for (const key of shown.split(" ")) {
      const name = document.createElement(key === "…" ? "span" : "kbd");
      name.textContent = key;
      keys.append(name, " ");
    }
    const what = document.createElement("td");
    what.textContent = about;
    row.append(keys, what);
    table.append(row);
  }
}
