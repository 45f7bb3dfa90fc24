import { fromBits16 } from "../bits";
import type { Tensor, Tile } from "../engine";
import type { Level } from "./plan";

/** Root mean squares of the rows and of the columns of a tensor, or of as many together as a cell folds. */
export interface Marginals {
  rows: number[];
  cols: number[];
  level: Level;
}

/**
 * From a tile that is the whole tensor: its first plane is single values, or root mean squares. Cells that hold what is
 * no finite number are passed over; a row of such cells alone has none.
 */
export function marginals(tile: Tile, level: Level, tensor: Tensor): Marginals {
  const sums = (count: number) => ({ squares: new Float64Array(count), values: new Float64Array(count) });
  const [rows, cols] = [sums(tile.rows), sums(tile.cols)];
  const plane = tile.planes[0]!;
  /** Values along an axis that a cell stands for: fewer in the last. */
  const extent = (at: number, folds: number, all: number) => Math.min(2 ** folds, all - at * 2 ** folds);
  for (let r = 0; r < tile.rows; r++) {
    const high = extent(r, level.rows, tensor.rows);
    for (let c = 0; c < tile.cols; c++) {
      const value = fromBits16(plane[r * tile.cols + c]!);
      if (!Number.isFinite(value)) continue;
      const weight = high * extent(c, level.cols, tensor.cols);
      for (const [sum, at] of [[rows, r], [cols, c]] as const) {
        sum.squares[at]! += weight * value * value;
        sum.values[at]! += weight;
      }
    }
  }
  const roots = ({ squares, values }: ReturnType<typeof sums>) => Array.from(squares, (sum, at) => (values[at]! > 0 ? Math.sqrt(sum / values[at]!) : Number.NaN));
  return { rows: roots(rows), cols: roots(cols), level };
}
