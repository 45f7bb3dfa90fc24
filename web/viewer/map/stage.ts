import { createEffect, untrack } from "solid-js";
import type { Pane } from "../compare";
import { type Fold, type Step, type Tensor, numberOf } from "../engine";
import type { Model } from "../model";
import { CardPainter } from "./card";
import { ExactCells } from "./exact";
import { type Marginals, marginals } from "./marginals";
import { drawOverlay } from "./overlay";
import type { Painter, Piece, Rgb } from "./painter";
import { PlainPainter } from "./plain";
import type { Size } from "./camera";
import { type Level, SIDE, type Seen, cellsAt, highest, nameOf, seen, urgency } from "./plan";
import { type Shades, colourBytes } from "./shades";
import { type Kept, SOON, Tiles } from "./tiles";

/** Levels that a missing tile may be replaced by while it is on its way: coarser, then finer. */
const COARSER = 12;
const FINER = 2;
/** From this size on a cell is drawn as a Hinton square, CSS pixels. */
export const HINTON_CELL = 6;
/** How long after the first picture the graphics card is asked for, milliseconds. */
const CARD_AFTER = 100;
/** Grey of Hinton diagrams, as in `hinton draw`. */
const GROUND: Rgb = [128, 128, 128];

/** The canvases of the map, one upon the other: only one of the two with tiles is seen. */
export interface Canvases {
  /** Of the processor. */
  plain: HTMLCanvasElement;
  /** Of the graphics card. */
  card: HTMLCanvasElement;
  /** Words and lines. */
  words: HTMLCanvasElement;
}

/** Draws the map: tiles by the processor and then by the graphics card if there is one, words and lines above them. */
export class Stage {
  readonly tiles: Tiles;
  readonly exact: ExactCells;
  private readonly plain: PlainPainter;
  /** As soon as it is ready, and until it is lost. */
  private card: CardPainter | null = null;
  private gl: WebGL2RenderingContext | null = null;
  /** The painter of the last picture. */
  private painter: Painter;
  private mayHaveCard: boolean;
  private ended = false;
  private observer: ResizeObserver | null = null;
  private ratio = 1;
  private device: Size = { width: 1, height: 1 };
  private asked = 0;
  /** Whether the tiles must be drawn anew, too. */
  private stale = true;
  private pointer: { x: number; y: number } | null = null;
  private readonly context: CanvasRenderingContext2D;
  /** What the last picture was made of, for the value under the cursor. */
  private last: Seen[] = [];
  /** Step and fold of the last complete picture: its tiles stay until those of another are here. */
  private complete: { step: Step; fold: Fold } | null = null;
  /** Steps whose tiles should be here before they are shown. */
  ahead: () => Step[] = () => [];

  constructor(
    private readonly element: HTMLElement,
    private readonly canvases: Canvases,
    private readonly model: Model,
  ) {
    const redraw = () => this.invalidate();
    this.tiles = new Tiles(model.engine, redraw);
    this.exact = new ExactCells(model.engine, redraw);
    this.context = canvases.words.getContext("2d")!;
    this.plain = new PlainPainter(canvases.plain);
    this.painter = this.plain;
    this.show("plain");
    const { card } = canvases;
    card.addEventListener("webglcontextlost", (event) => {
      // One that was given back must not come back.
      if (!this.gl) return;
      event.preventDefault();
      this.card = null;
      this.tiles.lostCard();
      redraw();
    });
    card.addEventListener("webglcontextrestored", () => this.startCard());
    this.mayHaveCard = model.painting !== "plain";
    if (model.painting === "card") this.startCard();
    this.watchSize();
    createEffect(() => {
      model.camera();
      model.choice();
      model.full();
      model.views();
      model.comparison.panes();
      model.dark();
      model.shades.shared();
      model.shades.own();
      model.quiet();
      redraw();
    });
    createEffect(() => {
      const { done, of } = model.statistics();
      // On the way they are marks beside tensors; at the end the map may be exact.
      this.invalidate(done >= of);
    });
    createEffect(() => {
      model.cell();
      model.hover();
      model.chosen();
      model.selection();
      this.invalidate(false);
    });
  }

  /** Gives everything back: the page shows something else now. */
  end(): void {
    cancelAnimationFrame(this.asked);
    this.ended = true;
    this.observer?.disconnect();
    this.card = null;
    this.gl?.getExtension("WEBGL_lose_context")?.loseContext();
    this.gl = null;
  }

  /** Draws anew before the browser paints next; words and lines alone if the tiles stay as they are. */
  invalidate(tiles = true): void {
    this.stale ||= tiles;
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      untrack(() => (this.stale ? this.frame() : this.words()));
    });
  }

  /** Where the pointer is, so that tiles near it come first. */
  pointAt(point: { x: number; y: number } | null): void {
    this.pointer = point;
  }

  /** What the tiles know of a cell of a tensor that a part shows: at once, and rounded to 16 bits or folded. */
  peek(tensor: number, row: number, col: number, pane = this.model.comparison.main()): { first: number; second: number | null; level: Level; exact: boolean } | null {
    const { fold } = untrack(this.model.choice);
    const of = pane.of(this.model.tensors[tensor]!);
    if (!of) return null;
    const top = Math.max(highest(of.rows), highest(of.cols));
    const wanted = this.last.find((other) => other.tensor.id === tensor)?.level ?? { rows: 0, cols: 0 };
    for (let up = 0; up <= top; up++) {
      const level = { rows: wanted.rows + up, cols: wanted.cols + up };
      const [r, c] = [Math.floor(row / 2 ** level.rows), Math.floor(col / 2 ** level.cols)];
      const kept = this.tiles.get(pane.step, fold, numberOf(of), level, Math.floor(r / SIDE), Math.floor(c / SIDE));
      if (!kept?.tile) continue;
      const { tile } = kept;
      const place = (r % SIDE) * tile.cols + (c % SIDE);
      return { first: tile.planes[0]![place]!, second: tile.planes[1]?.[place] ?? null, level, exact: tile.exact };
    }
    return null;
  }

  /** Root mean squares of rows and columns, as finely as a tile of the whole tensor is here. */
  marginals(tensor: Tensor): Marginals | null {
    const { step, fold } = untrack(this.model.choice);
    if (tensor.rows < 2 || tensor.cols < 2) return null;
    const [high, wide] = [highest(tensor.rows), highest(tensor.cols)];
    const least = { rows: Math.max(high - 8, 0), cols: Math.max(wide - 8, 0) };
    for (let up = 0; up <= Math.max(high, wide); up++) {
      for (const level of levelsAbove(least, up)) {
        const tile = this.tiles.get(step, fold, numberOf(tensor), level, 0, 0)?.tile;
        // Other folds have no root mean squares, unless a cell is one value.
        if (tile && (fold === "r" || tile.planes.length === 1 && level.rows + level.cols === 0)) return marginals(tile, level, tensor);
      }
    }
    return null;
  }

  /**
   * Has the graphics card draw from now on if there is one. Asked for after the first picture, because a browser takes its
   * time for it; a card that is only a program draws more slowly than the processor does here.
   */
  private startCard(): void {
    if (this.ended || this.card || !this.mayHaveCard) return;
    // Opaque: blending with the page would change the colours.
    this.gl ??= this.canvases.card.getContext("webgl2", { alpha: false, antialias: false, depth: false, preserveDrawingBuffer: true });
    if (!this.gl || this.gl.isContextLost()) return;
    if (this.model.painting !== "card" && isProgram(this.gl)) {
      this.mayHaveCard = false;
      this.gl.getExtension("WEBGL_lose_context")?.loseContext();
      this.gl = null;
      return;
    }
    try {
      this.card = new CardPainter(this.gl);
    } catch {
      // A driver that refuses the shader: the processor goes on.
      return;
    }
    this.invalidate();
  }

  /** Shows the canvas of the painter that has just drawn. */
  private draws(painter: Painter): void {
    if (this.painter === painter) return;
    this.painter = painter;
    this.show(painter === this.card ? "card" : "plain");
    if (painter === this.card) this.plain.rest();
  }

  private show(which: "plain" | "card"): void {
    this.element.dataset.painter = which;
  }

  private watchSize(): void {
    const overlay = this.canvases.words;
    const observer = (this.observer = new ResizeObserver(([entry]) => {
      const box = entry!.devicePixelContentBoxSize?.[0];
      const { width, height } = entry!.contentRect;
      const device = box
        ? { width: box.inlineSize, height: box.blockSize }
        : { width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) };
      this.resize({ width, height }, device);
    }));
    try {
      observer.observe(overlay, { box: "device-pixel-content-box" });
    } catch {
      // Safari does not know this box, nor does it say when the ratio changes.
      observer.observe(overlay);
      const listen = () => {
        if (this.ended) return;
        matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => {
          const { clientWidth: width, clientHeight: height } = overlay;
          this.resize({ width, height }, { width: width * devicePixelRatio, height: height * devicePixelRatio });
          listen();
        }, { once: true });
      };
      listen();
    }
  }

  private resize(size: { width: number; height: number }, device: { width: number; height: number }): void {
    if (size.width === 0 || size.height === 0) return;
    const { model } = this;
    const before = untrack(model.full);
    const atHome = before.width === 0 || Math.abs(untrack(model.camera).zoom / model.home().zoom - 1) < 1e-6;
    this.ratio = device.width / size.width;
    this.device = { width: Math.round(device.width), height: Math.round(device.height) };
    fit(this.canvases.card, this.device);
    fit(this.canvases.words, this.device);
    model.setSize(size);
    if (atHome && this.element.dataset.placed === undefined) model.setCamera(model.home());
    // At once: a canvas is empty from when its size changes to when it is drawn.
    untrack(() => this.frame());
  }

  private frame(): void {
    const { model, tiles } = this;
    this.stale = false;
    const painter = this.card ?? this.plain;
    const { fold, hinton, share } = model.choice();
    const panes = model.comparison.panes();
    const size = model.size();
    if (size.width === 0) return;
    if (painter === this.plain) fit(this.canvases.plain, this.device);
    painter.begin();
    tiles.begin();
    const found = seen(model.tiles(), model.tensors, model.camera(), size, this.ratio);
    this.last = found;
    const pieces: Piece[] = [];
    let sampled = 1;
    let missing = 0;
    let held = true;
    let uncoloured = false;
    const pointer = this.pointer ?? { x: size.width / 2, y: size.height / 2 };
    const room = share || painter.hasRoomFor(found.length * panes.length);
    // Thousands of tensors have few colours between them.
    const colours = new Map<number, Shades | null>();
    const quiet = model.quiet();
    const shadesOf = ({ id, group, view }: Tensor) => {
      // Below zero: colours of its own among those of groups.
      const key = !share ? id : view?.component || quiet.has(id) ? -1 - id : group;
      let shades = colours.get(key);
      if (shades === undefined) colours.set(key, (shades = room ? model.shades.of(id) : model.shades.shared()));
      if (shades) return shades;
      // Those of its group until its own are here; not the other way round: values would change their colours.
      uncoloured = true;
      return quiet.has(id) ? model.shades.ofGroup(group) : null;
    };
    for (const pane of panes) for (const one of found) {
      const { step } = pane;
      const { level, rect } = one;
      const tensor = pane.of(one.tensor);
      const before = missing;
      if (!tensor || tensor.skipped) continue;
      const shades = shadesOf(tensor);
      const cellSize = Math.min(rect.w / tensor.cols, rect.h / tensor.rows);
      const add: Add = (kept, at, r, c, clip) => {
        if (!painter.holds(kept, tiles)) return (held = false);
        if (!shades) return true;
        sampled = Math.max(sampled, kept.tile!.sampled);
        const piece = this.piece(one, pane, kept, at, r, c, clip);
        if (piece) pieces.push({ ...piece, kept, shades, hinton: hinton && cellSize >= HINTON_CELL });
        return true;
      };
      for (let r = one.tiles.r0; r < one.tiles.r1; r++) {
        for (let c = one.tiles.c0; c < one.tiles.c1; c++) {
          const distance = distanceTo(one, level, r, c, pointer);
          const kept = tiles.wish(step, nameOf(tensor, fold, level, r, c), urgency(level, distance));
          if (kept.tile && add(kept, level, r, c, EVERYTHING)) continue;
          if (kept.error) continue;
          missing += 1;
          this.stopgap(one, tensor, step, r, c, add);
        }
      }
      const large = level.rows + 8 < highest(tensor.rows) || level.cols + 8 < highest(tensor.cols);
      if (missing > before && large && !tensor.levels && !tiles.has(step, fold, numberOf(tensor))) {
        // Something of the whole tensor first, if it is not all in one tile anyway.
        const rows = Math.max(0, highest(tensor.rows) - 7);
        const cols = Math.max(0, highest(tensor.cols) - 7);
        const top = { rows: Math.max(rows, cols), cols: Math.max(rows, cols) };
        if (top.rows > level.rows && top.cols > level.cols) tiles.wish(step, nameOf(tensor, fold, top, 0, 0), urgency(top, 0));
      }
    }
    const paper = model.shades.shared()?.colours.paper;
    const background = colourBytes(paper ?? (model.dark() ? "#14171c" : "#ffffff"));
    painter.draw(pieces, [background[0]!, background[1]!, background[2]!], GROUND);
    // A card that has not all of it yet must not take the place of a complete picture.
    if (held || this.painter === painter) this.draws(painter);
    this.soon(found, panes.map(({ step }) => step), fold);
    tiles.end();
    this.words();
    this.tell(found, missing, sampled, uncoloured);
  }

  private words(): void {
    const { width, height } = this.model.full();
    const { context, ratio } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    for (const pane of this.model.comparison.panes()) {
      const { x, y, w, h } = pane.clip;
      context.save();
      context.beginPath();
      context.rect(x, y, w, h);
      context.clip();
      context.translate(pane.left, 0);
      drawOverlay(context, ratio, this, this.model, this.last, pane);
      context.restore();
    }
  }

  /** Asks for tiles of the steps that come next while a run plays. */
  private soon(found: Seen[], now: Step[], fold: Fold): void {
    for (const [rank, step] of this.ahead().entries()) {
      if (now.includes(step)) continue;
      for (const { tensor, level, tiles } of found) {
        for (let r = tiles.r0; r < tiles.r1; r++) {
          for (let c = tiles.c0; c < tiles.c1; c++) this.tiles.wish(step, nameOf(tensor, fold, level, r, c), SOON * (rank + 1));
        }
      }
    }
  }

  /**
   * Draws what there is of a tile that is not here: the one of the step shown before, or of coarser
   * tiles, else of finer ones.
   */
  private stopgap({ level }: Seen, tensor: Tensor, step: Step, r: number, c: number, add: Add): void {
    const { fold } = this.model.choice();
    const { complete } = this;
    const before = complete && step === this.model.choice().step && this.tiles.get(complete.step, complete.fold, numberOf(tensor), level, r, c);
    if (before && before.tile && add(before, level, r, c, EVERYTHING)) return;
    const clip: Clip = {
      r0: r * SIDE * 2 ** level.rows,
      r1: (r + 1) * SIDE * 2 ** level.rows,
      c0: c * SIDE * 2 ** level.cols,
      c1: (c + 1) * SIDE * 2 ** level.cols,
    };
    for (let up = 1; up <= COARSER; up++) {
      const at = { rows: level.rows + up, cols: level.cols + up };
      const kept = this.tiles.get(step, fold, numberOf(tensor), at, r >> up, c >> up);
      if (kept?.tile && add(kept, at, r >> up, c >> up, clip)) return;
    }
    for (let down = 1; down <= FINER; down++) {
      const at = { rows: level.rows - down, cols: level.cols - down };
      if (at.rows < 0 || at.cols < 0) return;
      const count = (extent: number, folds: number, index: number) =>
        Math.min((index + 1) << down, Math.ceil(cellsAt(extent, folds) / SIDE));
      let any = false;
      for (let i = r << down; i < count(tensor.rows, at.rows, r); i++) {
        for (let j = c << down; j < count(tensor.cols, at.cols, c); j++) {
          const kept = this.tiles.get(step, fold, numberOf(tensor), at, i, j);
          if (kept?.tile && add(kept, at, i, j, clip)) any = true;
        }
      }
      if (any) return;
    }
  }

  /** The part of a tile that can be seen, in 64-bit floats until it is relative to the tile. */
  private piece(one: Seen, pane: Pane, kept: Kept, level: Level, r: number, c: number, clip: Clip) {
    const { tensor, rect } = one;
    const tile = kept.tile!;
    const part = pane.clip;
    const axis = (extent: number, start: number, length: number, folds: number, first: number, cells: number, from: number, to: number, least: number, most: number) => {
      const unit = length / extent;
      const fold = Math.min(2 ** folds, extent);
      const origin = start + first * SIDE * 2 ** folds * unit;
      const cell = fold * unit;
      // A row of a single value may be thinner than a pixel, and must not vanish.
      const thin = Math.max(1 / this.ratio - length, 0);
      const low = Math.max(origin, start + from * unit, least);
      const high = Math.min(origin + cells * cell, start + Math.min(to, extent) * unit, start + length, most) + thin;
      return [low, high, (low - origin) / cell, (high - origin) / cell] as const;
    };
    const [x0, x1, u0, u1] = axis(tensor.cols, rect.x + pane.left, rect.w, level.cols, c, tile.cols, clip.c0, clip.c1, part.x, part.x + part.w);
    const [y0, y1, v0, v1] = axis(tensor.rows, rect.y, rect.h, level.rows, r, tile.rows, clip.r0, clip.r1, part.y, part.y + part.h);
    if (x1 <= x0 || y1 <= y0) return null;
    const d = this.ratio;
    return { x0: x0 * d, y0: y0 * d, x1: x1 * d, y1: y1 * d, u0, v0, u1, v1 };
  }

  /** Says to the page, and to whoever measures it, how far the picture has come. */
  private tell(found: Seen[], missing: number, sampled: number, uncoloured: boolean): void {
    const { model, tiles } = this;
    const here = found.find(({ tensor }) => tensor.id === model.focus()) ?? (found.length === 1 ? found[0] : undefined);
    const folds: [number, number] = here
      ? [Math.min(2 ** here.level.rows, here.tensor.rows), Math.min(2 ** here.level.cols, here.tensor.cols)]
      : [1, 1];
    const drawn = { folds, sampled, waiting: missing, trouble: tiles.trouble };
    if (JSON.stringify(drawn) !== JSON.stringify(model.drawn())) queueMicrotask(() => model.setDrawn(drawn));
    if (missing > 0 || uncoloured || !model.shades.shared()) return;
    const { step, fold } = model.choice();
    this.complete = { step, fold };
    const { done, of } = model.statistics();
    const state = sampled === 1 && done >= of ? "exact" : "first";
    const { dataset } = document.body;
    if (dataset.state === "loading") {
      performance.mark("hinton:first-map");
      // After it is on the screen.
      setTimeout(() => this.startCard(), CARD_AFTER);
    }
    if (state === "exact" && !performance.getEntriesByName("hinton:exact-map").length) performance.mark("hinton:exact-map");
    if (dataset.state !== state) dataset.state = state;
  }
}

/** Whether a program on the processor stands in for a graphics card. */
function isProgram(gl: WebGL2RenderingContext): boolean {
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

/** Gives a canvas so many pixels; one that has them keeps its picture. */
function fit(canvas: HTMLCanvasElement, { width, height }: Size): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Adds a part of a tile to the picture; false if the tile is not on the card yet. */
type Add = (kept: Kept, at: Level, r: number, c: number, clip: Clip) => boolean;

/** Rows and columns of values that a piece may show, ends excluded. */
interface Clip {
  r0: number;
  c0: number;
  r1: number;
  c1: number;
}

/** Levels at which a tensor is one tile, by how far they are above the least ones: both axes alike, or each on its own. */
function levelsAbove(least: Level, up: number): Level[] {
  const both = Math.max(least.rows, least.cols) + up;
  return [{ rows: both, cols: both }, { rows: least.rows + up, cols: least.cols + up }, { rows: least.rows + up, cols: least.cols }, { rows: least.rows, cols: least.cols + up }];
}

const EVERYTHING: Clip = { r0: 0, c0: 0, r1: Number.POSITIVE_INFINITY, c1: Number.POSITIVE_INFINITY };

function distanceTo(one: Seen, level: Level, r: number, c: number, pointer: { x: number; y: number }): number {
  const { tensor, rect } = one;
  const x = rect.x + Math.min(((c + 0.5) * SIDE * 2 ** level.cols) / tensor.cols, 1) * rect.w;
  const y = rect.y + Math.min(((r + 0.5) * SIDE * 2 ** level.rows) / tensor.rows, 1) * rect.h;
  return Math.hypot(x - pointer.x, y - pointer.y);
}
