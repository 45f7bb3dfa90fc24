/** The worker of the static page: hinton as a WebAssembly module, one question at a time. */

import { Files } from "./files";
import type { FromWorker, ToWorker } from "./messages";

/** What the module offers: crates/hinton-wasm/src/abi.rs. */
interface Exports extends WebAssembly.Exports {
  memory: WebAssembly.Memory;
  input(length: number): number;
  open(): number;
  ask(): number;
  work_ahead(): number;
  answer(): number;
  answer_length(): number;
}

let exports: Exports | null = null;

function start(module: WebAssembly.Module, files: Files): Exports {
  const imports: WebAssembly.Imports = {
    hinton: {
      read: (file: number, offset: number, pointer: number, length: number): number => {
        const into = new Uint8Array(exports!.memory.buffer, pointer >>> 0, length >>> 0);
        try {
          files.read(file, offset, into);
          return 0;
        } catch {
          return 1;
        }
      },
    },
  };
  // A library asks for random numbers in a place that reading never comes to.
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (from === "hinton" || kind !== "function") continue;
    (imports[from] ??= {})[name] = () => {
      throw new Error(`${from}.${name} is not there`);
    };
  }
  return new WebAssembly.Instance(module, imports).exports as Exports;
}

function call(text: string, run: (exports: Exports) => number): FromWorker {
  const made = exports!;
  const bytes = new TextEncoder().encode(text);
  const input = made.input(bytes.length) >>> 0;
  new Uint8Array(made.memory.buffer, input, bytes.length).set(bytes);
  const status = run(made);
  const pointer = made.answer() >>> 0;
  return { kind: "answer", status, body: made.memory.buffer.slice(pointer, pointer + made.answer_length()) };
}

function answer(message: ToWorker): FromWorker {
  try {
    if (message.kind === "ask") return call(message.question, (made) => made.ask());
    exports = start(message.module, new Files(message.files));
    const listed = message.files.map(({ name, file }) => [name, file.size]);
    return call(JSON.stringify(listed), (made) => made.open());
  } catch (error) {
    return { kind: "died", why: error instanceof Error ? error.message : String(error) };
  }
}

/** Counts the calls, so that an older chain of work ahead ends when a newer one begins. */
let chain = 0;

/** Statistics are found out one tensor at a time while nothing is asked. */
function workAhead(mine: number): void {
  if (mine !== chain || !exports) return;
  try {
    if (exports.work_ahead() !== 0) pause(() => workAhead(mine));
  } catch (error) {
    exports = null;
    post({ kind: "died", why: error instanceof Error ? error.message : String(error) });
  }
}

/** Lets questions that have come meanwhile be answered first; a timer would wait four milliseconds. */
function pause(then: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = then;
  port2.postMessage(null);
}

function post(message: FromWorker): void {
  self.postMessage(message, { transfer: message.kind === "answer" ? [message.body] : [] });
}

self.onmessage = (event: MessageEvent<ToWorker>) => {
  post(answer(event.data));
  chain += 1;
  const mine = chain;
  pause(() => workAhead(mine));
};
