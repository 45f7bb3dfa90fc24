import type {
  Box, Catalogue, Colouring, Colours, Curve, Engine, Events, ExactValue, Overview, PictureFormat, Profile, ProfileLine, Room, Stats, Statistics, Step,
  Tile, TileAnswer, TileName, View,
} from "./engine";
import { EngineError } from "./engine";

export type Query = Record<string, string | number>;

/** Cells of a tile that is left where it came, among others. */
const SMALL = 1024;

const MEDIA_TYPES: Record<PictureFormat, string> = { png: "image/png", svg: "image/svg+xml", pdf: "application/pdf" };

/** An engine that answers questions of the form `route?query`, wherever it runs. */
export abstract class RouteEngine implements Engine {
  /** Views by their numbers, which follow those of the tensors. */
  private views: { tensor: number; text: string }[] = [];
  private tensors = 0;

  /** The bytes of an answer; an EngineError where there is none. */
  protected abstract ask(question: string, signal?: AbortSignal): Promise<ArrayBuffer>;

  async catalogue(aspect: number | null, signal?: AbortSignal): Promise<Catalogue> {
    // Every number of it is finite: nothing in its megabytes needs to be looked at again.
    const body = await this.ask(question("catalogue", aspectOf(aspect)), signal);
    const catalogue = JSON.parse(new TextDecoder().decode(body)) as Catalogue;
    if (catalogue.tensors.length !== this.tensors) this.views = [];
    this.tensors = catalogue.tensors.length;
    return catalogue;
  }

  async view(tensor: number, text: string, signal?: AbortSignal): Promise<View> {
    const { view, ...found } = await this.json<Omit<View, "number" | "text"> & { view: string }>("view", { t: tensor, v: text }, signal);
    if (view === "") return { ...found, number: tensor, text: view };
    let index = this.views.findIndex((other) => other.tensor === tensor && other.text === view);
    if (index < 0) index = this.views.push({ tensor, text: view }) - 1;
    return { ...found, number: this.tensors + index, text: view };
  }

  /** The tensor behind a number, and the view of it. */
  private of(number: number): { t: number; v?: string } {
    const view = this.views[number - this.tensors];
    return view ? { t: view.tensor, v: view.text } : { t: number };
  }

  /** What a picture is of; all tensors where none is named. */
  private drawn(step: Step, tensor: number | null, box: Box | null): Query {
    return tensor === null ? {} : { ...stepOf(step), ...this.of(tensor), ...part(box) };
  }

  async overview({ aspect, width, height, ratio }: Room, signal?: AbortSignal): Promise<Overview> {
    return readOverview(await this.ask(question("overview", { ...aspectOf(aspect), w: width, h: height, ratio }), signal));
  }

  async tiles(step: Step, asked: TileName[], signal?: AbortSignal): Promise<TileAnswer[]> {
    const level = (tile: TileName) =>
      tile.levelRows === tile.levelCols ? tile.levelRows : `${tile.levelRows}:${tile.levelCols}`;
    const q = asked.map((tile) => `${this.of(tile.tensor).t}.${tile.fold}.${level(tile)}.${tile.row}.${tile.col}`).join(",");
    const views = new Set<string>();
    for (const { tensor } of asked) {
      const { t, v } = this.of(tensor);
      if (v !== undefined) views.add(`${t}:${v}`);
    }
    const query: Query = { ...stepOf(step), q };
    if (views.size > 0) query.v = [...views].join(";");
    return readTiles(await this.ask(question("tiles", query), signal), asked.length);
  }

  async exact(step: Step, tensor: number, box: Box, signal?: AbortSignal): Promise<number[][]> {
    const { values } = await this.json<{ values: number[][] }>("exact", { ...stepOf(step), ...this.of(tensor), ...box }, signal);
    return values;
  }

  value(step: Step, tensor: number, row: number, col: number, signal?: AbortSignal): Promise<ExactValue> {
    return this.json("value", { ...stepOf(step), ...this.of(tensor), r: row, c: col }, signal);
  }

  stats(step: Step, tensor: number, signal?: AbortSignal): Promise<Stats> {
    return this.json("stats", { ...stepOf(step), ...this.of(tensor) }, signal);
  }

  statistics(step: Step, from: number, faults: number, signal?: AbortSignal): Promise<Statistics> {
    return this.json("statistics", { ...stepOf(step), from, faults }, signal);
  }

  profile(step: Step, tensor: number, line: ProfileLine, cells: number, signal?: AbortSignal): Promise<Profile> {
    return this.json("profile", { ...stepOf(step), ...this.of(tensor), ...line, cells }, signal);
  }

  async colours(step: Step, of: string[], how: Colouring, signal?: AbortSignal): Promise<Colours[]> {
    const seen = of.map((name) => (/^\d+$/.test(name) ? this.of(Number(name)) : { t: name }));
    const query: Query = { ...stepOf(step), t: seen.map(({ t }) => t).join(","), ...colouring(how) };
    const views = seen.flatMap((one) => ("v" in one && one.v !== undefined ? [`${one.t}:${one.v}`] : []));
    if (views.length > 0) query.v = views.join(";");
    const answer = await this.json<Colours | { list: Colours[] }>("colours", query, signal);
    return "list" in answer ? answer.list : [answer];
  }

  async series(signal?: AbortSignal): Promise<Curve[]> {
    return (await this.json<{ curves: Curve[] }>("series", {}, signal)).curves;
  }

  async picture(step: Step, tensor: number | null, how: Colouring, box: Box | null, format: PictureFormat): Promise<Blob> {
    const query = { ...this.drawn(step, tensor, box), ...colouring(how), format };
    return new Blob([await this.ask(question("picture", query))], { type: MEDIA_TYPES[format] });
  }

  async command(step: Step, tensor: number | null, how: Colouring, box: Box | null): Promise<string> {
    const query = { ...this.drawn(step, tensor, box), ...colouring(how) };
    return (await this.json<{ command: string }>("command", query)).command;
  }

  events(since: number, signal?: AbortSignal): Promise<Events> {
    return this.json("events", { since }, signal);
  }

  private async json<T>(route: string, query: Query, signal?: AbortSignal): Promise<T> {
    const text = new TextDecoder().decode(await this.ask(question(route, query), signal));
    return reviveNumbers(JSON.parse(text)) as T;
  }
}

/** A question as it stands at the end of an address. */
function question(route: string, query: Query): string {
  const words = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%2C/g, ",").replace(/%3A/g, ":")}`);
  return route + (words.length > 0 ? `?${words.join("&")}` : "");
}

function aspectOf(aspect: number | null): Query {
  return aspect === null ? {} : { aspect };
}

function stepOf(step: Step): Query {
  return step === null ? {} : { s: step };
}

function colouring({ map, scale, range, fold, dark }: Colouring): Query {
  return { map, scale, range, fold, dark: dark ? 1 : 0 };
}

/** What is seen is a matrix of cells, whatever chart would suit its shape. */
function part(box: Box | null): Query {
  return { as: "heatmap", ...(box ? { box: `${box.r0}:${box.r1},${box.c0}:${box.c1}` } : {}) };
}

const WORDS: Record<string, number> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, "-Infinity": Number.NEGATIVE_INFINITY };
/** Members that hold text even where it reads like a number. */
const TEXTS = new Set(["text", "view", "slice", "of", "name", "title", "label", "error", "note", "row", "col", "command"]);

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
    answers.push(readTile(view, offset, length));
    offset += length;
  }
  return answers;
}

/** Takes the map of all tensors apart. */
function readOverview(body: ArrayBuffer): Overview {
  const view = new DataView(body);
  const found: Overview = [];
  for (let offset = 0; offset < body.byteLength; ) {
    const level = { rows: view.getUint8(offset + 4), cols: view.getUint8(offset + 5) };
    const length = view.getUint32(offset + 8, true);
    found.push({ tensor: view.getUint32(offset, true), level, tile: readTile(view, offset + 12, length) });
    offset += 12 + length;
  }
  return found;
}

/** A tile that begins there and takes so many bytes. */
function readTile(view: DataView, offset: number, length: number): Tile {
  const [rows, cols, planes, flags] = [0, 2, 4, 6].map((at) => view.getUint16(offset + at, true)) as [number, number, number, number];
  const cells = rows * cols;
  if (length !== 12 + planes * cells * 2) throw new EngineError("a tile has another size than it says", false);
  const body = view.buffer as ArrayBuffer;
  // Thousands of small tiles are one memory. Of others a copy, so that each is freed by itself; and where the message of a
  // tile before this one had an odd length.
  const inPlace = cells <= SMALL && offset % 2 === 0;
  const [data, start] = inPlace ? [body, offset + 12] : [body.slice(offset + 12, offset + length), 0];
  const plane = (index: number) => new Uint16Array(data, start + index * cells * 2, cells);
  return {
    rows,
    cols,
    planes: planes === 1 ? [plane(0)] : [plane(0), plane(1)],
    exact: (flags & 2) !== 0,
    final: (flags & 4) !== 0,
    sampled: (flags & 1) !== 0 ? Math.max(view.getUint32(offset + 8, true), 2) : 1,
  };
}
