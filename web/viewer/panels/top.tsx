import { For, Show, createMemo } from "solid-js";
import { IconButton } from "../icons";
import type { Way } from "../compare";
import type { Model } from "../model";
import { count } from "../numbers";

/** Title, where the map is, and what can be opened. */
export function Top(props: { model: Model; openFind(): void; openHelp(): void; openExport(): void }) {
  const { model } = props;
  const tensor = createMemo(() => {
    const found = model.focus();
    return found === null ? null : model.tensors[found]!;
  });
  const source = createMemo(() => {
    const { sources } = model.catalogue;
    const found = tensor();
    return found ? sources.find(({ id }) => id === found.source) : sources.length === 1 ? sources[0] : undefined;
  });
  return (
    <header id="top">
      <IconButton icon="list" label="List of tensors" keys="b" pressed={model.choice().list} onClick={() => model.choose({ list: !model.choice().list })} />
      <nav id="crumbs" aria-label="Where the map is">
        <ol>
          <li>
            <button type="button" title="Show the whole map (0)" onClick={() => model.showAll()}>
              {source()?.name ?? model.catalogue.title}
            </button>
          </li>
          <Show when={tensor()}>
            {(found) => (
              <li class="grows">
                <button type="button" title={`${found().name}: show all of it (f)`} onClick={() => model.showTensor(found().id)}>
                  <bdi>{found().name}</bdi>
                </button>
              </li>
            )}
          </Show>
          <Show when={model.cell()}>
            {(cell) => (
              <li>
                <button type="button" title="Go to the cell (enter)" onClick={() => model.showCell(cell())}>
                  [{index(model, cell())}]
                </button>
              </li>
            )}
          </Show>
        </ol>
      </nav>
      <Show when={!tensor()}>
        <span id="size-of-all">{count(model.tensors.filter(({ made }) => !made).length)} tensors</span>
      </Show>
      <Show when={model.comparison.possible()}>
        <select
          id="compare"
          aria-label="Compare"
          title="Compare (v)"
          value={model.comparison.way() ?? ""}
          onChange={(event) => model.choose({ compare: (event.currentTarget.value || null) as Way | null })}
        >
          <option value="">{model.comparison.pairs.size > 0 ? "both on one map" : "not compared"}</option>
          <option value="side">side by side</option>
          <option value="swipe">swipe</option>
          <option value="blink">blink</option>
          <Show when={model.comparison.pairs.size > 0}><option value="difference">difference</option></Show>
        </select>
      </Show>
      <button type="button" id="find-button" onClick={() => props.openFind()} title="Find a tensor (/)">
        <span>Find</span>
        <kbd>/</kbd>
      </button>
      <Show when={!model.catalogue.exported}>
        <IconButton icon="take" label="Export the picture" keys="e" onClick={() => props.openExport()} />
      </Show>
      <IconButton icon="theme" label="Light or dark" keys="t" onClick={() => model.choose({ theme: model.dark() ? "light" : "dark" })} />
      <IconButton icon="help" label="Keys" keys="?" onClick={() => props.openHelp()} />
      <IconButton icon="details" label="Details" keys="d" pressed={model.choice().details} onClick={() => model.choose({ details: !model.choice().details })} />
    </header>
  );
}

function index(model: Model, cell: { tensor: number; row: number; col: number }): string {
  return model.tensors[cell.tensor]!.shape.length === 1 ? String(cell.col) : `${cell.row}, ${cell.col}`;
}

/** What a cell of the picture is, and what is still on its way. */
export function Status(props: { model: Model }) {
  const { model } = props;
  const folds = () => {
    const [rows, cols] = model.drawn().folds;
    if (model.focus() === null) return "";
    if (rows * cols === 1) return "every value has its own cell";
    const words = { r: "RMS and balance", m: "mean", e: "value of largest magnitude", i: "ink" }[model.choice().fold];
    return `each cell is the ${words} of ${count(rows)} × ${count(cols)} values`;
  };
  /** How many places are wrong, or worth a look. */
  const found = (wrong: boolean) => model.statistics().faults.filter(({ fault }) => (fault ?? true) === wrong).length;
  const scale = () => {
    const { zoom } = model.camera();
    const tensor = model.entered();
    if (tensor === null) return `${count(zoom * 100)} %`;
    const { w, h } = model.cellPixels(tensor);
    const pixels = (value: number) => (value >= 10 ? count(value) : value.toPrecision(2));
    return `a value is ${pixels(w)} × ${pixels(h)} pixels`;
  };
  return (
    <footer id="status">
      <span>{folds()}</span>
      <Show when={model.drawn().sampled > 1}>
        <span class="warn">sampled 1:{count(model.drawn().sampled)}</span>
      </Show>
      <Show when={model.drawn().trouble}>
        <span class="alarm">{model.drawn().trouble}</span>
      </Show>
      <span class="space" />
      <Show when={model.drawn().waiting > 0}>
        <span>{count(model.drawn().waiting)} tiles on the way</span>
      </Show>
      <Show when={model.statistics().done < model.statistics().of}>
        <span>
          statistics {count(model.statistics().done)} of {count(model.statistics().of)}
        </span>
      </Show>
      <Show when={model.statistics().note}>{(note) => <span class="warn" title={note()}>statistics of samples</span>}</Show>
      <Show when={found(true) > 0}>
        <span class="alarm">{count(found(true))} {found(true) === 1 ? "fault" : "faults"} (n)</span>
      </Show>
      <Show when={found(false) > 0}>
        <span>{count(found(false))} {found(false) === 1 ? "remark" : "remarks"} (n)</span>
      </Show>
      <Show when={model.comparison.way() && model.catalogue.unpaired}>{(rest) => <span class="note">{rest()}</span>}</Show>
      <Show when={model.catalogue.exported}>{(page) => <span class="note" title={page().note}>{page().note}</span>}</Show>
      <For each={model.catalogue.sources.flatMap((source) => source.notes).slice(0, 1)}>{(note) => <span class="note">{note}</span>}</For>
      <span class="zoom">{scale()}</span>
    </footer>
  );
}
