import { type Engine, EngineError, type Fold, type Step, type Tile, type TileName } from "../engine";
import { type Level, foldOf, tileKey } from "./plan";
import type { Pool, Slot } from "./pool";

/** Most tiles a request. */
const BATCH = 64;
/** Most cells a request, so that the first large tiles do not wait for the last. */
const BATCH_CELLS = 12 * 65_536;
/** Requests at one time: a browser opens six connections, and others want some of them. */
const REQUESTS = 3;
/** Bytes of tiles kept in memory beside the graphics card. */
const BUDGET = 192 * 1024 * 1024;
/** Times after which a sampled tile is asked for again, milliseconds. */
const REFRESH = [700, 1500, 3000, 6000, 12_000];
/** Tiles brought to the card in one frame. */
const UPLOADS = 24;

/** A tile that is here, or why it is not. */
export interface Kept {
  tile: Tile | null;
  error: string | null;
  slot: Slot | null;
  /** Number of the frame that used it last. */
  used: number;
  /** When to ask again; Infinity for never. */
  again: number;
  tries: number;
}

/** A tile that should be here. */
export interface Wish {
  name: TileName;
  urgency: number;
}

type Bucket = Map<number, Kept>;

/** Tiles of every tensor, asked for in batches, most urgent first. */
export class Tiles {
  private shelves = new Map<string, Bucket[]>();
  private wishes = new Map<string, Wish>();
  private running: { names: Set<string>; abort: AbortController }[] = [];
  private bytes = 0;
  private frame = 0;
  private uploads = 0;
  private timer: number | undefined;
  /** What the engine said last when it could not answer at all. */
  trouble: string | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly onChange: () => void,
  ) {}

  /** Starts a new picture. */
  begin(): void {
    this.frame += 1;
    this.uploads = 0;
    this.wishes.clear();
  }

  get(step: Step, fold: Fold, tensor: number, level: Level, row: number, col: number): Kept | null {
    const bucket = this.shelves.get(shelfName(step, foldOf(level, fold)))?.[tensor];
    return bucket?.get(tileKey(level, row, col)) ?? null;
  }

  has(step: Step, fold: Fold, tensor: number): boolean {
    return (this.shelves.get(shelfName(step, fold))?.[tensor]?.size ?? 0) > 0;
  }

  /** The tile's place on the card; null if it is not there yet and a later frame brings it. */
  slotOf(kept: Kept, pool: Pool): Slot | null {
    kept.used = this.frame;
    if (!kept.tile) return null;
    if (kept.slot) {
      pool.touch(kept.slot);
      return kept.slot;
    }
    // Small tiles are cheap: thousands of them make up the first map.
    const cost = Math.max((kept.tile.rows * kept.tile.cols) / 65_536, 1 / 32);
    if (this.uploads + cost > UPLOADS) {
      this.onChange();
      return null;
    }
    this.uploads += cost;
    kept.slot = pool.put(kept.tile, () => {
      kept.slot = null;
    });
    return kept.slot;
  }

  /** Asks for a tile unless it is here, and again if it was sampled and is due. */
  wish(step: Step, name: TileName, urgency: number): void {
    const kept = this.get(step, name.fold, name.tensor, levelOf(name), name.row, name.col);
    if (kept && kept.again > performance.now()) return;
    const key = wishName(step, name);
    const known = this.wishes.get(key);
    if (!known || known.urgency > urgency) this.wishes.set(key, { name, urgency });
  }

  /** Ends a picture: drops requests that nobody wants any more, and starts new ones. */
  end(step: Step): void {
    for (const request of this.running) {
      if (![...request.names].some((name) => this.wishes.has(name))) request.abort.abort();
    }
    this.dispatch(step);
    if (this.bytes > BUDGET) this.forget();
  }

  /** Whether all that was wished for is here. */
  get settled(): boolean {
    return this.wishes.size === 0 && this.running.length === 0;
  }

  get waiting(): number {
    return this.wishes.size;
  }

  /** Forgets what is on the card, which lost it. */
  lostCard(): void {
    this.each((kept) => {
      kept.slot = null;
    });
  }

  /** Asks again for everything that was sampled or failed: the engine knows more now. */
  refresh(): void {
    this.each((kept) => {
      if (kept.again < Number.POSITIVE_INFINITY) kept.again = 0;
    });
    this.onChange();
  }

  /** Forgets all tiles of tensors whose file changed. */
  discard(tensors: Set<number>): void {
    for (const shelf of this.shelves.values()) {
      for (const tensor of tensors) {
        for (const kept of shelf[tensor]?.values() ?? []) this.free(kept);
        delete shelf[tensor];
      }
    }
    this.onChange();
  }

  private dispatch(step: Step): void {
    const asked = new Set(this.running.flatMap((request) => [...request.names]));
    const waiting = [...this.wishes].filter(([key]) => !asked.has(key));
    if (waiting.length === 0 || this.running.length >= REQUESTS) return;
    waiting.sort(([, one], [, other]) => one.urgency - other.urgency);
    while (waiting.length > 0 && this.running.length < REQUESTS) this.send(step, waiting.splice(0, BATCH));
  }

  private send(step: Step, batch: [string, Wish][]): void {
    // How large a tile is only its answer says: large ones come of levels of which many are wanted.
    const most = batch.length > BATCH_CELLS / 65_536 && batch.some(([, { name }]) => name.row > 0 || name.col > 0) ? 12 : BATCH;
    const part = batch.slice(0, most);
    const request = { names: new Set(part.map(([key]) => key)), abort: new AbortController() };
    this.running.push(request);
    const names = part.map(([, wish]) => wish.name);
    this.engine
      .tiles(step, names, request.abort.signal)
      .then((answers) => {
        this.trouble = null;
        for (const [at, answer] of answers.entries()) {
          if ("error" in answer) this.keep(step, names[at]!, null, answer.error, true);
          else this.keep(step, names[at]!, answer, null, false);
        }
      })
      .catch((error: unknown) => {
        if (request.abort.signal.aborted) return;
        const passing = !(error instanceof EngineError) || error.passing;
        this.trouble = error instanceof Error ? error.message : String(error);
        for (const name of names) this.keep(step, name, null, this.trouble, passing);
      })
      .finally(() => {
        this.running.splice(this.running.indexOf(request), 1);
        for (const key of request.names) this.wishes.delete(key);
        this.onChange();
      });
  }

  private keep(step: Step, name: TileName, tile: Tile | null, error: string | null, passing: boolean): void {
    const shelf = shelfName(step, name.fold);
    let buckets = this.shelves.get(shelf);
    if (!buckets) this.shelves.set(shelf, (buckets = []));
    const bucket = (buckets[name.tensor] ??= new Map());
    const key = tileKey(levelOf(name), name.row, name.col);
    const before = bucket.get(key);
    const tries = (before?.tries ?? 0) + 1;
    const due = performance.now() + REFRESH[Math.min(tries - 1, REFRESH.length - 1)]!;
    const again = tile ? (tile.sampled > 1 ? due : Number.POSITIVE_INFINITY) : passing ? due : Number.POSITIVE_INFINITY;
    // A tile that came once is better than a failure to get it anew.
    if (before?.tile && !tile) {
      before.again = again;
      before.tries = tries;
    } else {
      if (before?.tile) this.bytes -= bytesOf(before.tile);
      // The old place is given back when its turn to be thrown out comes.
      bucket.set(key, { tile, error, slot: null, used: this.frame, again, tries });
      if (tile) this.bytes += bytesOf(tile);
    }
    if (again < Number.POSITIVE_INFINITY) this.wakeAt(again);
  }

  private wakeAt(time: number): void {
    this.timer ??= window.setTimeout(
      () => {
        this.timer = undefined;
        this.onChange();
      },
      Math.max(time - performance.now(), 0) + 20,
    );
  }

  /** Frees a third of the memory, what was not used for longest first. */
  private forget(): void {
    const all: { bucket: Bucket; key: number; kept: Kept }[] = [];
    for (const shelf of this.shelves.values()) {
      for (const bucket of shelf) {
        if (bucket) for (const [key, kept] of bucket) if (kept.used < this.frame) all.push({ bucket, key, kept });
      }
    }
    all.sort((one, other) => one.kept.used - other.kept.used);
    for (const { bucket, key, kept } of all) {
      if (this.bytes < BUDGET * 0.67) break;
      this.free(kept);
      bucket.delete(key);
    }
  }

  /** Its place on the card is taken by others in its turn. */
  private free(kept: Kept): void {
    if (kept.tile) this.bytes -= bytesOf(kept.tile);
    kept.slot = null;
    kept.tile = null;
  }

  private each(visit: (kept: Kept) => void): void {
    for (const shelf of this.shelves.values()) {
      for (const bucket of shelf) if (bucket) for (const kept of bucket.values()) visit(kept);
    }
  }
}

function bytesOf(tile: Tile): number {
  return tile.planes.reduce((sum, plane) => sum + plane.byteLength, 0);
}

function levelOf(name: TileName): Level {
  return { rows: name.levelRows, cols: name.levelCols };
}

function shelfName(step: Step, fold: Fold): string {
  return `${step ?? ""}${fold}`;
}

function wishName(step: Step, name: TileName): string {
  return `${shelfName(step, name.fold)}${name.tensor}.${tileKey(levelOf(name), name.row, name.col)}`;
}
