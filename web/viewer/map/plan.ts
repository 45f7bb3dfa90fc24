import { type Fold, type Placed, type Tensor, type TileName, numberOf } from "../engine";
import { type Camera, type Rect, type Size, rectToScreen } from "./camera";

/** Cells along each side of a tile. */
export const SIDE = 256;

/** Squeezed by more than this, an axis folds on its own. */
const SQUARE = 2;

/** How finely a tensor is wanted: each cell folds 2^rows x 2^cols values. */
export interface Level {
  rows: number;
  cols: number;
}

/** A tensor that can be seen. */
export interface Seen {
  tensor: Tensor;
  /** Of the whole tensor in CSS pixels, however far it reaches beyond the screen. */
  rect: Rect;
  level: Level;
  /** Rows and columns of tiles at this level that can be seen, ends excluded. */
  tiles: { r0: number; c0: number; r1: number; c1: number };
}

export function highest(extent: number): number {
  return Math.ceil(Math.log2(Math.max(extent, 1)));
}

/** How much smaller than a pixel a cell may be: 2 ** 0.01, written out for engines that must agree. */
const SLACK = 1.0069555500567189;

/** The level at which no cell is smaller than a pixel of the device. */
export function levelFor(tensor: Tensor, rect: Rect, ratio: number): Level {
  const axis = (extent: number, pixels: number) => {
    let level = 0;
    for (let enough = Math.max(pixels * ratio, 1e-9) * SLACK; extent > enough && extent > 2 ** level; enough *= 2) level += 1;
    return level;
  };
  const [rows, cols] = [axis(tensor.rows, rect.h), axis(tensor.cols, rect.w)];
  // A single row has no level of its own: it goes with the other axis.
  if (tensor.rows === 1) return { rows: cols, cols };
  if (tensor.cols === 1) return { rows, cols: rows };
  const [height, width] = [rect.h / tensor.rows, rect.w / tensor.cols];
  if (Math.max(height, width) / Math.min(height, width) > SQUARE) return { rows, cols };
  return { rows: Math.max(rows, cols), cols: Math.max(rows, cols) };
}

/** The level that there is, where not all are: no finer than wanted if there is one, and as near as can be. */
function available({ levels }: Tensor, wanted: Level): Level {
  if (!levels || levels.length === 0) return wanted;
  const coarser = levels.find(([rows, cols]) => rows >= wanted.rows && cols >= wanted.cols);
  const [rows, cols] = coarser ?? levels.at(-1)!;
  return { rows, cols };
}

/** Cells of an axis at a level. */
export function cellsAt(extent: number, level: number): number {
  return Math.ceil(extent / 2 ** level);
}

/** What of the map can be seen, and how finely. */
export function seen(placed: Placed[], tensors: Tensor[], camera: Camera, size: Size, ratio: number): Seen[] {
  const found: Seen[] = [];
  for (const place of placed) {
    const rect = rectToScreen(camera, size, place);
    if (rect.x >= size.width || rect.y >= size.height || rect.x + rect.w <= 0 || rect.y + rect.h <= 0) continue;
    const tensor = tensors[place.tensor]!;
    const level = available(tensor, levelFor(tensor, rect, ratio));
    found.push({ tensor, rect, level, tiles: tilesSeen(tensor, rect, level, size) });
  }
  return found;
}

function tilesSeen(tensor: Tensor, rect: Rect, level: Level, size: Size): Seen["tiles"] {
  const axis = (extent: number, folds: number, start: number, length: number, room: number) => {
    const count = Math.ceil(cellsAt(extent, folds) / SIDE);
    // Tiles per pixel; a tile at the edge may be smaller than this.
    const perPixel = extent / (SIDE * 2 ** folds) / length;
    const first = Math.floor(Math.max(-start, 0) * perPixel);
    const end = Math.ceil(Math.min(room - start, length) * perPixel);
    return [Math.min(first, count - 1), Math.min(Math.max(end, first + 1), count)] as const;
  };
  const [r0, r1] = axis(tensor.rows, level.rows, rect.y, rect.h, size.height);
  const [c0, c1] = axis(tensor.cols, level.cols, rect.x, rect.w, size.width);
  return { r0, c0, r1, c1 };
}

/** A tile as one number that tells it from every other of its tensor. */
export function tileKey(level: Level, row: number, col: number): number {
  return ((level.rows * 64 + level.cols) * 1_048_576 + row) * 1_048_576 + col;
}

/** Single values need no fold: those tiles are the same for all. */
export function foldOf(level: Level, fold: Fold): Fold {
  return level.rows === 0 && level.cols === 0 ? "r" : fold;
}

export function nameOf(tensor: Tensor, fold: Fold, level: Level, row: number, col: number): TileName {
  return { tensor: numberOf(tensor), fold: foldOf(level, fold), levelRows: level.rows, levelCols: level.cols, row, col };
}

/** Coarse first, then what is nearest to the cursor: a small number comes first. */
export function urgency(level: Level, distance: number): number {
  return -(level.rows + level.cols) * 32_768 + distance;
}
