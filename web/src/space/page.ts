/** The data that hinton put into the page: crates/hinton/src/space/html.rs writes what is read here. */

export type Triple = [number, number, number];

export interface Frame {
  name: string;
  detail: string;
  /** Dimensions drawn: 1 and 2 are flat. */
  dims: number;
  /** How points come here from the frame before. */
  morph: "linear" | "activation" | "cut";
  /** Points that are not finite here, and so not drawn. */
  missing: number;
  low: Triple;
  high: Triple;
  axes: [string, string, string];
  /** x, y and, in space, z of every point; NaN where the point is missing. */
  positions: Float32Array[];
}

export type Legend =
  | { kind: "labels"; items: [string, string][] }
  | { kind: "ramp"; label: string; low: number | null; high: number | null; colors: string[] }
  | { kind: "plane"; labels: [string, string]; low: Ends; high: Ends; colors: string[][] };

/** JSON has no infinities: they arrive as null. */
type Ends = [number | null, number | null];

export interface Page {
  title: string;
  count: number;
  frames: Frame[];
  /** Red, green, blue of every point. */
  colors: Uint8Array;
  /** Pairs of point numbers. */
  lines: Uint32Array;
  legend: Legend | null;
  notes: string[];
}

/** Reads the page's two blocks of data. */
export function readPage(): Page {
  const { lines, ...words } = JSON.parse(textOf("page"));
  const page = words as Page;
  const bytes = fromBase64(textOf("data"));
  let at = 0;
  const take = (length: number) => bytes.slice(at, (at += length)).buffer;
  page.lines = new Uint32Array(take(lines * 8));
  for (const frame of page.frames) {
    const axes = frame.dims > 2 ? 3 : 2;
    frame.positions = Array.from({ length: axes }, () => new Float32Array(take(page.count * 4)));
  }
  page.colors = new Uint8Array(take(page.count * 3));
  return page;
}

function textOf(id: string): string {
  return document.getElementById(id)!.textContent!;
}

function fromBase64(text: string): Uint8Array {
  const letters = atob(text.trim());
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}
