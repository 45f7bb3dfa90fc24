import type { Kept, Tiles } from "./tiles";
import type { Shades } from "./shades";

export type Rgb = [number, number, number];

/** A part of a tile on the screen. */
export interface Piece {
  /** Its tile is here. */
  kept: Kept;
  shades: Shades;
  /** Squares of a Hinton diagram instead of colours. */
  hinton: boolean;
  /** Left, top, right, bottom in device pixels. */
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  /** Columns and rows of the tile at those edges. */
  u0: number;
  v0: number;
  u1: number;
  v1: number;
}

/** From this size on what is no finite number is crossed, device pixels. */
export const CROSSED_CELL = 6;

/**
 * Draws the tiles of a map. There are two: the processor has the first picture at once and draws where there is no graphics
 * card; a card draws large screens at any speed, but is ready only some hundred milliseconds later. Both give the same pixels.
 */
export interface Painter {
  /** Starts a new picture. */
  begin(): void;
  /** Whether a tile that is here can be part of this picture; if not, a later one has it. */
  holds(kept: Kept, tiles: Tiles): boolean;
  /** Whether so many tensors can have colours of their own. */
  hasRoomFor(shades: number): boolean;
  /** Draws all pieces over a page of that colour; `ground` is behind the squares of Hinton diagrams. */
  draw(pieces: Piece[], paper: Rgb, ground: Rgb): void;
}
