import { createEffect, on } from "solid-js";
import { WAYS } from "./compare";
import type { Catalogue, Engine } from "./engine";
import type { Choice, Model, SeenAs } from "./model";

/** Raised when an old address would mean something else. */
const VERSION = "1";

interface Part {
  write(model: Model): string | null;
  read(model: Model, text: string): void;
}

const FOLDS = ["r", "m", "e", "i"];
const SCALES = ["linear", "log", "symlog"];

function chosen<K extends keyof Choice>(key: K, write: (value: Choice[K]) => string, read: (text: string) => Choice[K] | undefined): Part {
  return {
    write: (model) => (model.choice()[key] === model.initial[key] ? null : write(model.choice()[key])),
    read: (model, text) => {
      const value = read(text);
      if (value !== undefined) model.choose({ [key]: value });
    },
  };
}

const onOff = (key: "share" | "hinton" | "numbers" | "list" | "details") =>
  chosen(key, (value) => (value ? "1" : "0"), (text) => (text === "1" ? true : text === "0" ? false : undefined));

/** How each part of the view is written after the `#`; what is as at first is left out. */
const PARTS: Record<string, Part> = {
  at: {
    write: (model) => {
      const [camera, home] = [model.camera(), model.home()];
      const places = Math.max(0, Math.ceil(Math.log10(camera.zoom)) + 2);
      const near = (one: number, other: number) => Math.abs(one - other) * camera.zoom < 1;
      if (near(camera.x, home.x) && near(camera.y, home.y) && Math.abs(camera.zoom / home.zoom - 1) < 1e-3) return null;
      return [camera.x.toFixed(places), camera.y.toFixed(places), Number(camera.zoom.toPrecision(4))].map(Number).join(",");
    },
    read: (model, text) => {
      const [x, y, zoom] = text.split(",").map(Number) as [number, number, number];
      if ([x, y, zoom].every(Number.isFinite) && zoom > 0) model.setCamera({ x, y, zoom });
    },
  },
  // The shape of the window that the map is laid out for: without it a place would be elsewhere.
  a: {
    write: (model) => (PARTS.at!.write(model) === null || model.aspect === null ? null : model.aspect.toFixed(2)),
    read: () => {},
  },
  t: {
    write: ({ chosen }) => (chosen() === null ? null : String(chosen())),
    read: (model, text) => {
      if (/^\d+$/.test(text) && model.tensors[Number(text)]) model.setChosen(Number(text));
    },
  },
  // Read before all others: they speak of rows and columns of the view.
  view: {
    write: (model) => {
      const firsts = [...model.views()].filter(([tensor]) => !model.tensors[tensor]!.made && !isSecond(model, tensor));
      return firsts.length === 0 ? null : firsts.map(([tensor, { text }]) => `${tensor}:${text}`).join(";");
    },
    read: () => {},
  },
  cell: {
    write: ({ cell }) => {
      const at = cell();
      return at && `${at.tensor}:${at.row},${at.col}`;
    },
    read: (model, text) => {
      const [tensor, row, col] = text.split(/[:,]/).map(Number) as [number, number, number];
      const found = model.tensors[tensor];
      if (found && row >= 0 && col >= 0 && row < found.rows && col < found.cols) model.setCell({ tensor, row, col });
    },
  },
  box: {
    write: ({ selection }) => {
      const found = selection();
      return found && `${found.tensor}:${found.box.r0}-${found.box.r1},${found.box.c0}-${found.box.c1}`;
    },
    read: (model, text) => {
      const [tensor, r0, r1, c0, c1] = text.split(/[:,-]/).map(Number) as [number, number, number, number, number];
      const found = model.tensors[tensor];
      if (found && r0 >= 0 && r0 < r1 && r1 <= found.rows && c0 >= 0 && c0 < c1 && c1 <= found.cols) {
        model.setSelection({ tensor, box: { r0, r1, c0, c1 } });
      }
    },
  },
  cmp: chosen("compare", (value) => value ?? "", (text) => WAYS.find((way) => way === text)),
  split: chosen("split", (value) => value.toFixed(3), (text) => (Number(text) > 0 && Number(text) < 1 ? Number(text) : undefined)),
  with: chosen("against", String, (text) => (/^\d+$/.test(text) ? Number(text) : undefined)),
  step: chosen("step", String, (text) => (/^\d+$/.test(text) ? Number(text) : undefined)),
  map: chosen("map", (value) => value ?? "", (text) => text || undefined),
  scale: chosen("scale", String, (text) => (SCALES.includes(text) ? (text as Choice["scale"]) : undefined)),
  range: chosen("range", String, (text) => text || undefined),
  fold: chosen("fold", String, (text) => (FOLDS.includes(text) ? (text as Choice["fold"]) : undefined)),
  share: onOff("share"),
  h: onOff("hinton"),
  n: onOff("numbers"),
  list: onOff("list"),
  panel: onOff("details"),
  // For whoever has a driver that draws wrongly; read when the page opens.
  draw: {
    write: ({ painting }) => painting,
    read: (model, text) => {
      if (text === "plain" || text === "card") model.painting = text;
    },
  },
  theme: chosen("theme", String, (text) => (text === "light" || text === "dark" ? text : undefined)),
};

/** Whether a tensor is seen as another is that it is compared with. */
function isSecond(model: Model, tensor: number): boolean {
  return [...model.comparison.pairs.values()].some(({ b }) => b === tensor);
}

/** The views that an address names; those that make no sense are passed over. */
export async function seenIn(hash: string, engine: Engine, { tensors, pairs }: Catalogue): Promise<SeenAs[]> {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const text = words.get("v") === VERSION ? words.get("view") : null;
  const found = (text ? text.split(";") : []).flatMap((part) => {
    const [tensor, view] = [Number(part.slice(0, part.indexOf(":"))), part.slice(part.indexOf(":") + 1)];
    if (!tensors[tensor]) return [];
    const pair = pairs.find(({ a }) => a === tensor);
    const ids = pair ? [tensor, pair.b, pair.difference] : [tensor];
    return ids.map((id) => engine.view(id, view).then((view): SeenAs => ({ tensor: id, view })).catch(() => null));
  });
  return (await Promise.all(found)).filter((one) => one !== null);
}

/** The shape of the window that an address was written for; null for the usual one of older addresses. */
export function aspectOf(hash: string, window: number): number | null {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  if (words.get("v") !== VERSION || !(words.has("at") || words.has("a"))) return window;
  const aspect = Number(words.get("a"));
  return aspect > 0 && Number.isFinite(aspect) ? aspect : null;
}

export function writeAddress(model: Model): string {
  const words: string[] = [];
  for (const [name, part] of Object.entries(PARTS)) {
    const text = part.write(model);
    if (text !== null) words.push(`${name}=${encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%2F/g, "/")}`);
  }
  return words.length > 0 ? `v=${VERSION}&${words.join("&")}` : "";
}

/** Takes the view from a hash; words that make no sense are passed over. */
export function readAddress(model: Model, hash: string): boolean {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  if (words.get("v") !== VERSION) return false;
  for (const [name, part] of Object.entries(PARTS)) {
    const text = words.get(name);
    if (text !== null) part.read(model, text);
  }
  return words.has("at");
}

/** Keeps the address in step with the view, and the view with an address changed by hand. */
export function keepInAddress(model: Model, signal: AbortSignal): void {
  let timer: number | undefined;
  let written = location.hash;
  const write = () => {
    timer = undefined;
    delete document.body.dataset.moving;
    const hash = writeAddress(model);
    written = hash ? `#${hash}` : "";
    try {
      history.replaceState(null, "", written || location.pathname + location.search);
    } catch {
      // Pages inside other pages may not change their address.
    }
  };
  createEffect(
    on([model.camera, model.choice, model.chosen, model.cell, model.selection, model.views], () => {
      // Not while the map moves: browsers allow an address to change only so often.
      clearTimeout(timer);
      timer = window.setTimeout(write, 200);
      document.body.dataset.moving = "";
    }, { defer: true }),
  );
  addEventListener("hashchange", () => {
    const { hash } = location;
    if (hash === written) return;
    void seenIn(hash, model.engine, model.catalogue).then((seen) => {
      for (const tensor of model.views().keys()) if (!seen.some((other) => other.tensor === tensor)) model.lookWhole(tensor);
      model.apply(seen);
      readAddress(model, hash);
    });
  }, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
}
