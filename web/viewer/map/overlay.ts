import type { Pane } from "../compare";
import type { Cell, Model } from "../model";
import { fromBits16, isNaN16 } from "../bits";
import { short } from "../numbers";
import { type Rect, rectToScreen } from "./camera";
import { FONT, clipped, drawLabels } from "./labels";
import { drawPartNames } from "./partly";
import type { Seen } from "./plan";
import type { Stage } from "./stage";

/** Cells at least so large have their number written in them, CSS pixels. */
const NUMBER = { w: 34, h: 15 };
/** With more tensors in sight than this, lines and marks of each would be all that is seen. */
const MANY = 4000;
/** Cells at least so large have a line between them. */
const GRID = 10;
/** Blocks of a quantised tensor at least so wide have a line between them. */
const BLOCK = 6;

export interface Ink {
  text: string;
  soft: string;
  line: string;
  accent: string;
  paper: string;
  alarm: string;
}

/** The colours of the style sheet; read anew when light and dark change. */
const inks = new Map<boolean, Ink>();

function inkOf(dark: boolean): Ink {
  let ink = inks.get(dark);
  if (!ink) {
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    ink = { text: colour("ink"), soft: colour("soft"), line: colour("map-line"), accent: colour("accent"), paper: colour("page"), alarm: colour("alarm") };
    inks.clear();
    inks.set(dark, ink);
  }
  return ink;
}

/** Draws words and lines over the tiles: frames, labels, numbers, the cursor, the selection. */
export function drawOverlay(context: CanvasRenderingContext2D, ratio: number, stage: Stage, model: Model, found: Seen[], pane: Pane): void {
  const { width, height } = model.size();
  const ink = inkOf(model.dark());
  context.textBaseline = "middle";
  drawFrames(context, ratio, model, found, pane, ink);
  for (const one of found) {
    const cell = { w: one.rect.w / one.tensor.cols, h: one.rect.h / one.tensor.rows };
    if (cell.w >= GRID && cell.h >= GRID) drawGrid(context, one, cell, width, height, ink);
    drawBorders(context, one, cell, width, height, ink);
    if (cell.w >= NUMBER.w && cell.h >= NUMBER.h && model.choice().numbers && !model.choice().hinton) {
      drawNumbers(context, stage, model, one, cell, pane);
    }
  }
  drawSelection(context, model, ink);
  drawCursor(context, model, model.hover(), ink.soft, 1);
  drawCursor(context, model, model.cell(), ink.accent, 2);
  const taken = drawRulers(context, model, found, ink);
  drawPartNames(context, model, found, taken, ink);
  drawLabels(context, model, taken, ink);
  if (pane.name) drawName(context, pane, ink);
}

/** Which of the two a part shows. */
function drawName(context: CanvasRenderingContext2D, { name, clip, left }: Pane, ink: Ink): void {
  context.font = `600 12px ${FONT}`;
  context.textAlign = "left";
  const text = clipped(context, name, Math.max(clip.w - 32, 0));
  if (!text) return;
  const width = context.measureText(text).width + 16;
  // The first is named on the left and the other on the right, so that swiping covers neither early.
  const x = clip.x > 0 ? clip.x + clip.w - width - 8 - left : clip.x + 8 - left;
  context.fillStyle = ink.paper;
  context.globalAlpha = 0.92;
  context.beginPath();
  context.roundRect(x, 8, width, 22, 5);
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = ink.line;
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = ink.text;
  context.fillText(text, x + 8, 19.5);
}

function drawFrames(context: CanvasRenderingContext2D, ratio: number, model: Model, found: Seen[], pane: Pane, ink: Ink): void {
  const [chosen, faults, quiet] = [model.chosen(), model.faultsOf(), model.quiet()];
  const many = found.length > MANY;
  const [wide, high] = many ? [14, 14] : [6, 3];
  context.lineWidth = 1 / ratio;
  context.strokeStyle = ink.line;
  context.beginPath();
  for (const { rect, tensor } of found) {
    const why = tensor.skipped ?? (pane.of(tensor) ? null : "the other has none");
    if (why) {
      context.fillStyle = ink.line;
      context.globalAlpha = 0.35;
      context.fillRect(rect.x, rect.y, rect.w, rect.h);
      context.globalAlpha = 1;
      if (rect.w > 80 && rect.h > 24) {
        context.fillStyle = ink.soft;
        context.font = `12px ${FONT}`;
        context.textAlign = "center";
        context.fillText(clipped(context, why, rect.w - 12), rect.x + rect.w / 2, rect.y + rect.h / 2);
      }
    }
    if (rect.w < wide || rect.h < high || quiet.has(tensor.id)) continue;
    context.rect(rect.x - 0.5 / ratio, rect.y - 0.5 / ratio, rect.w + 1 / ratio, rect.h + 1 / ratio);
  }
  context.stroke();
  if (quiet.size > 0) {
    // Its colours mean other numbers than those of its neighbours.
    context.setLineDash([4, 3]);
    context.strokeStyle = ink.soft;
    for (const { rect, tensor } of found) if (quiet.has(tensor.id)) context.strokeRect(rect.x - 0.5 / ratio, rect.y - 0.5 / ratio, rect.w + 1 / ratio, rect.h + 1 / ratio);
    context.setLineDash([]);
  }
  for (const { rect, tensor } of found) {
    const found = faults.get(tensor.id);
    const wrong = found?.some(({ fault }) => fault ?? true) ?? false;
    const room = rect.w >= wide && rect.h >= high;
    // A badge that is seen from afar: of thousands only where something is wrong, or there is room.
    if (found && rect.w < model.size().width && (wrong || room || !many)) {
      context.fillStyle = wrong ? ink.alarm : ink.soft;
      context.beginPath();
      context.arc(rect.x + rect.w, rect.y, 4, 0, 2 * Math.PI);
      context.fill();
      context.strokeStyle = ink.paper;
      context.lineWidth = 1.5;
      context.stroke();
    }
    if (tensor.id === chosen) {
      context.strokeStyle = ink.accent;
      context.lineWidth = 2;
      context.strokeRect(rect.x - 2, rect.y - 2, rect.w + 4, rect.h + 4);
    }
  }
}

/** Rows and columns of a tensor that can be seen, ends excluded. */
function visible({ tensor, rect }: Seen, cell: { w: number; h: number }, width: number, height: number) {
  return {
    r0: Math.max(Math.floor(-rect.y / cell.h), 0),
    r1: Math.min(Math.ceil((height - rect.y) / cell.h), tensor.rows),
    c0: Math.max(Math.floor(-rect.x / cell.w), 0),
    c1: Math.min(Math.ceil((width - rect.x) / cell.w), tensor.cols),
  };
}

function drawGrid(context: CanvasRenderingContext2D, one: Seen, cell: { w: number; h: number }, width: number, height: number, ink: Ink): void {
  const { r0, r1, c0, c1 } = visible(one, cell, width, height);
  const { rect } = one;
  const [left, right] = [Math.max(rect.x, 0), Math.min(rect.x + rect.w, width)];
  const [top, bottom] = [Math.max(rect.y, 0), Math.min(rect.y + rect.h, height)];
  context.strokeStyle = ink.paper;
  context.globalAlpha = Math.min((Math.min(cell.w, cell.h) - GRID) / 20, 1) * 0.6;
  context.lineWidth = 1;
  context.beginPath();
  for (let r = r0 + 1; r < r1; r++) {
    context.moveTo(left, rect.y + r * cell.h);
    context.lineTo(right, rect.y + r * cell.h);
  }
  for (let c = c0 + 1; c < c1; c++) {
    context.moveTo(rect.x + c * cell.w, top);
    context.lineTo(rect.x + c * cell.w, bottom);
  }
  context.stroke();
  context.globalAlpha = 1;
}

/** Lines between blocks of a quantised tensor that share a scale. */
function drawBorders(context: CanvasRenderingContext2D, { tensor, rect }: Seen, cell: { w: number; h: number }, width: number, height: number, ink: Ink): void {
  const borders = tensor.view ? tensor.view.borders : tensor.borders;
  if (!borders) return;
  const [left, right] = [Math.max(rect.x, 0), Math.min(rect.x + rect.w, width)];
  const [top, bottom] = [Math.max(rect.y, 0), Math.min(rect.y + rect.h, height)];
  context.strokeStyle = ink.soft;
  context.lineWidth = 1;
  for (const [side, border] of borders.entries()) {
    const [size, extent] = side === 0 ? [cell.h, tensor.rows] : [cell.w, tensor.cols];
    if (!border || border[1] * size < BLOCK) continue;
    const [begin, end] = side === 0 ? [(top - rect.y) / size, (bottom - rect.y) / size] : [(left - rect.x) / size, (right - rect.x) / size];
    const [first, every] = border;
    context.globalAlpha = Math.min(((every * size) / BLOCK - 1) / 4 + 0.15, 0.6);
    context.beginPath();
    for (let at = first + Math.max(Math.ceil((begin - first) / every), 0) * every; at < Math.min(end, extent); at += every) {
      if (at === 0) continue;
      const place = Math.round((side === 0 ? rect.y : rect.x) + at * size) + 0.5;
      context.moveTo(side === 0 ? left : place, side === 0 ? place : top);
      context.lineTo(side === 0 ? right : place, side === 0 ? place : bottom);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

function drawNumbers(context: CanvasRenderingContext2D, stage: Stage, model: Model, one: Seen, cell: { w: number; h: number }, pane: Pane): void {
  const { width, height } = model.size();
  const tensor = pane.of(one.tensor);
  const shades = tensor && model.shades.of(tensor.id);
  if (!shades) return;
  const { r0, r1, c0, c1 } = visible(one, cell, width, height);
  const digits = Math.min(Math.max(Math.floor((cell.w - 14) / 8) - 2, 2), 9);
  const size = Math.min(Math.max(Math.min(cell.h * 0.42, (cell.w - 6) / (digits + 3) / 0.58), 8.5), 15);
  context.font = `${size}px ${FONT}`;
  context.textAlign = "center";
  for (let r = r0; r < r1; r++) {
    for (let c = c0; c < c1; c++) {
      const peek = stage.peek(one.tensor.id, r, c, pane);
      if (!peek) continue;
      const single = peek.level.rows === 0 && peek.level.cols === 0;
      const exact = stage.exact.at(pane.step, tensor, r, c);
      const value = exact ?? (single ? fromBits16(peek.first) : undefined);
      if (value === undefined) continue;
      const [red, green, blue] = shades.at(peek.first, peek.second);
      const light = 0.299 * red + 0.587 * green + 0.114 * blue;
      context.fillStyle = light > 140 ? "#14171c" : "#ffffff";
      // Rounded numbers are told by their paleness until the exact one is here.
      context.globalAlpha = exact === undefined && !peek.exact ? 0.55 : 0.95;
      // A tall cell reaches beyond the screen: the number stays in sight.
      const [top, bottom] = [Math.max(one.rect.y + r * cell.h, 0), Math.min(one.rect.y + (r + 1) * cell.h, height)];
      const [left, right] = [Math.max(one.rect.x + c * cell.w, 0), Math.min(one.rect.x + (c + 1) * cell.w, width)];
      if (right - left < cell.w * 0.5 || bottom - top < size) continue;
      context.fillText(fitting(context, value, digits, right - left - 4), (left + right) / 2, (top + bottom) / 2);
    }
  }
  context.globalAlpha = 1;
}

/** The number with as many digits as there is room for. */
function fitting(context: CanvasRenderingContext2D, value: number, digits: number, room: number): string {
  for (let left = digits; left > 1; left--) {
    const text = short(value, left);
    if (context.measureText(text).width <= room) return text;
  }
  return short(value, 1);
}

function drawCursor(context: CanvasRenderingContext2D, model: Model, cell: Cell | null, colour: string, width: number): void {
  const place = cell && model.places.get(cell.tensor);
  if (!place) return;
  const { tensor } = { tensor: model.tensors[cell.tensor]! };
  const rect = rectToScreen(model.camera(), model.size(), place);
  const [w, h] = [rect.w / tensor.cols, rect.h / tensor.rows];
  if (Math.max(w, h) < 2 && width === 1) return;
  const side = { w: Math.max(w, 5), h: Math.max(h, 5) };
  const x = rect.x + (cell.col + 0.5) * w - side.w / 2;
  const y = rect.y + (cell.row + 0.5) * h - side.h / 2;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(x, y, side.w, side.h);
  if (width > 1) {
    // Where the row and the column run.
    context.globalAlpha = 0.35;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(rect.x, y + side.h / 2);
    context.lineTo(x, y + side.h / 2);
    context.moveTo(x + side.w, y + side.h / 2);
    context.lineTo(rect.x + rect.w, y + side.h / 2);
    context.moveTo(x + side.w / 2, rect.y);
    context.lineTo(x + side.w / 2, y);
    context.moveTo(x + side.w / 2, y + side.h);
    context.lineTo(x + side.w / 2, rect.y + rect.h);
    context.stroke();
    context.globalAlpha = 1;
  }
}

function drawSelection(context: CanvasRenderingContext2D, model: Model, ink: Ink): void {
  const selection = model.selection();
  const place = selection && model.places.get(selection.tensor);
  if (!place) return;
  const tensor = model.tensors[selection.tensor]!;
  const rect = rectToScreen(model.camera(), model.size(), place);
  const { r0, r1, c0, c1 } = selection.box;
  const [w, h] = [rect.w / tensor.cols, rect.h / tensor.rows];
  const [x, y] = [rect.x + c0 * w, rect.y + r0 * h];
  context.fillStyle = ink.accent;
  context.globalAlpha = 0.1;
  context.fillRect(x, y, (c1 - c0) * w, (r1 - r0) * h);
  context.globalAlpha = 1;
  context.strokeStyle = ink.accent;
  context.lineWidth = 1.5;
  context.setLineDash([5, 3]);
  context.strokeRect(x, y, (c1 - c0) * w, (r1 - r0) * h);
  context.setLineDash([]);
}

/** Numbers of rows and columns along the edges, where one tensor fills the picture. */
function drawRulers(context: CanvasRenderingContext2D, model: Model, found: Seen[], ink: Ink): Rect[] {
  const one = found.find(({ tensor }) => tensor.id === model.entered());
  if (!one) return [];
  const { width, height } = model.size();
  const { rect, tensor } = one;
  const cell = { w: rect.w / tensor.cols, h: rect.h / tensor.rows };
  const edge = { x: Math.max(rect.x, 0), y: Math.max(rect.y, 0) };
  const room = { right: Math.min(rect.x + rect.w, width), bottom: Math.min(rect.y + rect.h, height) };
  const strips: Rect[] = [
    { x: edge.x, y: Math.max(edge.y - 16, 0), w: room.right - edge.x, h: 16 },
    { x: Math.max(edge.x - 40, 0), y: edge.y, w: 40, h: room.bottom - edge.y },
  ];
  // Over cells the numbers need a ground of their own.
  context.fillStyle = ink.paper;
  context.globalAlpha = 0.95;
  for (const [at, strip] of strips.entries()) {
    const inside = at === 0 ? rect.y < 16 : rect.x < 40;
    if (inside && (at === 0 || tensor.rows > 1)) context.fillRect(strip.x, strip.y, strip.w, strip.h);
  }
  context.globalAlpha = 1;
  context.font = `10px ${FONT}`;
  const mark = (text: string, x: number, y: number, align: CanvasTextAlign) => {
    context.textAlign = align;
    context.fillStyle = ink.soft;
    context.fillText(text, x, y);
  };
  const across = tickStep(56 / cell.w);
  const down = tickStep(26 / cell.h);
  const { r0, r1, c0, c1 } = visible(one, cell, width, height);
  for (let c = Math.ceil(c0 / across) * across; c < c1; c += across) {
    const x = rect.x + (c + 0.5) * cell.w;
    if (x > edge.x + 12 && x < room.right - 12) mark(String(c), x, strips[0]!.y + 8, "center");
  }
  if (tensor.rows > 1) {
    for (let r = Math.ceil(r0 / down) * down; r < r1; r += down) {
      const y = rect.y + (r + 0.5) * cell.h;
      if (y > edge.y + 20 && y < room.bottom - 8) mark(String(r), strips[1]!.x + 36, y, "right");
    }
  }
  return strips;
}

/** 1, 2 or 5 times a power of ten. */
function tickStep(least: number): number {
  if (least <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= least)!;
}


/** What a tile says of a cell in words: folded values say what they are. */
export function wordsOf(first: number, second: number | null, folds: [number, number], fold: string): string {
  const value = short(fromBits16(first), 3);
  if (isNaN16(first)) return folds[0] * folds[1] === 1 ? "NaN" : "NaN inside";
  if (folds[0] * folds[1] === 1) return value;
  const kind = { r: "RMS", m: "mean", e: "extreme", i: "ink" }[fold] ?? "";
  const balance = second === null ? "" : `, balance ${short(fromBits16(second), 2)}`;
  return `${kind} ${value}${fold === "r" ? balance : ""} of ${folds[0]} \u00d7 ${folds[1]}`;
}
