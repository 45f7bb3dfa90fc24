/** The data that hinton put into the page: crates/hinton-space/src/html.rs writes what is read here. */

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
  /** Whether all axes have one scale unless the reader wants it otherwise. */
  equal: boolean;
  guides: Guide[];
  regions: Region | null;
  /** x, y and, in space, z of every point; NaN where the point is missing. */
  positions: Float32Array[];
}

/** An arrow, or a closed outline, that goes through the steps as the points do. */
export interface Guide {
  closed: boolean;
  /** On a light page and on a dark one. */
  colors: [string, string];
  points: Triple[];
}

/** The class that each place of a plane is given. */
export interface Region {
  columns: number;
  rows: number;
  x: [number, number];
  y: [number, number];
  colors: string[];
  /** The place of each cell's colour, row by row, largest y first, in base 64. */
  cells: string;
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
  /** For every point the place of its class in the legend; -1 without one. */
  classes: Int16Array;
  /** The points as pictures, where they are: 8 bits a pixel, point after point. */
  pictures: { width: number; height: number; pixels: Uint8Array } | null;
}

/** Reads the page's two blocks of data. */
export function readPage(): Page {
  const { lines, ...words } = JSON.parse(textOf("page"));
  const page = words as Page;
  const bytes = bytesOf(textOf("data"));
  let at = 0;
  const take = (length: number) => bytes.slice(at, (at += length)).buffer;
  page.lines = new Uint32Array(take(lines * 8));
  for (const frame of page.frames) {
    const axes = frame.dims > 2 ? 3 : 2;
    frame.positions = Array.from({ length: axes }, () => new Float32Array(take(page.count * 4)));
  }
  page.colors = new Uint8Array(take(page.count * 3));
  page.classes = classesOf(page);
  if (page.pictures) {
    const { width, height } = page.pictures;
    page.pictures.pixels = new Uint8Array(take(page.count * width * height));
  }
  return page;
}

/** Which of the legend's classes has each point's colour. */
function classesOf(page: Page): Int16Array {
  const classes = new Int16Array(page.count).fill(-1);
  if (page.legend?.kind !== "labels") return classes;
  const key = (red: number, green: number, blue: number) => (red << 16) | (green << 8) | blue;
  const places = new Map(page.legend.items.map(([, color], at) => [key(...rgbOf(color)), at]));
  for (let point = 0; point < page.count; point++) {
    const [red, green, blue] = page.colors.subarray(point * 3, point * 3 + 3);
    classes[point] = places.get(key(red!, green!, blue!)) ?? -1;
  }
  return classes;
}

/** The name of a point's class; empty without one. */
export function classOf(page: Page, point: number): string {
  const items = page.legend?.kind === "labels" ? page.legend.items : [];
  return items[page.classes[point]!]?.[0] ?? "";
}

/** `#0072b2` as red, green and blue. */
export function rgbOf(color: string): [number, number, number] {
  const hex = Number.parseInt(color.slice(1), 16);
  return [(hex >> 16) & 255, (hex >> 8) & 255, hex & 255];
}

function textOf(id: string): string {
  return document.getElementById(id)!.textContent!;
}

export function bytesOf(text: string): Uint8Array {
  const letters = atob(text.trim());
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}
