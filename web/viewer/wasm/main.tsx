/** The static page: files are dropped on it and read by hinton as a WebAssembly module in a worker. */

import { show } from "../app";
import { chosenFiles, droppedFiles } from "./dropped";
import { WorkerEngine } from "./engine";
import type { NamedFile } from "./messages";
import ReaderWorker from "./worker?worker&inline";

/** Takes down what is shown now. */
let close: (() => void) | null = null;

/** The module lies in the page, packed and as text. */
async function unpack(): Promise<WebAssembly.Module> {
  const text = document.getElementById("module")!.textContent;
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(stream).arrayBuffer());
}

const module = unpack();

function tell(text: string, failed = false): void {
  const status = document.getElementById("opening")!;
  status.textContent = text;
  status.classList.toggle("failed", failed);
}

async function open(files: NamedFile[]): Promise<void> {
  if (files.length === 0) return;
  const welcome = document.getElementById("welcome")!;
  close?.();
  close = null;
  welcome.hidden = false;
  document.body.dataset.state = "loading";
  tell(files.length === 1 ? `Opening ${files[0]!.name} …` : `Opening ${files.length} files …`);
  try {
    const { engine, refused } = await WorkerEngine.open(await module, files, () => new ReaderWorker());
    const takeDown = await show(engine);
    close = () => {
      takeDown();
      engine.close();
    };
    welcome.hidden = true;
    tell(refused.map(({ file, why }) => `${file} was left out: ${why}`).join("\n"));
  } catch (error) {
    document.body.dataset.state = "failed";
    tell(error instanceof Error ? error.message : String(error), true);
  }
}

function listen(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("#welcome input")) {
    field.addEventListener("change", () => {
      if (field.files) void open(chosenFiles(field.files));
    });
  }
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(open);
  });
}

listen();
