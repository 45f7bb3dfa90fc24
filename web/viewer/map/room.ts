import type { Label } from "../engine";
import { type Rect, overlaps } from "./camera";

/** How far the name of a column may reach above its room on the map, where nothing else is there, pixels. */
const HIGHEST = 120;
/** How far the name of a tile may reach to its right. */
const LONGEST = 220;
/** How far words may reach over a tile: their box is larger than their letters. */
const TOUCH = 3;
/** Names under tiles are left out where their lines are thinner: a few of them between the tiles tell less than none. */
const THINNEST = 5;
/** With more comparisons than this, words keep to the room that the map gives them. */
const MOST_COMPARED = 2_000_000;

/**
 * The room for words on the map. Letters do not shrink as the map does, so words may reach beyond the room that they
 * have there: to the tiles and words that are next.
 */
export class Room {
  private readonly unnamed: Rect[] = [];
  /** Tiles and words that stand level. */
  private readonly others: Rect[];
  private readonly compares: boolean;

  constructor(
    private readonly tiles: Rect[],
    labels: { label: Label; rect: Rect }[],
    /** Where words are already. */
    private readonly taken: Rect[],
    private readonly width: number,
  ) {
    this.others = [...labels.filter(({ label }) => label.role !== "group" && !label.upright).map(({ rect }) => rect), ...tiles];
    this.compares = this.others.length * labels.length <= MOST_COMPARED;
  }

  /** How long a name may be, at least as long as on the map. */
  along(label: Label, rect: Rect): number {
    if (label.role === "group") return Number.POSITIVE_INFINITY;
    if (label.role === "column" && label.upright) return this.above(rect);
    if (label.role === "row") return label.align === "right" ? this.before(rect) : Number.POSITIVE_INFINITY;
    return label.role === "tile" && this.compares ? Math.max(this.after(rect), rect.w) : rect.w;
  }

  /** Takes the place if it is free: words cover no other words, and names under tiles cover no tile. */
  take(label: Label, rect: Rect, box: Rect | undefined): boolean {
    if (label.role !== "tile") return box !== undefined && this.takeFree(box);
    if (rect.h < THINNEST) return false;
    // The shape of a tensor tells nothing without its name above it.
    const isAlone = this.unnamed.some((name) => Math.abs(name.x - rect.x) < 1 && rect.y > name.y && rect.y - name.y < 2 * rect.h);
    const isFree = box && !isAlone && !(this.compares && this.tiles.some((tile) => covers(box, tile))) && this.takeFree(box);
    if (!isFree) this.unnamed.push(rect);
    return Boolean(isFree);
  }

  /** In the middle above the tile that is named: the second place for a name whose neighbour is in its way. */
  overTile(rect: Rect): Rect {
    const end = rect.y + rect.h;
    const middle = rect.x + rect.w / 2;
    const named = this.tiles.find((tile) => tile.x <= middle && tile.x + tile.w >= middle && tile.y >= end - 1 && tile.y < end + rect.w + 8);
    return named ? { ...rect, x: named.x + (named.w - rect.w) / 2 } : rect;
  }

  private takeFree(box: Rect): boolean {
    if (this.taken.some((other) => overlaps(other, box))) return false;
    this.taken.push(box);
    return true;
  }

  /** Of the name of a row: to the tile that is left of it, where rows stand side by side. */
  private before(rect: Rect): number {
    const end = rect.x + rect.w;
    let room = Number.POSITIVE_INFINITY;
    for (const tile of this.tiles) {
      const isBeside = tile.y < rect.y + rect.h && tile.y + tile.h > rect.y && tile.x < rect.x;
      if (isBeside) room = Math.min(room, Math.max(end - tile.x - tile.w - 4, rect.w));
    }
    return room;
  }

  /** Of the name of a column: to the tiles or words that are above it. */
  private above(rect: Rect): number {
    const end = rect.y + rect.h;
    let room = Math.max(HIGHEST, rect.h);
    for (const other of [this.tiles, this.taken].flat()) {
      const isAbove = other.x < rect.x + rect.w && other.x + other.w > rect.x && other.y < rect.y;
      if (isAbove) room = Math.min(room, Math.max(end - other.y - other.h - 4, rect.h));
    }
    return Math.min(room, Math.max(end, rect.h));
  }

  /** Of the name under a tile: to what is next on its line. */
  private after(rect: Rect): number {
    let room = Math.min(this.width - rect.x, LONGEST);
    for (const other of this.others) {
      const isAfter = other.x > rect.x && other.y < rect.y + rect.h && other.y + other.h > rect.y;
      if (isAfter) room = Math.min(room, other.x - rect.x - 8);
    }
    return room;
  }
}

/** Whether words cover more of a tile than its edge. */
function covers({ x, y, w, h }: Rect, tile: Rect): boolean {
  return overlaps({ x: x + TOUCH, y: y + TOUCH, w: w - 2 * TOUCH, h: h - 2 * TOUCH }, tile);
}
