import { say, show } from "./app";
import { HttpEngine, takeKey } from "./http";

/** The page of `hinton view`: its key comes in the address. */
async function start(): Promise<void> {
  const key = takeKey();
  if (!key) return say("Open the address that hinton printed: it carries the key of this page.");
  try {
    await show(new HttpEngine(key));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}

void start();
