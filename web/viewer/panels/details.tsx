import { For, Show, createEffect, createMemo, createSignal, on } from "solid-js";
import { fromBits16 } from "../bits";
import { type Profile, type Tensor, numberOf } from "../engine";
import { wordsOf } from "../map/overlay";
import type { Stage } from "../map/stage";
import type { Model } from "../model";
import { bytes, count, shape, short } from "../numbers";
import { showFault } from "../actions";
import { Axes } from "./axes";
import { Colour } from "./colour";
import { Selected } from "./selected";

/** What is under the cursor, what the tensor is, how it is coloured. */
export function Details(props: { model: Model; stage: Stage }) {
  const { model, stage } = props;
  const cell = createMemo(() => model.hover() ?? model.cell());
  const exact = () => {
    const found = model.exactValue();
    const at = cell();
    return found && at && found.cell.tensor === at.tensor && found.cell.row === at.row && found.cell.col === at.col ? found.value : null;
  };
  const nameOf = (side: "row" | "column") => (side === "row" ? exact()?.row : exact()?.col) ?? null;
  const peek = createMemo(() => {
    const at = cell();
    model.drawn();
    model.choice();
    return at && stage.peek(at.tensor, at.row, at.col);
  });
  const folds = (): [number, number] => {
    const [found, at] = [peek(), cell()];
    if (!found || !at) return [1, 1];
    const { rows, cols } = model.tensors[at.tensor]!;
    return [Math.min(2 ** found.level.rows, rows), Math.min(2 ** found.level.cols, cols)];
  };
  const otherName = () => {
    const panes = model.comparison.panes();
    if (model.comparison.pairs.size > 0) return model.catalogue.sources[1]!.name;
    return panes[0]!.name;
  };
  /** The second less the first, whichever of them the panel speaks of. */
  const difference = (here: number, other: number) => (model.comparison.pairs.size > 0 ? other - here : here - other);
  const mark = () => exact()?.value ?? (peek() && folds()[0] * folds()[1] === 1 ? fromBits16(peek()!.first) : null);
  const tensor = createMemo(() => {
    const id = model.focus() ?? model.hover()?.tensor ?? null;
    return id === null ? null : model.tensors[id]!;
  });
  const stats = createMemo(() => model.stats.of(model.focus()));

  // A screen reader hears the cell of the keyboard's cursor.
  createEffect(
    on([model.cell, model.exactValue], ([at, value]) => {
      if (!at || !value || value.cell !== at) return;
      const named = ({ of, name }: { of: string; name: string }) => `, ${of} ${name}`;
      const { row, col, text } = value.value;
      model.setSpoken(`row ${at.row}${row ? named(row) : ""}, column ${at.col}${col ? named(col) : ""}: ${text}`);
    }),
  );

  return (
    <aside id="details" aria-label="Details">
      <section id="readout" aria-label="Value under the cursor">
        <Show when={cell()} fallback={<p class="hint">Point at a cell to read it. Scroll to zoom, drag to move.</p>}>
          {(at) => (
            <>
              <p class="value">
                <Show when={exact()} fallback={<span class="rough">{peek() ? `≈ ${short(fromBits16(peek()!.first), 3)}` : "…"}</span>}>
                  {(value) => <span id="exact">{value().text}</span>}
                </Show>
              </p>
              <p class="where">
                [{exact()?.index.join(", ") ?? `${at().row}, ${at().col}`}] <span class="faint">row {count(at().row)}, column {count(at().col)}</span>
              </p>
              <For each={(["row", "column"] as const).filter((side) => nameOf(side))}>
                {(side) => (
                  <p class="where named">
                    <span class="faint">{side}: {nameOf(side)!.of}</span> <b>{nameOf(side)!.name}</b>
                  </p>
                )}
              </For>
              <Show when={model.comparison.way() && model.otherValue()}>
                {(other) => (
                  <p class="where other">
                    <span class="faint">{otherName()}</span> {other().value.text}
                    <Show when={exact()}>{(value) => <> <span class="faint">difference</span> <b>{short(difference(value().value, other().value.value), 4)}</b></>}</Show>
                  </p>
                )}
              </Show>
              <Show when={peek() && folds()[0] * folds()[1] > 1}>
                <p class="where faint">on the map: {wordsOf(peek()!.first, peek()!.second, folds(), model.choice().fold)}</p>
              </Show>
              <p class="file faint" title={exact()?.file}>
                {exact() ? `${exact()!.file.split("/").at(-1)}${exact()!.byte === null ? "" : `, byte ${count(exact()!.byte!)}`}` : "\u00a0"}
              </p>
            </>
          )}
        </Show>
      </section>
      <Show when={tensor()}>
        {(found) => (
          <section id="tensor" aria-label="Tensor">
            <h2 class="name"><For each={found().name.split(/(?<=[./])/)}>{(word) => <>{word}<wbr /></>}</For></h2>
            <p class="facts">
              {shape(found().shape)} {found().dtype}
              {found().quantized ? ", quantised" : ""}, {bytes(found().bytes)}
            </p>
            <Show when={found().view?.slice}>{(slice) => <p class="facts">statistics and map of the slice {slice()}</p>}</Show>
            <p class="facts faint">{found().orientation}</p>
            <Show when={model.comparison.pairs.get(found().id)?.how}>{(how) => <p class="note">{how()}</p>}</Show>
            <Show when={found().note}>{(note) => <p class="note">{note()}</p>}</Show>
            <Show when={found().skipped}>{(why) => <p class="alarm">{why()}</p>}</Show>
            <For each={model.faultsOf().get(found().id) ?? []}>
              {(fault) => (
                <button type="button" class="fault" onClick={() => showFault(model, fault)}>
                  <span class="badge" classList={{ mild: fault.fault === false }}>{fault.code}</span> {fault.text}
                </button>
              )}
            </For>
            <Show when={stats()}>
              {(known) => (
                <dl>
                  <Fact name="mean" value={short(known().mean)} />
                  <Fact name="RMS" value={short(known().rms)} />
                  <Fact name="min" value={short(known().min)} />
                  <Fact name="max" value={short(known().max)} />
                  <Fact name="1 %" value={short(known().quantiles["0.01"] ?? Number.NaN)} />
                  <Fact name="99 %" value={short(known().quantiles["0.99"] ?? Number.NaN)} />
                  <Fact name="kurtosis" value={short(known().kurtosis, 3)} />
                  <Fact name="zeros" value={count(known().zeros)} />
                  <Show when={known().nan + known().inf > 0}>
                    <Fact name="NaN" value={count(known().nan)} alarm />
                    <Fact name="±∞" value={count(known().inf)} alarm />
                  </Show>
                </dl>
              )}
            </Show>
            <Show when={stats()?.sampled}><p class="warn">from a sample of the values</p></Show>
            <Show when={stats()?.note}>{(note) => <p class="note">{note()}</p>}</Show>
          </section>
        )}
      </Show>
      <Show when={!model.catalogue.exported && tensor()}>{(found) => <Axes model={model} tensor={found()} />}</Show>
      <Selected model={model} />
      <Colour model={model} mark={mark()} />
      <Profiles model={model} />
      <Margins model={model} stage={stage} tensor={tensor()} />
    </aside>
  );
}

function Fact(props: { name: string; value: string; alarm?: boolean }) {
  return (
    <div classList={{ alarm: props.alarm ?? false }}>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

const CURVE = { width: 256, height: 44, cells: 256 };

/** The row and the column of the cell that has the cursor, as curves. */
function Profiles(props: { model: Model }) {
  const { model } = props;
  const [profiles, setProfiles] = createSignal<{ name: string; at: number; profile: Profile }[]>([]);
  let abort = new AbortController();
  let timer = 0;
  createEffect(
    on([model.cell, model.rest, model.views], ([cell, step]) => {
      abort.abort();
      clearTimeout(timer);
      if (!cell) {
        setProfiles([]);
        return;
      }
      abort = new AbortController();
      const { rows, cols } = model.tensors[cell.tensor]!;
      const { signal } = abort;
      const ask = (line: { row: number } | { col: number }) => model.engine.profile(step, numberOf(model.tensors[cell.tensor]!), line, CURVE.cells, signal);
      // While a key is held down the cursor does not stay for long.
      timer = window.setTimeout(() => {
        const wanted: Promise<{ name: string; at: number; profile: Profile }>[] = [];
        if (cols > 1) wanted.push(ask({ row: cell.row }).then((profile) => ({ name: `row ${count(cell.row)}`, at: cell.col / cols, profile })));
        if (rows > 1) wanted.push(ask({ col: cell.col }).then((profile) => ({ name: `column ${count(cell.col)}`, at: cell.row / rows, profile })));
        Promise.all(wanted).then(setProfiles).catch(() => {
          // Aborted, or the server is gone, of which the map tells.
        });
      }, 120);
    }),
  );
  return (
    <Show when={profiles().length > 0}>
      <section id="profiles" aria-label="Row and column of the cell">
        <For each={profiles()}>{({ name, at, profile }) => <Curve name={name} at={at} profile={profile} />}</For>
      </section>
    </Show>
  );
}

/** How large the values of rows and columns are: dead ones and outliers stand out. */
function Margins(props: { model: Model; stage: Stage; tensor: Tensor | null }) {
  const { model } = props;
  const found = createMemo(() => {
    model.drawn();
    model.rest();
    model.focus();
    return props.tensor && model.focus() !== null ? props.stage.marginals(props.tensor) : null;
  });
  const at = (axis: "row" | "col", extent: number) => {
    const cell = model.hover() ?? model.cell();
    return cell && cell.tensor === props.tensor?.id ? (cell[axis] + 0.5) / extent : null;
  };
  const name = (what: string, folds: number, all: number) => {
    const together = Math.min(2 ** folds, all);
    return together === 1 ? `RMS of each ${what}` : `RMS of ${count(together)} ${what}s together`;
  };
  const profile = (values: number[]): Profile => ({ first: 0, count: values.length, values, low: [], high: [] });
  return (
    <Show when={found()}>
      {(margins) => (
        <section id="margins" aria-label="Rows and columns">
          <Curve name={name("row", margins().level.rows, props.tensor!.rows)} at={at("row", props.tensor!.rows)} profile={profile(margins().rows)} />
          <Curve name={name("column", margins().level.cols, props.tensor!.cols)} at={at("col", props.tensor!.cols)} profile={profile(margins().cols)} />
        </section>
      )}
    </Show>
  );
}

function Curve(props: { name: string; at: number | null; profile: Profile }) {
  const finite = () => [...props.profile.values, ...(props.profile.low ?? []), ...(props.profile.high ?? [])].filter(Number.isFinite);
  const ends = () => ({ low: Math.min(0, ...finite()), high: Math.max(0, ...finite()) });
  const y = (value: number) => {
    const { low, high } = ends();
    return CURVE.height - 2 - ((value - low) / (high - low || 1)) * (CURVE.height - 4);
  };
  const x = (at: number) => ((at + 0.5) / props.profile.values.length) * CURVE.width;
  const line = (values: number[]) =>
    values.map((value, at) => (Number.isFinite(value) ? `${at === 0 || !Number.isFinite(values[at - 1]) ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}` : "")).join("");
  const band = () => {
    const { low, high } = props.profile;
    if (!low?.length || !high?.length || ![...low, ...high].every(Number.isFinite)) return "";
    const up = high.map((value, at) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`);
    const back = low.map((value, at) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`).reverse();
    return `M${[...up, ...back].join("L")}z`;
  };
  return (
    <figure class="curve">
      <figcaption>
        {props.name} <span class="faint">{short(ends().low, 3)} … {short(ends().high, 3)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${CURVE.width} ${CURVE.height}`} preserveAspectRatio="none" aria-hidden="true">
        <line class="zero" x1="0" x2={CURVE.width} y1={y(0)} y2={y(0)} />
        <path class="band" d={band()} />
        <path class="line" d={line(props.profile.values)} />
        <Show when={props.at !== null}>
          <line class="mark" x1={props.at! * CURVE.width} x2={props.at! * CURVE.width} y1="0" y2={CURVE.height} />
        </Show>
      </svg>
    </figure>
  );
}

