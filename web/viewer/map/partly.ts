import type { Model } from "../model";
import { type Rect, overlaps } from "./camera";
import { FONT, clipped } from "./labels";
import type { Ink } from "./overlay";
import type { Seen } from "./plan";

/** Least part of a tensor in sight that is worth a name, pixels. */
const LEAST = { w: 110, h: 40 };
/** With more tensors in sight their names would be all that is read. */
const MOST = 40;
const SIZE = 11;

/**
 * The names of tensors that reach beyond the edge of the map, inside what is seen of them: their own words lie out
 * of sight. That of the tensor in focus stands above the map. Places that are written on are added to `taken`.
 */
export function drawPartNames(context: CanvasRenderingContext2D, model: Model, found: readonly Seen[], taken: Rect[], ink: Ink): void {
  const { width, height } = model.size();
  const partly = found.filter(({ rect }) => rect.x < 0 || rect.y < 0 || rect.x + rect.w > width || rect.y + rect.h > height);
  if (partly.length > MOST) return;
  context.font = `500 ${SIZE}px ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { rect, tensor } of partly) {
    if (tensor.id === model.focus()) continue;
    const [left, top] = [Math.max(rect.x, 0), Math.max(rect.y, 0)];
    const [w, h] = [Math.min(rect.x + rect.w, width) - left, Math.min(rect.y + rect.h, height) - top];
    if (w < LEAST.w || h < LEAST.h) continue;
    const text = clipped(context, tensor.name, w - 24);
    const box = { x: left + 6, y: top + 6, w: context.measureText(text).width + 12, h: SIZE + 8 };
    if (!text || taken.some((other) => overlaps(other, box))) continue;
    taken.push(box);
    context.globalAlpha = 0.88;
    context.fillStyle = ink.paper;
    context.beginPath();
    context.roundRect(box.x, box.y, box.w, box.h, 4);
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = ink.text;
    context.fillText(text, box.x + 6, box.y + box.h / 2 + 0.5);
  }
}
