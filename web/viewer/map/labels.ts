import type { Label } from "../engine";
import type { Model } from "../model";
import { type Rect, rectToScreen } from "./camera";
import type { Ink } from "./overlay";
import { Room } from "./room";

export const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** What is most important is written first; what would cover it is left out. */
const RANK = { group: 0, column: 1, row: 2, tile: 3 };
/** Labels that are cut to less room than this are left out: a few letters of a name tell nothing. */
const NARROWEST = { group: 0, column: 32, row: 0, tile: 48 };
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
  // What is written under a tile stays in its order: the name, then the shape, which alone tells nothing.
  const length = ({ label, rect }: Candidate) => (label.role === "tile" ? 0 : rect.w);
  candidates.sort((one, other) => RANK[one.label.role] - RANK[other.label.role] || length(other) - length(one));
  const tiles = model.tiles().map((place) => rectToScreen(camera, model.size(), place));
  const room = new Room(tiles, candidates, [...taken], width);
  for (const { label, rect } of candidates.slice(0, MOST)) {
    for (const where of label.upright ? [rect, room.overTile(rect)] : [rect]) {
      const along = room.along(label, where);
      const line = label.upright ? upright(context, label, where, along) : level(context, label, where, camera.zoom, along);
      if (!room.take(label, where, line?.box)) continue;
      write(context, line!, label, ink);
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

function level(context: CanvasRenderingContext2D, label: Label, rect: Rect, zoom: number, along: number): Line | null {
  const size = sizeOf(label, rect.h);
  context.font = font(label, size);
  const room = along + 2 * Math.min(zoom, 1);
  const text = room < Number.POSITIVE_INFINITY ? clipped(context, label.text, room) : label.text;
  if (!text || (text !== label.text && along < NARROWEST[label.role])) return null;
  const w = context.measureText(text).width;
  const x = label.align === "right" ? rect.x + rect.w - w : label.align === "center" ? rect.x + (rect.w - w) / 2 : rect.x;
  // At great zoom the label's own height says nothing: it stays where its text begins.
  const h = size + 3;
  return { text, size, box: { x: x - 1, y: rect.y + Math.min(rect.h / 2, h / 2) - h / 2, w: w + 4, h } };
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

