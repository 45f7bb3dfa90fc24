import { type Engine, EngineError, type Fold, type Overview, type Step, type Tile, type TileAnswer, type TileName } from "../engine";
import { type Level, foldOf, tileKey } from "./plan";
import type { Pool, Slot } from "./pool";

/** Most tiles a request. */
const BATCH = 200;
/** The same of large tiles, so that the first do not wait for the last. */
const LARGE_BATCH = 12;
/** Requests at one time: a browser opens six connections, and others want some of them. */
const REQUESTS = 3;
/** Bytes of tiles kept in memory beside the graphics card. */
const BUDGET = 192 * 1024 * 1024;
/** Times after which a sampled tile is asked for again, milliseconds. */
const REFRESH = [700, 1500, 3000, 6000, 12_000];
/** Tiles of full size brought to the card in one frame. */
const UPLOADS = 24;

/** From this urgency on a tile is not seen yet, but soon may be. */
export const SOON = 1e9;

/** What is known of a tile: the tile, or why it is not here, or neither yet. */
export interface Kept {
  tile: Tile | null;
  error: string | null;
  slot: Slot | null;
  /** Number of the frame that drew it last. */
  used: number;
  /** Number of the frame that wished for it last. */
  wanted: number;
  /** Whether a request for it is on its way. */
  asked: boolean;
  /** When to ask again; Infinity for never. */
  again: number;
  tries: number;
}

/** A tile that should be here. */
interface Wish {
  step: Step;
  name: TileName;
  urgency: number;
  kept: Kept;
}

/** The tiles of a tensor by their level and place, and of all tensors. */
type Bucket = Map<number, Kept>;
type Shelf = Bucket[];

/** Tiles of every tensor, asked for in batches, most urgent first. */
export class Tiles {
  private shelves = new Map<string, Shelf>();
  /** The shelf used last: nearly always it is the next one, too. */
  private recent: { step: Step; fold: Fold; shelf: Shelf } | null = null;
  private wishes: Wish[] = [];
  /** Whether the wishes are in the order in which they are to come. */
  private sorted = false;
  private running = new Set<{ wishes: Wish[]; abort: AbortController }>();
  private bytes = 0;
  private frame = 0;
  private uploads = 0;
  private now = 0;
  private timer: number | undefined;
  /** Whether an answer with all that is seen at first is on its way. */
  private held = false;
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
    this.wishes = [];
    this.sorted = false;
    this.now = performance.now();
  }

  get(step: Step, fold: Fold, tensor: number, level: Level, row: number, col: number): Kept | null {
    const bucket = this.shelf(step, foldOf(level, fold))[tensor];
    return bucket?.get(tileKey(level, row, col)) ?? null;
  }

  /** Whether any tile of a tensor is here. */
  has(step: Step, fold: Fold, tensor: number): boolean {
    const bucket = this.shelf(step, fold)[tensor];
    if (bucket) for (const kept of bucket.values()) if (kept.tile) return true;
    return false;
  }

  /** It is drawn in this picture. */
  touch(kept: Kept): void {
    kept.used = this.frame;
  }

  /** The tile's place on the card; null if it is not there yet and a later frame brings it. */
  slotOf(kept: Kept, pool: Pool): Slot | null {
    this.touch(kept);
    if (!kept.tile) return null;
    if (kept.slot) {
      pool.touch(kept.slot);
      return kept.slot;
    }
    // Small tiles are cheap: thousands of them make up the first map.
    const cost = Math.max((kept.tile.rows * kept.tile.cols) / 65_536, 1 / 1024);
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

  /** Waits for the whole map in one answer, and asks for what is missing then. */
  expect(overview: Promise<Overview>, step: Step, fold: Fold): void {
    this.held = true;
    overview
      .then((found) => {
        const shelf = this.shelf(step, fold);
        for (const { tensor, level, tile } of found) {
          const kept = this.place((shelf[tensor] ??= new Map()), tileKey(level, 0, 0));
          if (!kept.tile) this.keep(kept, tile, true);
        }
      })
      .catch(() => {
        // Tile by tile, then; what is wrong is told there.
      })
      .finally(() => {
        this.held = false;
        this.onChange();
      });
  }

  /** The tile, if it is here; asks for it unless it is, and again if it was sampled and is due. */
  wish(step: Step, name: TileName, urgency: number): Kept {
    const level = { rows: name.levelRows, cols: name.levelCols };
    const shelf = this.shelf(step, name.fold);
    const bucket = (shelf[name.tensor] ??= new Map());
    const key = tileKey(level, name.row, name.col);
    const kept = this.place(bucket, key);
    kept.wanted = this.frame;
    if (kept.again <= this.now) this.wishes.push({ step, name, urgency, kept });
    return kept;
  }

  /** Ends a picture: drops requests that nobody wants any more, and starts new ones. */
  end(): void {
    for (const request of this.running) {
      if (!request.wishes.some(({ kept }) => kept.wanted === this.frame)) request.abort.abort();
    }
    this.dispatch();
    if (this.bytes > BUDGET) this.forget();
  }

  /** Whether all that is seen is here. */
  get settled(): boolean {
    return !this.wishes.some(({ urgency, kept }) => urgency < SOON && !kept.tile && !kept.error);
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

  /** Forgets all tiles of tensors whose file changed, and those of views, whose numbers begin there. */
  discard(tensors: Set<number>, views: number): void {
    for (const shelf of this.shelves.values()) {
      for (const number of Object.keys(shelf).map(Number)) {
        if (number < views && !tensors.has(number)) continue;
        for (const kept of shelf[number]!.values()) this.free(kept);
        delete shelf[number];
      }
    }
    this.onChange();
  }

  private shelf(step: Step, fold: Fold): Shelf {
    const { recent } = this;
    if (recent && recent.step === step && recent.fold === fold) return recent.shelf;
    const name = `${step ?? ""}${fold}`;
    let shelf = this.shelves.get(name);
    if (!shelf) this.shelves.set(name, (shelf = []));
    this.recent = { step, fold, shelf };
    return shelf;
  }

  private place(bucket: Bucket, key: number): Kept {
    let kept = bucket.get(key);
    if (!kept) {
      kept = { tile: null, error: null, slot: null, used: this.frame, wanted: 0, asked: false, again: 0, tries: 0 };
      bucket.set(key, kept);
    }
    return kept;
  }

  private dispatch(): void {
    if (this.held || this.running.size >= REQUESTS) return;
    if (!this.sorted) {
      this.wishes.sort((one, other) => one.urgency - other.urgency);
      this.sorted = true;
    }
    const now = performance.now();
    const due = this.wishes.filter(({ kept }) => !kept.asked && kept.again <= now);
    // What is not here at all comes before what is a sample.
    const absent = due.filter(({ kept }) => !kept.tile);
    const waiting = absent.length > 0 ? absent : due;
    for (let start = 0; start < waiting.length && this.running.size < REQUESTS; ) {
      // A request is of one step. How large a tile is only its answer says: large ones come of
      // levels of which several are wanted.
      const { step } = waiting[start]!;
      let end = start;
      let most = BATCH;
      while (end < waiting.length && end - start < most && waiting[end]!.step === step) {
        const { row, col } = waiting[end]!.name;
        if (row > 0 || col > 0) most = LARGE_BATCH;
        end += 1;
      }
      this.send(step, waiting.slice(start, end));
      start = end;
    }
  }

  private send(step: Step, wishes: Wish[]): void {
    const request = { wishes, abort: new AbortController() };
    this.running.add(request);
    for (const { kept } of wishes) kept.asked = true;
    this.engine
      .tiles(step, wishes.map(({ name }) => name), request.abort.signal)
      .then((answers) => {
        this.trouble = null;
        for (const [at, answer] of answers.entries()) this.keep(wishes[at]!.kept, answer, true);
      })
      .catch((error: unknown) => {
        if (request.abort.signal.aborted) return;
        this.trouble = error instanceof Error ? error.message : String(error);
        const passing = !(error instanceof EngineError) || error.passing;
        for (const { kept } of wishes) this.keep(kept, { error: this.trouble }, passing);
      })
      .finally(() => {
        this.running.delete(request);
        for (const { kept } of wishes) kept.asked = false;
        // A frame of many tensors takes its time; the next request does not wait for it.
        this.dispatch();
        this.onChange();
      });
  }

  private keep(kept: Kept, answer: TileAnswer, passing: boolean): void {
    kept.tries += 1;
    // Of thousands of samples few are exact soon.
    const many = Math.max(1, this.wishes.length / BATCH);
    const due = performance.now() + REFRESH[Math.min(kept.tries - 1, REFRESH.length - 1)]! * many;
    if ("error" in answer) {
      // A tile that came once is better than a failure to get it anew.
      if (!kept.tile) kept.error = answer.error;
      kept.again = passing ? due : Number.POSITIVE_INFINITY;
    } else {
      this.free(kept);
      kept.tile = answer;
      kept.error = null;
      kept.used = this.frame;
      kept.again = answer.sampled > 1 && !answer.final ? due : Number.POSITIVE_INFINITY;
      this.bytes += bytesOf(answer);
    }
    if (kept.again < Number.POSITIVE_INFINITY) this.wakeAt(kept.again);
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

  /** Frees a third of the memory, what was not drawn for longest first. */
  private forget(): void {
    const all: { bucket: Bucket; key: number; kept: Kept }[] = [];
    for (const shelf of this.shelves.values()) {
      for (const bucket of shelf) {
        if (bucket) for (const [key, kept] of bucket) if (kept.wanted < this.frame && !kept.asked) all.push({ bucket, key, kept });
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
    if (kept.slot) kept.slot.used = -1;
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
