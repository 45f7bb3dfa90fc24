import type {
  Box, Catalogue, Colouring, Colours, Curve, Engine, Events, ExactValue, PictureFormat, Profile, ProfileLine, Stats, Statistics, Step, TileAnswer,
  TileName,
} from "./engine";
import { EngineError } from "./engine";

const KEY_HEADER = "X-Hinton-Key";
const KEY_STORE = "hinton-key";

/**
 * The key of the server: it arrives in the fragment, which is never sent or logged, and is kept for
 * this tab alone; the address is freed of it at once.
 */
export function takeKey(): string | null {
  const words = location.hash.replace(/^#/, "").split("&");
  const found = words.find((word) => word.startsWith("k="));
  if (found) {
    const rest = words.filter((word) => word !== found).join("&");
    history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
    try {
      sessionStorage.setItem(KEY_STORE, found.slice(2));
    } catch {
      // Without storage a reload needs the printed address again.
    }
    return found.slice(2);
  }
  try {
    return sessionStorage.getItem(KEY_STORE);
  } catch {
    return null;
  }
}

/** The engine behind `hinton view`: HTTP on this machine. */
export class HttpEngine implements Engine {
  /** Where the routes are, relative to the page, so that a proxy may put a folder before them. */
  constructor(
    private readonly key: string,
    private readonly base = "api/",
  ) {}

  catalogue(signal?: AbortSignal): Promise<Catalogue> {
    return this.json("catalogue", {}, signal);
  }

  async tiles(step: Step, asked: TileName[], signal?: AbortSignal): Promise<TileAnswer[]> {
    const level = (tile: TileName) =>
      tile.levelRows === tile.levelCols ? tile.levelRows : `${tile.levelRows}:${tile.levelCols}`;
    const q = asked.map((tile) => `${tile.tensor}.${tile.fold}.${level(tile)}.${tile.row}.${tile.col}`).join(",");
    const response = await this.ask("tiles", { ...stepOf(step), q }, signal);
    return readTiles(await response.arrayBuffer(), asked.length);
  }

  async exact(step: Step, tensor: number, box: Box, signal?: AbortSignal): Promise<number[][]> {
    const { values } = await this.json<{ values: number[][] }>("exact", { ...stepOf(step), t: tensor, ...box }, signal);
    return values;
  }

  value(step: Step, tensor: number, row: number, col: number, signal?: AbortSignal): Promise<ExactValue> {
    return this.json("value", { ...stepOf(step), t: tensor, r: row, c: col }, signal);
  }

  stats(step: Step, tensor: number, signal?: AbortSignal): Promise<Stats> {
    return this.json("stats", { ...stepOf(step), t: tensor }, signal);
  }

  statistics(step: Step, signal?: AbortSignal): Promise<Statistics> {
    return this.json("statistics", stepOf(step), signal);
  }

  profile(step: Step, tensor: number, line: ProfileLine, cells: number, signal?: AbortSignal): Promise<Profile> {
    return this.json("profile", { ...stepOf(step), t: tensor, ...line, cells }, signal);
  }

  async colours(step: Step, tensors: number[] | null, how: Colouring, signal?: AbortSignal): Promise<Colours[]> {
    const query = { ...stepOf(step), t: tensors?.join(",") ?? "-", ...colouring(how), share: tensors ? 0 : 1 };
    const answer = await this.json<Colours | { list: Colours[] }>("colours", query, signal);
    return "list" in answer ? answer.list : [answer];
  }

  async series(signal?: AbortSignal): Promise<Curve[]> {
    return (await this.json<{ curves: Curve[] }>("series", {}, signal)).curves;
  }

  async picture(step: Step, tensor: number, how: Colouring, box: Box | null, format: PictureFormat): Promise<Blob> {
    const response = await this.ask("picture", { ...stepOf(step), t: tensor, ...colouring(how), ...slice(box), format });
    return response.blob();
  }

  async command(step: Step, tensor: number, how: Colouring, box: Box | null): Promise<string> {
    const query = { ...stepOf(step), t: tensor, ...colouring(how), ...slice(box) };
    return (await this.json<{ command: string }>("command", query)).command;
  }

  events(since: number, signal?: AbortSignal): Promise<Events> {
    return this.json("events", { since }, signal);
  }

  private async json<T>(route: string, query: Query, signal?: AbortSignal): Promise<T> {
    const response = await this.ask(route, query, signal);
    return reviveNumbers(await response.json()) as T;
  }

  private async ask(route: string, query: Query, signal?: AbortSignal): Promise<Response> {
    const words = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%2C/g, ",")}`);
    const address = this.base + route + (words.length > 0 ? `?${words.join("&")}` : "");
    let response: Response;
    try {
      response = await fetch(address, { headers: { [KEY_HEADER]: this.key }, signal: signal ?? null, cache: "no-store" });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new EngineError("hinton does not answer: is `hinton view` still running?", true);
    }
    if (response.ok) return response;
    throw new EngineError(await reason(response), response.status >= 500 || response.status === 429);
  }
}

type Query = Record<string, string | number>;

async function reason(response: Response): Promise<string> {
  if (response.status === 401) return "The key of this address is not that of the running server: open the address that hinton printed.";
  try {
    const { error } = (await response.json()) as { error?: string };
    if (error) return error;
  } catch {
    // Not JSON: the status must do.
  }
  return `hinton answered ${response.status}`;
}

function stepOf(step: Step): Query {
  return step === null ? {} : { s: step };
}

function colouring({ map, scale, range, fold, dark }: Colouring): Query {
  return { map, scale, range, fold, dark: dark ? 1 : 0 };
}

/** In numpy's notation, of the view of two axes. */
function slice(box: Box | null): Query {
  return box ? { slice: `[${box.r0}:${box.r1},${box.c0}:${box.c1}]` } : {};
}

const WORDS: Record<string, number> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, "-Infinity": Number.NEGATIVE_INFINITY };
/** Members that hold text even where it reads like a number. */
const TEXTS = new Set(["text", "name", "title", "label", "error", "note", "row", "col", "command"]);

/** JSON has no NaN and no infinities: the server writes them as words. */
function reviveNumbers(value: unknown, key = ""): unknown {
  if (typeof value === "string") return TEXTS.has(key) ? value : (WORDS[value] ?? value);
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const inner: unknown = value[at];
      if (typeof inner !== "number") value[at] = reviveNumbers(inner, key);
    }
  } else if (value && typeof value === "object") {
    const members = value as Record<string, unknown>;
    for (const name of Object.keys(members)) {
      if (typeof members[name] !== "number") members[name] = reviveNumbers(members[name], name);
    }
  }
  return value;
}

/** Takes a body of tiles apart; a body that ends too early is an error. */
export function readTiles(body: ArrayBuffer, count: number): TileAnswer[] {
  const view = new DataView(body);
  const answers: TileAnswer[] = [];
  let offset = 0;
  for (let tile = 0; tile < count; tile++) {
    const length = view.getUint32(offset, true);
    offset += 4;
    if (length === 0) {
      const bytes = view.getUint32(offset, true);
      answers.push({ error: new TextDecoder().decode(new Uint8Array(body, offset + 4, bytes)) });
      offset += 4 + bytes;
      continue;
    }
    const [rows, cols, planes, flags] = [0, 2, 4, 6].map((at) => view.getUint16(offset + at, true)) as [number, number, number, number];
    const cells = rows * cols;
    if (length !== 12 + planes * cells * 2) throw new EngineError("a tile has another size than it says", false);
    // A copy, because the offset is not always a multiple of two and the body should be freed.
    const data = body.slice(offset + 12, offset + length);
    answers.push({
      rows,
      cols,
      planes: Array.from({ length: planes }, (_, plane) => new Uint16Array(data, plane * cells * 2, cells)),
      exact: (flags & 2) !== 0,
      sampled: (flags & 1) !== 0 ? Math.max(view.getUint32(offset + 8, true), 2) : 1,
    });
    offset += length;
  }
  return answers;
}
