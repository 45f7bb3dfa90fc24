import { fromBits32 } from "../bits";
import { type Colours, EngineError } from "../engine";
import { RouteEngine } from "../routes";

const UTF8 = new TextEncoder();
/** What a tile that is not here is answered with. */
const MISSING = "this page holds coarser cells only";

/** Answers that lie in the page itself. */
export class FoldedEngine extends RouteEngine {
  constructor(private readonly answers: Map<string, Uint8Array>) {
    super();
  }

  protected async ask(question: string): Promise<ArrayBuffer> {
    const [route, query = ""] = question.split("?") as [string, string?];
    const words = new URLSearchParams(query);
    const step = words.get("s") ?? "-";
    switch (route) {
      case "tiles":
        return this.tileBodies(step, words.get("q")!.split(","));
      case "colours":
        return this.coloursOf(words);
      case "statistics":
        return this.found(`statistics ${step}`);
      case "stats":
        return this.found(`stats ${words.get("t")}`);
      case "events":
        return json({ now: 1, events: [] });
      case "catalogue":
      case "series":
        return this.found(route);
      default:
        throw new EngineError("This page holds its cells alone: hinton view shows the rest.", false);
    }
  }

  private found(key: string): ArrayBuffer {
    const answer = this.answers.get(key);
    if (!answer) throw new EngineError(MISSING, false);
    return answer.slice().buffer as ArrayBuffer;
  }

  /** One behind the other, as a server sends them. */
  private tileBodies(step: string, names: string[]): ArrayBuffer {
    const parts: Uint8Array[] = [];
    for (const name of names) {
      const [tensor, fold, level, row, col] = name.split(".");
      const [rows, cols = rows] = level!.split(":");
      const tile = this.answers.get(`${step} ${tensor}.${fold}.${rows}:${cols}.${row}.${col}`);
      const body = tile ?? UTF8.encode(MISSING);
      parts.push(new Uint8Array(Uint32Array.of(...(tile ? [body.length] : [0, body.length])).buffer), body);
    }
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      all.set(part, offset);
      offset += part.length;
    }
    return all.buffer;
  }

  /** Those of the range that the page was made with, stretched to another where one is asked for. */
  private coloursOf(words: URLSearchParams): ArrayBuffer {
    const dark = words.get("dark") === "1" ? 1 : 0;
    const kept = JSON.parse(new TextDecoder().decode(this.found(`colours ${dark}`))) as Colours[];
    const range = (words.get("range") ?? "auto").split(",").map(Number);
    const list = words.get("t")!.split(",").map((name) => {
      const colours = kept[name.startsWith("g") ? Number(name.slice(1)) : 0] ?? kept[0]!;
      return range.length === 2 && range.every(Number.isFinite) ? stretched(colours, range[0]!, range[1]!) : colours;
    });
    return json({ list });
  }
}

/** The same colours over another range of a linear scale. */
function stretched(colours: Colours, low: number, high: number): Colours {
  const times = (high - low) / (colours.high - colours.low);
  const bits = new Uint32Array(1);
  const move = (thresholds: number[], from: number, to: number) =>
    thresholds.map((threshold) => {
      new Float32Array(bits.buffer)[0] = (fromBits32(threshold) - from) * times + to;
      return bits[0]!;
    });
  return {
    ...colours,
    low,
    high,
    one: { ...colours.one, thresholds: move(colours.one.thresholds, colours.low, low) },
    // Strengths are magnitudes: they begin at zero whatever the range.
    two: colours.two && { ...colours.two, strength: move(colours.two.strength, 0, 0) },
  };
}

function json(value: unknown): ArrayBuffer {
  return UTF8.encode(JSON.stringify(value)).buffer as ArrayBuffer;
}

/** Key and answer, key and answer: lengths of both before each. */
export function readAnswers(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const answers = new Map<string, Uint8Array>();
  const text = new TextDecoder();
  for (let offset = 0; offset < bytes.length; ) {
    const [key, body] = [view.getUint32(offset, true), view.getUint32(offset + 4, true)];
    offset += 8;
    answers.set(text.decode(bytes.subarray(offset, offset + key)), bytes.subarray(offset + key, offset + key + body));
    offset += key + body;
  }
  return answers;
}
