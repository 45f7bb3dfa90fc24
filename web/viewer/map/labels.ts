import type { Label } from "../engine";
import type { Model } from "../model";
import { type Rect, overlaps, rectToScreen } from "./camera";
import type { Ink } from "./overlay";

export const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** What is most important is written first; what would cover it is left out. */
const RANK = { group: 0, column: 1, row: 2, tile: 3 };
/** Labels that are cut to less room than this are left out: a few letters of a name tell nothing. */
const NARROWEST = { group: 0, column: 32, row: 0, tile: 48 };
/** How far the name of a column may reach above its room on the map, where nothing else is there, pixels. */
const HIGHEST = 120;
/** How far the name of a tile may reach to its right. */
const LONGEST = 220;
/** Nobody can read thousands of labels, and they cannot all have room. */
const MOST = 1500;

interface Candidate {
  label: Label;
  rect: Rect;
}

/** A text that is to be written: where its box is, and how much room there is along it. */
interface Line {
  text: string;
  size: number;
  box: Rect;
}

export function drawLabels(context: CanvasRenderingContext2D, model: Model, taken: Rect[], ink: Ink): void {
  const { width, height } = model.size();
  const camera = model.camera();
  const candidates: Candidate[] = [];
  for (const label of model.comparison.labels()) {
    const rect = rectToScreen(camera, model.size(), label);
    if (rect.x > width || rect.y > height || rect.x + Math.max(rect.w, 200) < 0 || rect.y + rect.h < 0) continue;
    candidates.push({ label, rect });
  }
  candidates.sort((one, other) => RANK[one.label.role] - RANK[other.label.role] || other.rect.w - one.rect.w);
  const placed: Rect[] = [...taken];
  const rows = candidates.some(({ label }) => label.role === "row");
  const columns = candidates.some(({ label }) => label.upright);
  const names = candidates.filter(({ label }) => label.role === "tile").length;
  const tiles = rows || columns || names > 0 ? model.tiles().map((place) => rectToScreen(camera, model.size(), place)) : [];
  // Where thousands of names are side by side none has room to spare.
  const after = names > MOST ? null : [...candidates.filter(({ label }) => label.role !== "group" && !label.upright).map(({ rect }) => rect), ...tiles];
  for (const { label, rect } of candidates.slice(0, MOST)) {
    const room = label.role === "row" && label.align === "right" ? roomBeside(rect, tiles) : label.role === "tile" && after ? roomAfter(rect, after, width) : Number.POSITIVE_INFINITY;
    for (const where of label.upright ? [rect, overTile(rect, tiles)] : [rect]) {
      const line = label.upright ? upright(context, label, where, roomAbove(where, tiles, placed)) : level(context, label, where, camera.zoom, room);
      if (!line || placed.some((other) => overlaps(other, line.box))) continue;
      placed.push(line.box);
      write(context, line, label, ink);
      break;
    }
  }
}

/** The letters' size on the screen: that of the map, within what can be read and what is no poster. */
function sizeOf(label: Label, thickness: number): number {
  const [least, most] = label.role === "group" ? [11, 13] : [9, 11.5];
  return Math.min(Math.max(thickness * 0.88, least), most);
}

function font(label: Label, size: number): string {
  return `${label.role === "group" ? 600 : 400} ${size}px ${FONT}`;
}

/** How long the name of a row may be: to the tile that is left of it, where rows stand side by side. */
function roomBeside(rect: Rect, tiles: Rect[]): number {
  const end = rect.x + rect.w;
  let room = Number.POSITIVE_INFINITY;
  for (const tile of tiles) {
    const isBeside = tile.y < rect.y + rect.h && tile.y + tile.h > rect.y && tile.x < rect.x;
    if (isBeside) room = Math.min(room, Math.max(end - tile.x - tile.w - 4, rect.w));
  }
  return room;
}

/** How long the name under a tile may be: to what is next on its line. */
function roomAfter(rect: Rect, others: Rect[], end: number): number {
  let room = Math.min(end - rect.x, LONGEST);
  for (const other of others) {
    const isAfter = other.x > rect.x && other.y < rect.y + rect.h && other.y + other.h > rect.y;
    if (isAfter) room = Math.min(room, other.x - rect.x - 8);
  }
  return room;
}

function level(context: CanvasRenderingContext2D, label: Label, rect: Rect, zoom: number, beside: number): Line | null {
  const size = sizeOf(label, rect.h);
  context.font = font(label, size);
  // Groups have nothing beside them; the others end where their tile does.
  const room = label.role === "group" ? Number.POSITIVE_INFINITY : label.role === "row" ? beside : Math.max(rect.w + 2 * Math.min(zoom, 1), label.role === "tile" && beside < Number.POSITIVE_INFINITY ? beside : 0);
  const text = room < Number.POSITIVE_INFINITY ? clipped(context, label.text, room) : label.text;
  if (!text || (text !== label.text && rect.w < NARROWEST[label.role])) return null;
  const w = context.measureText(text).width;
  const x = label.align === "right" ? rect.x + rect.w - w : label.align === "center" ? rect.x + (rect.w - w) / 2 : rect.x;
  // At great zoom the label's own height says nothing: it stays where its text begins.
  const h = size + 3;
  return { text, size, box: { x: x - 1, y: rect.y + Math.min(rect.h / 2, h / 2) - h / 2, w: w + 4, h } };
}

/**
 * How long the name of a column may be: letters do not shrink with the map, so it may reach above its room there, to the
 * tiles or words that are above it.
 */
function roomAbove(rect: Rect, tiles: Rect[], placed: Rect[]): number {
  const end = rect.y + rect.h;
  let room = Math.max(HIGHEST, rect.h);
  for (const other of [tiles, placed].flat()) {
    const isAbove = other.x < rect.x + rect.w && other.x + other.w > rect.x && other.y < rect.y;
    if (isAbove) room = Math.min(room, Math.max(end - other.y - other.h - 4, rect.h));
  }
  return room;
}

/** In the middle above the tile that is named: the second place for a name whose neighbour is in its way. */
function overTile(rect: Rect, tiles: Rect[]): Rect {
  const end = rect.y + rect.h;
  const middle = rect.x + rect.w / 2;
  const named = tiles.find((tile) => tile.x <= middle && tile.x + tile.w >= middle && tile.y >= end - 1 && tile.y < end + rect.w + 8);
  return named ? { ...rect, x: named.x + (named.w - rect.w) / 2 } : rect;
}

/** Written upwards, from the end that is next to the column. */
function upright(context: CanvasRenderingContext2D, label: Label, rect: Rect, room: number): Line | null {
  const size = sizeOf(label, rect.w);
  context.font = font(label, size);
  const text = clipped(context, label.text, room);
  if (!text || (text !== label.text && room < NARROWEST[label.role])) return null;
  const [w, h] = [size + 2, context.measureText(text).width + 4];
  return { text, size, box: { x: rect.x + rect.w / 2 - w / 2, y: rect.y + rect.h - h, w, h } };
}

function write(context: CanvasRenderingContext2D, { text, size, box }: Line, label: Label, ink: Ink): void {
  context.save();
  if (label.upright) {
    context.translate(box.x + box.w / 2, box.y + box.h - 1);
    context.rotate(-Math.PI / 2);
  } else context.translate(box.x + 1, box.y + box.h / 2);
  context.font = font(label, size);
  context.textAlign = "left";
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = ink.paper;
  context.globalAlpha = 0.85;
  context.strokeText(text, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = label.role === "tile" || label.role === "row" ? ink.soft : ink.text;
  context.fillText(text, 0, 0);
  context.restore();
}

const WIDTHS = new Map<string, string>();

/** The text, or as much of its end as there is room for: the ends of names tell tensors apart. */
export function clipped(context: CanvasRenderingContext2D, text: string, room: number): string {
  const key = `${context.font}/${Math.floor(room)}/${text}`;
  const known = WIDTHS.get(key);
  if (known !== undefined) return known;
  // What was shortened by the engine is shortened further from its front: one ellipsis is enough.
  const end = text.slice(text.indexOf("\u2026") + 1).replace(/^\./, "");
  let shown = text;
  if (context.measureText(text).width > room) {
    let [low, high] = [0, end.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (context.measureText(`\u2026${end.slice(end.length - middle)}`).width <= room) low = middle;
      else high = middle - 1;
    }
    shown = low > 1 ? `\u2026${end.slice(end.length - low)}` : "";
  }
  if (WIDTHS.size > 20_000) WIDTHS.clear();
  WIDTHS.set(key, shown);
  return shown;
}

