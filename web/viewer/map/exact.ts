import { type Engine, type Step, type Tensor, numberOf } from "../engine";

/** Cells along each side of a block of exact values. */
const BLOCK = 32;
const MOST_BLOCKS = 160;

/** Exact values of the cells whose numbers are written, in blocks. */
export class ExactCells {
  private blocks = new Map<string, number[][] | null>();
  private running = 0;

  constructor(
    private readonly engine: Engine,
    private readonly onChange: () => void,
  ) {}

  /** The value, or undefined while its block is on its way. */
  at(step: Step, tensor: Tensor, row: number, col: number): number | undefined {
    const [r, c] = [Math.floor(row / BLOCK), Math.floor(col / BLOCK)];
    const key = `${step ?? ""}/${numberOf(tensor)}/${r}/${c}`;
    const known = this.blocks.get(key);
    if (known === undefined) {
      this.ask(key, step, tensor, r, c);
      return undefined;
    }
    return known?.[row - r * BLOCK]?.[col - c * BLOCK];
  }

  forget(): void {
    this.blocks.clear();
  }

  private ask(key: string, step: Step, tensor: Tensor, r: number, c: number): void {
    if (this.running >= 2) return;
    this.running += 1;
    this.blocks.set(key, null);
    const box = {
      r0: r * BLOCK,
      c0: c * BLOCK,
      r1: Math.min((r + 1) * BLOCK, tensor.rows),
      c1: Math.min((c + 1) * BLOCK, tensor.cols),
    };
    this.engine
      .exact(step, numberOf(tensor), box)
      .then((values) => {
        this.blocks.set(key, values);
        if (this.blocks.size > MOST_BLOCKS) this.blocks.delete(this.blocks.keys().next().value!);
      })
      .catch(() => {
        // The rounded number stays; it is asked for again when the page is drawn a little later.
        setTimeout(() => this.blocks.delete(key), 2000);
      })
      .finally(() => {
        this.running -= 1;
        this.onChange();
      });
  }
}
