import { EngineError } from "./engine";
import { RouteEngine } from "./routes";

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
export class HttpEngine extends RouteEngine {
  /** Where the routes are, relative to the page, so that a proxy may put a folder before them. */
  constructor(
    private readonly key: string,
    private readonly base = "api/",
  ) {
    super();
  }

  protected async ask(question: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    let response: Response;
    try {
      response = await fetch(this.base + question, { headers: { [KEY_HEADER]: this.key }, signal: signal ?? null, cache: "no-store" });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new EngineError("hinton does not answer: is `hinton view` still running?", true);
    }
    if (response.ok) return response.arrayBuffer();
    throw new EngineError(await reason(response), response.status >= 500 || response.status === 429);
  }
}

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
