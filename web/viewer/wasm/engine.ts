import { EngineError } from "../engine";
import { RouteEngine } from "../routes";
import type { FromWorker, NamedFile, ToWorker } from "./messages";

/** A question that waits for the worker. */
interface Waiting {
  message: ToWorker;
  signal: AbortSignal | undefined;
  resolve: (answer: { status: number; body: ArrayBuffer }) => void;
  reject: (error: unknown) => void;
}

/** A file that was left out, and why. */
export interface Refused {
  file: string;
  why: string;
}

/**
 * The engine in the page itself. Questions wait here and not in the worker, so that one that nobody wants
 * any more is never asked.
 */
export class WorkerEngine extends RouteEngine {
  private worker: Worker;
  private readonly waiting: Waiting[] = [];
  private asked: Waiting | null = null;

  private constructor(
    private readonly module: WebAssembly.Module,
    private readonly files: NamedFile[],
    private readonly newWorker: () => Worker,
  ) {
    super();
    this.worker = this.listenTo(newWorker());
  }

  /** Opens files; throws what each of them said where none can be opened. */
  static async open(module: WebAssembly.Module, files: NamedFile[], newWorker: () => Worker): Promise<{ engine: WorkerEngine; refused: Refused[] }> {
    const engine = new WorkerEngine(module, files, newWorker);
    const { status, body } = await engine.post(engine.opening());
    const { refused } = JSON.parse(new TextDecoder().decode(body)) as { refused: Refused[] };
    if (status === 200) return { engine, refused };
    engine.close();
    throw new EngineError(refused.map(({ file, why }) => `${file}: ${why}`).join("\n") || "no file can be opened", false);
  }

  close(): void {
    this.worker.terminate();
  }

  protected async ask(question: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    const { status, body } = await this.post({ kind: "ask", question }, signal);
    if (status === 200) return body;
    const { error } = JSON.parse(new TextDecoder().decode(body)) as { error: string };
    throw new EngineError(error, status >= 500);
  }

  private opening(): ToWorker {
    return { kind: "open", module: this.module, files: this.files };
  }

  private post(message: ToWorker, signal?: AbortSignal): Promise<{ status: number; body: ArrayBuffer }> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ message, signal, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    while (!this.asked && this.waiting.length > 0) {
      const first = this.waiting.shift()!;
      if (first.signal?.aborted) {
        first.reject(first.signal.reason);
        continue;
      }
      this.asked = first;
      this.worker.postMessage(first.message);
    }
  }

  private listenTo(worker: Worker): Worker {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      const asked = this.asked;
      this.asked = null;
      if (data.kind === "answer") asked?.resolve(data);
      else this.restart(asked, data.why);
      this.next();
    };
    worker.onerror = (event) => {
      const asked = this.asked;
      this.asked = null;
      this.restart(asked, event.message);
      this.next();
    };
    return worker;
  }

  /** A module that trapped cannot be used again: a new one opens the same files and goes on. */
  private restart(asked: Waiting | null, why: string): void {
    asked?.reject(new EngineError(`this could not be answered here (${why}); the command can: hinton view`, false));
    this.worker.terminate();
    this.worker = this.listenTo(this.newWorker());
    if (asked?.message.kind === "open") return;
    const ignore = () => {};
    this.waiting.unshift({ message: this.opening(), signal: undefined, resolve: ignore, reject: ignore });
  }
}
