import { For, Show, createEffect, createMemo, createSignal, on } from "solid-js";
import type { StatisticsRow, Tensor } from "../engine";
import { match } from "../fuzzy";
import type { Model } from "../model";
import { brief, count, shape, short } from "../numbers";
import { briefName } from "./brief";
import { type Row, buildTree, flatten, pathsTo } from "./tree";

const ROW = 34;

type SortKey = "change" | "name" | "size" | "rms" | "max" | "mean" | "kurtosis" | "nan" | "zeros" | "faults";

const SORTS: { key: SortKey; name: string; value?(row: StatisticsRow | undefined, tensor: Tensor, faults: number): number | undefined }[] = [
  { key: "name", name: "tree" },
  { key: "change", name: "change" },
  { key: "size", name: "size", value: (_row, tensor) => tensor.rows * tensor.cols },
  { key: "rms", name: "RMS", value: (row) => row?.rms },
  { key: "max", name: "largest |value|", value: (row) => row && Math.max(Math.abs(row.min), Math.abs(row.max)) },
  { key: "mean", name: "mean", value: (row) => row?.mean },
  { key: "kurtosis", name: "kurtosis", value: (row) => row?.kurtosis },
  { key: "nan", name: "NaN and ±∞", value: (row) => row && row.nan + row.inf },
  { key: "zeros", name: "zeros", value: (row) => row?.zeros },
  { key: "faults", name: "faults", value: (_row, _tensor, faults) => faults },
];

/** Tensors as a tree of their names, or as a table sorted by a statistic. */
export function List(props: { model: Model; field(input: HTMLInputElement): void }) {
  const { model } = props;
  const [query, setQuery] = createSignal("");
  const [sort, setSort] = createSignal<SortKey>("name");
  const [descending, setDescending] = createSignal(true);
  const [open, setOpen] = createSignal<ReadonlySet<string>>(new Set());
  const [scroll, setScroll] = createSignal(0);
  const [height, setHeight] = createSignal(600);
  const [active, setActive] = createSignal(-1);
  let scroller!: HTMLDivElement;

  // Differences are listed as the tensors that they are of.
  const tensors = createMemo(() => {
    const first = model.comparison.way() !== null && model.comparison.pairs.size > 0;
    return model.tensors.filter(({ made, source }) => !made && (!first || source === 0));
  });
  const tree = createMemo(() => buildTree(tensors(), model.catalogue.sources));
  /** How large the difference is beside the values: RMS over RMS. */
  const change = (tensor: Tensor) => {
    const pair = model.comparison.pairs.get(tensor.id);
    const rms = (id: number | undefined) => model.statisticsOf().get(id ?? -1)?.rms;
    const [difference, before] = [rms(pair?.difference), rms(pair?.a)];
    return difference === undefined || before === undefined ? undefined : difference === 0 ? 0 : difference / before;
  };
  const sorts = SORTS.filter(({ key }) => key !== "change" || model.comparison.pairs.size > 0);
  const valueOf = (tensor: Tensor) => {
    if (sort() === "change") return change(tensor);
    const how = SORTS.find(({ key }) => key === sort())!;
    return how.value?.(model.statisticsOf().get(tensor.id), tensor, model.faultsOf().get(tensor.id)?.length ?? 0);
  };
  const rows = createMemo<Row[]>(() => {
    if (query().trim() === "" && sort() === "name") return flatten(tree(), model.tensors, open());
    const scored = tensors()
      .map((tensor) => ({ tensor, score: match(query(), tensor.name), value: valueOf(tensor) }))
      .filter((found): found is typeof found & { score: number } => found.score !== null);
    if (sort() === "name") scored.sort((one, other) => other.score - one.score || one.tensor.id - other.tensor.id);
    else {
      const sign = descending() ? -1 : 1;
      const order = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value);
      scored.sort((one, other) => sign * (order(one.value) - order(other.value)) || one.tensor.id - other.tensor.id);
    }
    return scored.map(({ tensor }) => ({ kind: "tensor", id: tensor.id, name: tensor.name, depth: 0 }));
  });
  const first = () => Math.max(Math.floor(scroll() / ROW) - 4, 0);
  const shown = createMemo(() => rows().slice(first(), first() + Math.ceil(height() / ROW) + 8));
  const toggle = (path: string) => {
    const next = new Set(open());
    if (!next.delete(path)) next.add(path);
    setOpen(next);
  };
  const act = (row: Row | undefined) => {
    if (!row) return;
    if (row.kind === "group") toggle(row.path);
    else {
      model.showTensor(row.id);
      if (innerWidth < 720) model.choose({ list: false });
    }
  };
  const reveal = (at: number) => {
    const top = at * ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW > scroller.scrollTop + height()) scroller.scrollTop = top + ROW - height();
  };
  const step = (by: number) => {
    const next = Math.min(Math.max(active() + by, 0), rows().length - 1);
    setActive(next);
    reveal(next);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "PageDown") step(10);
    else if (event.key === "PageUp") step(-10);
    else if (event.key === "Enter") act(rows()[Math.max(active(), 0)]);
    else if (event.key === "Escape") {
      if (query()) setQuery("");
      else document.getElementById("map")!.focus();
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const row = rows()[active()];
      if (row?.kind !== "group" || event.target instanceof HTMLInputElement || row.open === (event.key === "ArrowRight")) return;
      toggle(row.path);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  createEffect(on([query, sort], () => {
    setActive(query() ? 0 : -1);
    scroller.scrollTop = 0;
    setScroll(0);
  }, { defer: true }));
  // What is chosen on the map is shown here, too.
  createEffect(on(model.chosen, (id) => {
    if (id === null) return;
    let at = rows().findIndex((row) => row.kind === "tensor" && row.id === id);
    if (at < 0 && query() === "" && sort() === "name") {
      setOpen(new Set([...open(), ...pathsTo(tree(), id)]));
      at = rows().findIndex((row) => row.kind === "tensor" && row.id === id);
    }
    if (at >= 0) {
      setActive(at);
      reveal(at);
    }
  }));
  const watch = (element: HTMLDivElement) => {
    scroller = element;
    new ResizeObserver(() => setHeight(element.clientHeight)).observe(element);
  };

  return (
    <aside id="list" aria-label="Tensors">
      <div class="find">
        <input
          id="find"
          type="search"
          placeholder="Find a tensor"
          aria-label="Find a tensor"
          autocomplete="off"
          spellcheck={false}
          value={query()}
          ref={props.field}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={keys}
          role="combobox"
          aria-expanded="true"
          aria-controls="tensors"
          aria-activedescendant={active() >= 0 ? `row-${active()}` : undefined}
        />
        <div class="sort">
          <label>
            <span class="unseen">Sorted by</span>
            <select id="sort" aria-label="Sorted by" value={sort()} onChange={(event) => setSort(event.currentTarget.value as SortKey)}>
              <For each={sorts}>{({ key, name }) => <option value={key}>{name}</option>}</For>
            </select>
          </label>
          <Show when={sort() !== "name"}>
            <button type="button" class="plain" aria-label={descending() ? "Largest first" : "Smallest first"} onClick={() => setDescending(!descending())}>
              {descending() ? "↓" : "↑"}
            </button>
          </Show>
          <span class="found">{rows().length === 0 ? "none" : query() ? count(rows().length) : ""}</span>
        </div>
      </div>
      <div class="rows" id="tensors" role="listbox" aria-label="Tensors" tabindex="0" ref={watch} onKeyDown={keys} onScroll={(event) => setScroll(event.currentTarget.scrollTop)}>
        <div class="all" ref={(element) => createEffect(() => element.style.setProperty("height", `${rows().length * ROW}px`))}>
          <For each={shown()}>
            {(row, at) => (
              <div
                class="row"
                id={`row-${first() + at()}`}
                role="option"
                aria-setsize={rows().length}
                aria-posinset={first() + at() + 1}
                aria-selected={row.kind === "tensor" && model.chosen() === row.id}
                classList={{ active: active() === first() + at(), chosen: row.kind === "tensor" && model.focus() === row.id, group: row.kind === "group" }}
                ref={(element) => createEffect(() => {
                  element.style.setProperty("top", `${(first() + at()) * ROW}px`);
                  element.style.setProperty("padding-left", `${8 + row.depth * 12}px`);
                })}
                onClick={() => {
                  setActive(first() + at());
                  act(row);
                }}
              >
                {row.kind === "group" ? (
                  <>
                    <span class="twist" aria-hidden="true">{row.open ? "▾" : "▸"}</span>
                    <span class="name"><bdi>{row.name}</bdi></span>
                    <span class="number">{count(row.size)}</span>
                  </>
                ) : (
                  <TensorRow model={model} id={row.id} name={row.name} value={sort() === "name" ? undefined : valueOf(model.tensors[row.id]!)} />
                )}
              </div>
            )}
          </For>
        </div>
      </div>
    </aside>
  );
}

function TensorRow(props: { model: Model; id: number; name: string; value: number | undefined }) {
  const tensor = props.model.tensors[props.id]!;
  const faults = () => props.model.faultsOf().get(props.id) ?? [];
  return (
    <>
      <span class="words">
        <span class="name" title={tensor.name} aria-label={props.name}><bdi>{briefName(props.name)}</bdi></span>
        <span class="facts">{shape(tensor.shape)} {tensor.dtype}</span>
      </span>
      <Show when={faults().length > 0}>
        <span class="badge" classList={{ mild: !faults().some(({ fault }) => fault ?? true) }} title={faults().map(({ text }) => text).join("; ")}>{faults()[0]!.code}</span>
      </Show>
      <Show when={props.value !== undefined} fallback={<Spark counts={props.model.statisticsOf().get(props.id)?.histogram} />}>
        <span class="number">{Math.abs(props.value!) >= 10_000 ? brief(props.value!) : short(props.value!, 3)}</span>
      </Show>
    </>
  );
}

/** A histogram as small as a word; heights are logarithms, so that tails can be seen. */
function Spark(props: { counts: number[] | undefined }) {
  const path = () => {
    const counts = props.counts ?? [];
    const most = Math.log1p(Math.max(...counts, 1));
    return counts.map((value, at) => `M${at * 2 + 1} 16V${(16 - (Math.log1p(value) / most) * 15).toFixed(1)}`).join("");
  };
  return (
    <svg class="spark" viewBox="0 0 48 16" aria-hidden="true">
      <path d={path()} />
    </svg>
  );
}
