/**
 * What the page asks of whoever reads the files: today a server on this machine (http.ts), or a
 * WebAssembly module in a Worker. Every call is asynchronous and none knows of addresses.
 * A tensor is named by its number, or by that of a view of it.
 */
export interface Engine {
  /** What there is to see, laid out for a window of this width to height (the usual one where null). */
  catalogue(aspect: number | null, signal?: AbortSignal): Promise<Catalogue>;
  /**
   * Every tensor of the map as it is drawn where the whole map has that room, in one answer: soon
   * there, however many they are. What is missing in it is asked for as tiles.
   */
  overview(room: Room, signal?: AbortSignal): Promise<Overview>;
  /**
   * A view of a tensor: a slice in numpy's notation and the axes that are rows and columns, such as
   * `[0,:,:,::2]` or `[:,:,:,:]0.2/1.3`; nothing for the usual one. An error says what is wrong.
   */
  view(tensor: number, text: string, signal?: AbortSignal): Promise<View>;
  /** Tiles in the order asked; one that could not be read carries the reason instead. */
  tiles(step: Step, asked: TileName[], signal?: AbortSignal): Promise<TileAnswer[]>;
  /** Full precision of rows `r0..r1` and columns `c0..c1`, ends excluded; at most 65,536 cells. */
  exact(step: Step, tensor: number, box: Box, signal?: AbortSignal): Promise<number[][]>;
  value(step: Step, tensor: number, row: number, col: number, signal?: AbortSignal): Promise<ExactValue>;
  stats(step: Step, tensor: number, signal?: AbortSignal): Promise<Stats>;
  /**
   * Statistics, as far as the background pass has come: rows of tensors from number `from` on, and
   * faults from number `faults` on.
   */
  statistics(step: Step, from: number, faults: number, signal?: AbortSignal): Promise<Statistics>;
  profile(step: Step, tensor: number, line: ProfileLine, cells: number, signal?: AbortSignal): Promise<Profile>;
  /** Colours of up to 64 tensors on their own (`3`) or groups of tensors together (`g3`). */
  colours(step: Step, of: string[], how: Colouring, signal?: AbortSignal): Promise<Colours[]>;
  series(signal?: AbortSignal): Promise<Curve[]>;
  /** Of a tensor, or of all where none is named. */
  picture(step: Step, tensor: number | null, how: Colouring, box: Box | null, format: PictureFormat): Promise<Blob>;
  command(step: Step, tensor: number | null, how: Colouring, box: Box | null): Promise<string>;
  events(since: number, signal?: AbortSignal): Promise<Events>;
}

/** The number of a step; null where the sources have none. */
export type Step = number | null;
export type Fold = "r" | "m" | "e" | "i";
export type PictureFormat = "png" | "svg" | "pdf";

/** Rows `r0..r1`, columns `c0..c1`; ends excluded. */
export interface Box {
  r0: number;
  c0: number;
  r1: number;
  c1: number;
}

export interface Catalogue {
  version: number;
  program: string;
  title: string;
  sources: Source[];
  tensors: Tensor[];
  /** What can be compared, of two checkpoints. */
  pairs: Pair[];
  /** In words, what has no counterpart. */
  unpaired: string | null;
  layout: Layout;
  maps: { name: string; kind: "diverging" | "sequential"; colourBlindSafe: boolean }[];
  defaultMap: { light: string; dark: string };
  /** Of a page that holds its data: what of it, in words. */
  exported?: { note: string };
}

/** A tensor of the first source, the same one of the second, and the second less the first. */
export interface Pair {
  a: number;
  b: number;
  difference: number;
  /** How they were found to be the same, where it is not by name alone. */
  how: string | null;
}

export interface Source {
  id: number;
  name: string;
  kind: "checkpoint" | "run";
  format: string;
  bytes: number;
  notes: string[];
  identity: string;
  steps: { number: number; label: string }[];
  live: boolean;
}

export interface Tensor {
  id: number;
  source: number;
  name: string;
  dtype: string;
  shape: number[];
  rows: number;
  cols: number;
  orientation: string;
  /** What follows is left out where there is nothing to tell. */
  quantized?: boolean;
  /** What of a quantised tensor can be seen besides its values: codes, scales, offsets. */
  components?: string[];
  borders?: Borders;
  bytes: number;
  offset?: number;
  skipped?: string;
  /** Tensors of one group have one range of colours, where not each has its own. */
  group: number;
  /** The levels that there are, as rows and columns, finest first; all where nothing is said. */
  levels?: [number, number][];
  /** Whether it is made of others and lies in no file. */
  made?: boolean;
  /** How it is seen, where that is not the usual way: rows, columns and orientation are those of the view. */
  view?: View;
  note?: string;
}

/** Borders of blocks that share a scale, down and right: the first, and from one to the next. */
export type Borders = [[number, number] | null, [number, number] | null];

/** What is taken of a tensor, and how it is laid out as a matrix. */
export interface View {
  /** Names it wherever the number of a tensor does. */
  number: number;
  /** In words, as short as can be; empty for the usual one. */
  text: string;
  /** In numpy's notation; null where all values are taken. */
  slice: string | null;
  rows: number;
  cols: number;
  orientation: string;
  /** The axes of the tensor that are rows and columns, the outermost first. */
  rowAxes: number[];
  colAxes: number[];
  axes: ViewAxis[];
  /** What is seen of a quantised tensor; null for its values. */
  component: string | null;
  borders: Borders;
}

export interface ViewAxis {
  length: number;
  name: string | null;
  role: "row" | "col" | "index";
  /** Of a role `index` the position that is taken. */
  first: number;
  step: number;
  /** Null of a role `index`. */
  count: number | null;
}

/** The number that a tensor is asked for by, as it is seen. */
export function numberOf(tensor: Tensor): number {
  return tensor.view?.number ?? tensor.id;
}

export interface Layout {
  width: number;
  height: number;
  /** The part of the map that each source has. */
  sources?: { source: number; x: number; y: number; w: number; h: number }[];
  tiles: Placed[];
  labels: Label[];
}

/** Where a tensor lies on the map, in world units: one is one CSS pixel at zoom 1. */
export interface Placed {
  tensor: number;
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Label {
  x: number;
  y: number;
  w: number;
  h: number;
  text: string;
  role: "column" | "row" | "group" | "tile";
  align: "left" | "center" | "right";
  /** Whether the text runs upwards; the box is that of the turned text. */
  upright?: boolean;
}

/** Room for the whole map: of a window of that shape, CSS pixels, and device pixels to one of them. */
export interface Room {
  aspect: number | null;
  width: number;
  height: number;
  ratio: number;
}

/** The only tile of a tensor at a level, for tensors of the map. */
export type Overview = { tensor: number; level: { rows: number; cols: number }; tile: Tile }[];

/** A tile of 256 x 256 cells at most, of which each folds 2^levelRows x 2^levelCols values. */
export interface TileName {
  tensor: number;
  fold: Fold;
  levelRows: number;
  levelCols: number;
  row: number;
  col: number;
}

export interface Tile {
  rows: number;
  cols: number;
  /** One or two planes, each row by row: the upper halves of f32. */
  planes: Uint16Array[];
  /** Whether the 16 bits stand for exactly what the file holds. */
  exact: boolean;
  /** One of so many values was read; 1 means all. */
  sampled: number;
  /** Whether asking again gives no better one. */
  final: boolean;
}

export type TileAnswer = Tile | { error: string };

export interface ExactValue {
  value: number;
  text: string;
  index: number[];
  file: string;
  byte: number | null;
  /** What the row and the column are called, such as the token of a vocabulary; null where they have only numbers. */
  row: PlaceName | null;
  col: PlaceName | null;
  note?: string;
}

export interface PlaceName {
  /** What it is one of: `token`, `class`. */
  of: string;
  name: string;
}

export interface Histogram {
  edges: number[];
  counts: number[];
}

export interface Stats {
  count: number;
  min: number;
  max: number;
  mean: number;
  rms: number;
  std: number;
  kurtosis: number;
  nan: number;
  inf: number;
  zeros: number;
  quantiles: Record<string, number>;
  histogram: Histogram;
  sampled: boolean;
  note?: string;
}

export interface StatisticsRow {
  t: number;
  rms: number;
  mean: number;
  min: number;
  max: number;
  nan: number;
  inf: number;
  zeros: number;
  kurtosis: number;
  /** One of so many values was read; 1 means all. */
  sampled?: number;
  /** Ends of the histogram; null where no value is finite. */
  low: number | null;
  high: number | null;
  histogram: number[];
}

export interface Fault {
  t: number;
  code: string;
  /** Whether something is wrong, rather than worth a look. */
  fault?: boolean;
  text: string;
  at: [number, number] | null;
}

export interface Statistics {
  done: number;
  of: number;
  /** Tensors whose faults were looked for. */
  checked: number;
  rows: StatisticsRow[];
  faults: Fault[];
  /** What a person should know of them. */
  note?: string | null;
}

/** One whole row or column. */
export type ProfileLine = { row: number } | { col: number };

export interface Profile {
  first: number;
  count: number;
  values: number[];
  low: number[];
  high: number[];
}

export interface Colouring {
  map: string;
  scale: string;
  /** `auto`, `data`, `q:0.99`, or two numbers with a comma. */
  range: string;
  fold: Fold;
  dark: boolean;
}

export interface Colours {
  low: number;
  high: number;
  map: string;
  scale: string;
  /** For one plane: thresholds as bits of f32, and one colour more than thresholds. */
  one: { thresholds: number[]; table: string };
  /** For two planes: row-major, strength x balance. */
  two: { strength: number[]; balance: number[]; table: string } | null;
  nan: string;
  posInf: string;
  negInf: string;
  paper: string;
  ink: string;
  legend: { ticks: { at: number; text: string }[] };
  note?: string;
}

export interface Curve {
  name: string;
  /** Whether it tells how far and how fast the training went, such as `epoch`, rather than how well. */
  pace: boolean;
  steps: number[];
  values: number[];
}

export interface Events {
  now: number;
  events: { kind: string; source?: number; number?: number }[];
}

/** What an engine throws; the words are for people. */
export class EngineError extends Error {
  constructor(
    message: string,
    /** Whether asking again can help. */
    readonly passing: boolean,
  ) {
    super(message);
  }
}
