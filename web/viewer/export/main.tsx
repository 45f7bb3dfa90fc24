/** A page that holds its data: `hinton view --export`. It asks nobody for anything. */

import { say, show } from "../app";
import { FoldedEngine, readAnswers } from "./engine";

async function start(): Promise<void> {
  try {
    const letters = document.getElementById("data")!.textContent;
    const packed = Uint8Array.from(atob(letters.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    await show(new FoldedEngine(readAnswers(new Uint8Array(await new Response(stream).arrayBuffer()))));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}

void start();
