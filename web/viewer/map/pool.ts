import type { Tile } from "../engine";
import { SIDE } from "./plan";

/** Layers of one array texture: 8 MiB of two 16-bit planes, which the browser fills with zeros at first. */
const LAYERS = 32;
/** Smallest side of a place in a layer, as a power of two: 8 cells. */
const SMALLEST = 3;
/**
 * Places of at most so many cells are gathered in memory and brought to the card a layer at a time: thousands of them
 * make up a first map, and each call costs more than its cells.
 */
const GATHERED = 32 * 32;
/** log2 of a tile's side. */
const LARGEST = 8;

/** A place in the pool that a tile fills. */
export interface Slot {
  /** Which array texture. */
  array: number;
  layer: number;
  x: number;
  y: number;
  /** Of the pool's clock when it was last drawn. */
  used: number;
  /** Called when another tile takes the place. */
  release(): void;
}

/** A layer is divided into places of one size, so that a small tile takes a small place. */
interface Layer {
  array: number;
  index: number;
  size: number;
  slots: (Slot | null)[];
  free: number;
  across: number;
  /** Cells of the whole layer, where its places are small. */
  cells: Uint16Array | null;
  /** Whether the card has not all of them yet. */
  stale: boolean;
}

/**
 * A fixed pool of integer textures for tiles. Nothing is created or deleted as tiles come and go:
 * the graphics card's memory is not freed by the garbage collector.
 */
export class Pool {
  readonly textures: WebGLTexture[] = [];
  private layers: Layer[] = [];
  private bySize = new Map<number, Layer[]>();
  private unused: { array: number; index: number }[] = [];
  private clock = 0;
  private readonly staging = new Uint16Array(SIDE * SIDE * 2);

  constructor(
    private readonly gl: WebGL2RenderingContext,
    /** How many array textures there may be. */
    private readonly most: number,
  ) {}

  /** Starts a new picture: places used in this one are not taken. */
  tick(): void {
    this.clock += 1;
  }

  touch(slot: Slot): void {
    slot.used = this.clock;
  }

  /** Puts a tile into the pool; null if everything there is needed by this very picture. */
  put(tile: Tile, release: () => void): Slot | null {
    const size = sizeOf(tile);
    const layer = this.layerWithRoom(size);
    if (!layer) return null;
    const place = layer.slots.indexOf(null);
    const slot: Slot = {
      array: layer.array,
      layer: layer.index,
      x: (place % layer.across) << (size & 15),
      y: Math.floor(place / layer.across) << (size >> 4),
      used: this.clock,
      release,
    };
    layer.slots[place] = slot;
    layer.free -= 1;
    if (layer.cells) {
      write(tile, layer.cells, SIDE, slot.y * SIDE + slot.x);
      layer.stale = true;
    } else {
      write(tile, this.staging, tile.cols, 0);
      this.upload(slot.array, slot, tile, this.staging);
    }
    return slot;
  }

  /** Brings what was gathered to the card. */
  flush(): void {
    for (const layer of this.layers) {
      if (!layer.cells || !layer.stale) continue;
      layer.stale = false;
      this.upload(layer.array, { x: 0, y: 0, layer: layer.index }, { rows: SIDE, cols: SIDE }, layer.cells);
    }
  }

  private layerWithRoom(size: number): Layer | null {
    const same = this.bySize.get(size) ?? [];
    const roomy = same.find((layer) => layer.free > 0);
    if (roomy) return roomy;
    return this.newLayer(size) ?? this.evict(size, same);
  }

  private newLayer(size: number): Layer | null {
    if (this.unused.length === 0 && this.textures.length < this.most) this.grow();
    const next = this.unused.pop();
    return next ? this.divide(next.array, next.index, size) : null;
  }

  private divide(array: number, index: number, size: number): Layer {
    const across = SIDE >> (size & 15);
    const count = across * (SIDE >> (size >> 4));
    const isSmall = (1 << (size & 15)) * (1 << (size >> 4)) <= GATHERED;
    const cells = isSmall ? new Uint16Array(SIDE * SIDE * 2) : null;
    const slots = new Array<Slot | null>(count).fill(null);
    const layer = { array, index, size, slots, free: count, across, cells, stale: false };
    this.layers.push(layer);
    this.bySize.set(size, [...(this.bySize.get(size) ?? []), layer]);
    return layer;
  }

  /** Frees the place of this size that was not drawn for longest, or a whole layer of another size. */
  private evict(size: number, same: Layer[]): Layer | null {
    let oldest: { layer: Layer; slot: Slot } | null = null;
    for (const layer of same) {
      for (const slot of layer.slots) {
        if (slot && slot.used < this.clock && (!oldest || slot.used < oldest.slot.used)) oldest = { layer, slot };
      }
    }
    if (oldest) {
      oldest.slot.release();
      oldest.layer.slots[oldest.layer.slots.indexOf(oldest.slot)] = null;
      oldest.layer.free += 1;
      return oldest.layer;
    }
    let stale: { layer: Layer; used: number } | null = null;
    for (const layer of this.layers) {
      const used = layer.slots.reduce((last, slot) => Math.max(last, slot?.used ?? -1), -1);
      if (used < this.clock && (!stale || used < stale.used)) stale = { layer, used };
    }
    if (!stale) return null;
    for (const slot of stale.layer.slots) slot?.release();
    this.layers.splice(this.layers.indexOf(stale.layer), 1);
    const siblings = this.bySize.get(stale.layer.size)!;
    siblings.splice(siblings.indexOf(stale.layer), 1);
    return this.divide(stale.layer.array, stale.layer.index, size);
  }

  private grow(): void {
    const { gl } = this;
    const texture = gl.createTexture()!;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.RG16UI, SIDE, SIDE, LAYERS);
    // Integers cannot be filtered: a texture that asks for it is incomplete, and black.
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.textures.push(texture);
    for (let index = LAYERS - 1; index >= 0; index--) this.unused.push({ array: this.textures.length - 1, index });
  }

  private upload(
    array: number, at: { x: number; y: number; layer: number }, of: { rows: number; cols: number }, cells: Uint16Array,
  ): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.textures[array]!);
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, at.x, at.y, at.layer, of.cols, of.rows, 1, gl.RG_INTEGER, gl.UNSIGNED_SHORT, cells);
  }
}

/** Writes a tile's planes cell by cell into rows of so many cells, from a cell on. */
function write(tile: Tile, cells: Uint16Array, stride: number, from: number): void {
  const [first, second] = tile.planes as [Uint16Array, Uint16Array | undefined];
  for (let row = 0; row < tile.rows; row++) {
    let place = (from + row * stride) * 2;
    for (let cell = row * tile.cols; cell < (row + 1) * tile.cols; cell++, place += 2) {
      cells[place] = first[cell]!;
      cells[place + 1] = second ? second[cell]! : 0;
    }
  }
}

/** log2 of the height of a tile's place in the upper bits, of its width in the lower four. */
function sizeOf(tile: Tile): number {
  const power = (extent: number) => Math.min(Math.max(Math.ceil(Math.log2(extent)), SMALLEST), LARGEST);
  return (power(tile.rows) << 4) | power(tile.cols);
}
