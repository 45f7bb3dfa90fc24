import type { Store, View } from "./view";

/** How each part of the view is written after the `#`; what is as it was at first is left out. */
const PARTS: { [K in keyof View]: { write(value: View[K]): string; read(text: string): View[K] | undefined } } = {
  // People count from 1.
  step: { write: (step) => number(step + 1), read: (text) => minusOne(finite(text)) },
  azimuth: { write: number, read: finite },
  elevation: { write: number, read: finite },
  zoom: { write: number, read: finite },
  panX: { write: number, read: finite },
  panY: { write: number, read: finite },
  points: { write: onOff, read: isOn },
  lines: { write: onOff, read: isOn },
  size: { write: number, read: finite },
  equal: { write: (equal) => (equal === null ? "auto" : onOff(equal)), read: isOn },
  hidden: { write: String, read: (text) => (/^\d+(,\d+)*$/.test(text) ? text : undefined) },
  axes: { write: onOff, read: isOn },
  guides: { write: onOff, read: isOn },
  theme: { write: String, read: (text) => (text === "light" || text === "dark" ? text : undefined) },
};

const KEYS = Object.keys(PARTS) as (keyof View)[];

export function writeHash(view: View, initial: View): string {
  const words = KEYS.filter((key) => view[key] !== initial[key]);
  return words.map((key) => `${key}=${(PARTS[key].write as (value: unknown) => string)(view[key])}`).join("&");
}

/** What a hash says; words that make no sense are passed over. */
export function readHash(hash: string): Partial<View> {
  const view: Record<string, unknown> = {};
  for (const word of hash.replace(/^#/, "").split("&")) {
    const [key, text] = word.split("=");
    if (!key || text === undefined || !(KEYS as string[]).includes(key)) continue;
    const value = PARTS[key as keyof View].read(text);
    if (value !== undefined) view[key] = value;
  }
  return view as Partial<View>;
}

/** Keeps the address in step with the view, and the view with an address that is changed by hand. */
export function keepInAddress(store: Store): void {
  let timer: number | undefined;
  let written = location.hash;
  const write = () => {
    timer = undefined;
    const hash = writeHash(store.view, store.initial);
    written = hash ? `#${hash}` : "";
    try {
      history.replaceState(null, "", written || location.pathname + location.search);
    } catch {
      // Pages inside other pages may not change their address.
    }
  };
  store.onChange(() => {
    timer ??= window.setTimeout(write, 200);
  });
  addEventListener("hashchange", () => {
    if (location.hash !== written) store.set({ ...store.initial, ...readHash(location.hash) });
  });
}

function number(value: number): string {
  return String(Number(value.toFixed(3)));
}

function finite(text: string): number | undefined {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : undefined;
}

function minusOne(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value - 1;
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}

function isOn(text: string): boolean | undefined {
  return text === "on" ? true : text === "off" ? false : undefined;
}
