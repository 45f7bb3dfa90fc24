import { Show, createEffect, createMemo, createSignal, on } from "solid-js";
import { type Box, type Tensor, numberOf } from "../engine";
import type { Model } from "../model";
import { count, short } from "../numbers";

/** Most cells that are copied or counted: what one answer of the engine holds. */
const MOST = 65_536;

/** The box as numpy writes it. */
export function sliceText(box: Box): string {
  const part = (from: number, to: number) => (to === from + 1 ? String(from) : `${from}:${to}`);
  return `[${part(box.r0, box.r1)}, ${part(box.c0, box.c1)}]`;
}

/** Its name, and of a view what it is of the tensor. */
function nameAsSeen({ name, view }: Tensor): string {
  return view ? `${name}${view.slice ?? ""}, ${view.orientation}: ` : name;
}

export function cellsOf(box: Box): number {
  return (box.r1 - box.r0) * (box.c1 - box.c0);
}

/** Values as a Python expression that makes the same array. */
export function asNumpy(values: number[][], name: string, box: Box): string {
  const word = (value: number) => (Number.isNaN(value) ? "np.nan" : Number.isFinite(value) ? String(value) : value > 0 ? "np.inf" : "-np.inf");
  const rows = values.map((row) => `    [${row.map(word).join(", ")}],`);
  return `# ${name}${sliceText(box)}\nnp.array([\n${rows.join("\n")}\n])\n`;
}

export function asCsv(values: number[][]): string {
  return values.map((row) => row.join(",")).join("\n") + "\n";
}

export async function copyBox(model: Model, kind: "numpy" | "csv"): Promise<void> {
  const cell = model.cell();
  const selection =
    model.selection() ?? (cell && { tensor: cell.tensor, box: { r0: cell.row, r1: cell.row + 1, c0: cell.col, c1: cell.col + 1 } });
  if (!selection) return model.say("Select cells first: drag with shift");
  const { tensor, box } = selection;
  if (cellsOf(box) > MOST) return model.say(`${count(cellsOf(box))} cells are too many to copy: at most ${count(MOST)}`);
  try {
    const values = await model.engine.exact(model.choice().step, numberOf(model.tensors[tensor]!), box);
    await navigator.clipboard.writeText(kind === "csv" ? asCsv(values) : asNumpy(values, nameAsSeen(model.tensors[tensor]!), box));
    model.say(`Copied ${count(cellsOf(box))} ${cellsOf(box) === 1 ? "value" : "values"} as ${kind === "csv" ? "CSV" : "numpy"}`);
  } catch (error) {
    model.say(`Not copied: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface Summary {
  mean: number;
  rms: number;
  min: number;
  max: number;
  zeros: number;
  odd: number;
}

/** NaN and infinities are counted and left out of the rest. */
export function summarise(values: number[][]): Summary {
  const finite = values.flat().filter(Number.isFinite);
  const sum = finite.reduce((total, value) => total + value, 0);
  const squares = finite.reduce((total, value) => total + value * value, 0);
  return {
    mean: sum / finite.length,
    rms: Math.sqrt(squares / finite.length),
    min: finite.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    max: finite.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
    zeros: finite.filter((value) => value === 0).length,
    odd: values.flat().length - finite.length,
  };
}

/** Statistics of the box, and ways to take it away. */
export function Selected(props: { model: Model }) {
  const { model } = props;
  const [summary, setSummary] = createSignal<Summary | null>(null);
  const tooMany = createMemo(() => {
    const found = model.selection();
    return !!found && cellsOf(found.box) > MOST;
  });
  let abort = new AbortController();
  let timer = 0;
  createEffect(
    on([model.selection, model.rest, model.views], ([found, step]) => {
      clearTimeout(timer);
      abort.abort();
      setSummary(null);
      if (!found || cellsOf(found.box) > MOST) return;
      abort = new AbortController();
      const { signal } = abort;
      // While the box is drawn it changes with every move.
      timer = window.setTimeout(() => {
        model.engine
          .exact(step, numberOf(model.tensors[found.tensor]!), found.box, signal)
          .then((values) => setSummary(summarise(values)))
          .catch(() => {
            // Another box is asked for by now.
          });
      }, 120);
    }),
  );
  return (
    <Show when={model.selection()}>
      {(found) => (
        <section id="selected" aria-label="Selected cells">
          <h2>Selection</h2>
          <p class="facts">
            {sliceText(found().box)} <span class="faint">{count(cellsOf(found().box))} cells</span>
          </p>
          <Show when={tooMany()}>
            <p class="note">Statistics and copies are of at most {count(MOST)} cells.</p>
          </Show>
          <Show when={summary()}>
            {(known) => (
              <dl>
                <div><dt>mean</dt><dd>{short(known().mean)}</dd></div>
                <div><dt>RMS</dt><dd>{short(known().rms)}</dd></div>
                <div><dt>min</dt><dd>{short(known().min)}</dd></div>
                <div><dt>max</dt><dd>{short(known().max)}</dd></div>
                <div><dt>zeros</dt><dd>{count(known().zeros)}</dd></div>
                <div classList={{ alarm: known().odd > 0 }}><dt>NaN, ±∞</dt><dd>{count(known().odd)}</dd></div>
              </dl>
            )}
          </Show>
          <div class="choices">
            <button type="button" disabled={tooMany()} title="Copy as numpy (c)" onClick={() => copyBox(model, "numpy")}>Copy numpy</button>
            <button type="button" disabled={tooMany()} onClick={() => copyBox(model, "csv")}>Copy CSV</button>
            <button type="button" onClick={() => model.setSelection(null)}>Clear</button>
          </div>
        </section>
      )}
    </Show>
  );
}
