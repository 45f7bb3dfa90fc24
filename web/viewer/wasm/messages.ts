/** What the page and its worker say to each other. */

/** A file that was dropped, under its path among the others. */
export interface NamedFile {
  name: string;
  file: File;
}

export type ToWorker =
  | { kind: "open"; module: WebAssembly.Module; files: NamedFile[] }
  /** A question of the form `route?query`, see RouteEngine. */
  | { kind: "ask"; question: string };

/** Every message to the worker has one answer, in order; "died" may also come unasked. */
export type FromWorker =
  | { kind: "answer"; status: number; body: ArrayBuffer }
  /** The module trapped: this worker is of no more use. */
  | { kind: "died"; why: string };
