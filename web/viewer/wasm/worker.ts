/** The worker of the static page: hinton as a WebAssembly module, one question at a time. */

import { Files } from "./files";
import type { FromWorker, ToWorker } from "./messages";

/** What the module offers: crates/hinton-wasm/src/abi.rs. */
interface Exports extends WebAssembly.Exports {
  memory: WebAssembly.Memory;
  input(length: number): number;
  open(): number;
  ask(): number;
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

self.onmessage = (event: MessageEvent<ToWorker>) => {
  const reply = answer(event.data);
  self.postMessage(reply, { transfer: reply.kind === "answer" ? [reply.body] : [] });
};
