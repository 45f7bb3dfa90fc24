import { For, Show, createEffect, createMemo } from "solid-js";
import type { Model } from "../model";
import { count, short } from "../numbers";
import { toBits16 } from "../bits";
import { pooled } from "./pooled";

const RANGES = [
  { range: "auto", name: "auto", title: "The range that hinton draw takes" },
  { range: "data", name: "all", title: "From the least value to the greatest" },
  { range: "q:0.999", name: "99.9 %", title: "All but the outermost thousandth" },
  { range: "q:0.99", name: "99 %", title: "All but the outermost hundredth" },
  { range: "q:0.95", name: "95 %", title: "All but the outermost twentieth" },
];

const FOLDS = [
  { fold: "r", name: "RMS and balance" },
  { fold: "m", name: "mean" },
  { fold: "e", name: "extreme" },
  { fold: "i", name: "ink" },
] as const;

const WIDTH = 256;
const HEIGHT = 64;

/** Which colour stands for which value: histogram, range, map, scale and fold. */
export function Colour(props: { model: Model; mark: number | null }) {
  const { model } = props;
  const firstPair = [...model.comparison.pairs.keys()].find((id) => model.tensors[id]!.group === 0) ?? null;
  /** The tensor that is drawn where the focus is: a difference has colours of its own. */
  const about = () => {
    const focus = model.focus() ?? (model.comparison.way() === "difference" ? firstPair : null);
    return focus === null ? null : (model.comparison.panes()[0]!.of(model.tensors[focus]!)?.id ?? focus);
  };
  const shades = createMemo(() => model.shades.of(about()) ?? model.shades.shared());
  const isQuiet = () => about() !== null && model.quiet().has(about()!);
  /** What of a quantised tensor is seen instead of its values. */
  const component = () => (model.views(), about() === null ? null : model.tensors[about()!]!.view?.component);
  const ends = createMemo(() => {
    const { low = -1, high = 1 } = shades()?.colours ?? {};
    return { low, high };
  });
  /** The histogram of the tensor, or of all that share these colours. */
  const histogram = createMemo(() => {
    if (model.focus() !== null) return model.stats.of(about())?.histogram ?? null;
    const { low, high } = ends();
    const isDifference = model.comparison.way() === "difference";
    const differences = new Set([...model.comparison.pairs.values()].map(({ difference }) => difference));
    const is = (id: number) => (isDifference ? differences.has(id) : model.tensors[id]?.group === 0 && !model.tensors[id]!.made);
    return pooled([...model.statisticsOf().values()].filter(({ t }) => is(t)), low, high);
  });
  /** Values at the edges of the picture: the data and the range, with some room. */
  const extent = createMemo(() => {
    const { low, high } = ends();
    const edges = histogram()?.edges ?? [];
    const [least, most] = [Math.min(low, edges[0] ?? low), Math.max(high, edges.at(-1) ?? high)];
    const room = (most - least) * 0.04 || 1;
    return { least: least - room, most: most + room };
  });
  const toX = (value: number) => ((value - extent().least) / (extent().most - extent().least)) * WIDTH;
  const toValue = (x: number) => extent().least + (x / WIDTH) * (extent().most - extent().least);

  const bars = createMemo(() => {
    const found = histogram();
    if (!found) return "";
    const most = Math.log1p(Math.max(...found.counts, 1));
    return found.counts
      .map((count, at) => {
        if (count === 0) return "";
        const [x0, x1] = [toX(found.edges[at]!), toX(found.edges[at + 1]!)];
        const top = HEIGHT - (Math.log1p(count) / most) * (HEIGHT - 4);
        return `M${x0.toFixed(2)} ${HEIGHT}V${top.toFixed(2)}H${Math.max(x1, x0 + 0.6).toFixed(2)}V${HEIGHT}z`;
      })
      .join("");
  });

  let svg!: SVGSVGElement;
  let dragging: "low" | "high" | "both" | null = null;
  let from = { value: 0, low: 0, high: 0 };
  const valueAt = (event: PointerEvent) => {
    const box = svg.getBoundingClientRect();
    return toValue(((event.clientX - box.left) / box.width) * WIDTH);
  };
  const set = (low: number, high: number) => {
    if (!(high > low)) return;
    const digits = (value: number) => Number(value.toPrecision(4));
    model.choose({ range: `${digits(low)},${digits(high)}` });
  };
  const drag = (event: PointerEvent) => {
    if (!dragging) return;
    const value = valueAt(event);
    const { low, high } = from;
    if (dragging === "both") return set(low + value - from.value, high + value - from.value);
    // Zero stays in the middle of a range that goes round it; with shift each end moves alone.
    const round = low < 0 && high > 0 && !event.shiftKey;
    if (round) return set(-Math.abs(value), Math.abs(value));
    if (dragging === "low") set(value, high);
    else set(low, value);
  };
  const start = (what: "low" | "high" | "both") => (event: PointerEvent) => {
    dragging = what;
    from = { value: valueAt(event), ...ends() };
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  const nudge = (what: "low" | "high") => (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const { low, high } = ends();
    const change = ((extent().most - extent().least) / 100) * by * (event.shiftKey ? 5 : 1);
    if (what === "low") set(low + change, high);
    else set(low, high + change);
  };

  let bar!: HTMLCanvasElement;
  createEffect(() => {
    const found = shades();
    const context = bar.getContext("2d", { willReadFrequently: true })!;
    const image = context.createImageData(WIDTH, 1);
    for (let x = 0; x < WIDTH; x++) {
      const [red, green, blue] = found?.at(toBits16(toValue(x + 0.5)), null) ?? [128, 128, 128];
      image.data.set([red, green, blue, 255], x * 4);
    }
    context.putImageData(image, 0, 0);
  });

  const enter = (end: "low" | "high") => (event: Event) => {
    const field = event.currentTarget as HTMLInputElement;
    const value = Number(field.value.replace(/\u2212/g, "-"));
    const { low, high } = ends();
    if (field.value.trim() !== "" && Number.isFinite(value)) set(end === "low" ? value : low, end === "high" ? value : high);
    field.value = short(ends()[end], 4);
  };

  return (
    <section id="colour" aria-label="Colour">
      <h2>Colour</h2>
      <svg
        id="histogram"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        ref={svg}
        role="group"
        aria-label="Histogram and range of the colours"
        onPointerMove={drag}
        onPointerUp={() => (dragging = null)}
        onPointerCancel={() => (dragging = null)}
        onDblClick={() => model.choose({ range: "auto" })}
      >
        <path class="bars" d={bars()} />
        <rect class="range" x={toX(ends().low)} y="0" width={Math.max(toX(ends().high) - toX(ends().low), 0)} height={HEIGHT} onPointerDown={start("both")} />
        <Show when={props.mark !== null && Number.isFinite(props.mark)}>
          <line class="mark" x1={toX(props.mark!)} x2={toX(props.mark!)} y1="0" y2={HEIGHT} />
        </Show>
        <For each={["low", "high"] as const}>
          {(end) => (
            <g
              class="handle"
              tabindex="0"
              role="slider"
              aria-label={end === "low" ? "Lower end of the range" : "Upper end of the range"}
              aria-valuenow={ends()[end]}
              aria-valuemin={extent().least}
              aria-valuemax={extent().most}
              onPointerDown={start(end)}
              onKeyDown={nudge(end)}
            >
              <rect class="grip" x={toX(ends()[end]) - 5} y="0" width="10" height={HEIGHT} />
              <line x1={toX(ends()[end])} x2={toX(ends()[end])} y1="0" y2={HEIGHT} />
            </g>
          )}
        </For>
      </svg>
      <canvas id="bar" width={WIDTH} height="1" ref={bar} aria-hidden="true" />
      <div class="ends">
        <input class="end" aria-label="Lower end of the range" value={short(ends().low, 4)} onChange={enter("low")} />
        <span class="about">{component() ? `its ${component()}` : isQuiet() ? "its own" : model.comparison.way() === "difference" ? "differences" : model.focus() === null ? "matrices" : !model.choice().share ? "its own" : (model.tensors[about()!]?.group ?? 0) === 0 ? "matrices" : "this kind"}</span>
        <input class="end" aria-label="Upper end of the range" value={short(ends().high, 4)} onChange={enter("high")} />
      </div>
      <Show when={!model.catalogue.exported}>
      <div class="choices" role="group" aria-label="Range">
        <For each={RANGES}>
          {({ range, name, title }) => (
            <button type="button" title={title} aria-pressed={model.choice().range === range} onClick={() => model.choose({ range })}>
              {name}
            </button>
          )}
        </For>
      </div>
      <div class="fields">
        <label>
          Map
          <select id="map-name" value={model.mapName()} onChange={(event) => model.choose({ map: event.currentTarget.value })}>
            <For each={["diverging", "sequential"] as const}>
              {(kind) => (
                <optgroup label={kind}>
                  <For each={model.catalogue.maps.filter((map) => map.kind === kind)}>
                    {(map) => <option value={map.name}>{map.name}{map.colourBlindSafe ? "" : " (not for the colour-blind)"}</option>}
                  </For>
                </optgroup>
              )}
            </For>
          </select>
        </label>
        <label>
          Scale
          <select id="scale" value={model.choice().scale} onChange={(event) => model.choose({ scale: event.currentTarget.value as "linear" })}>
            <option value="linear">linear</option>
            <option value="symlog">symlog</option>
            <option value="log">log</option>
          </select>
        </label>
        <label>
          Fold
          <select id="fold" value={model.choice().fold} onChange={(event) => model.choose({ fold: event.currentTarget.value as "r" })}>
            <For each={FOLDS}>{({ fold, name }) => <option value={fold}>{name}</option>}</For>
          </select>
        </label>
      </div>
      </Show>
      <div class="switches">
        <Show when={!model.catalogue.exported}>
        <label><input type="checkbox" role="switch" checked={model.choice().share} onChange={(event) => model.choose({ share: event.currentTarget.checked })} /> One range for all of a kind</label>
        </Show>
        <label><input type="checkbox" role="switch" checked={model.choice().hinton} onChange={(event) => model.choose({ hinton: event.currentTarget.checked })} /> Hinton squares</label>
        <label><input type="checkbox" role="switch" checked={model.choice().numbers} onChange={(event) => model.choose({ numbers: event.currentTarget.checked })} /> Written numbers</label>
      </div>
      <Show when={model.quiet().size > 0}>
        <p class="note">
          {isQuiet() ? "far weaker than the other matrices, so it has a range of its own" : `${count(model.quiet().size)} far weaker than the other matrices have ranges of their own: dashed frames`}
        </p>
      </Show>
      <Show when={shades()?.colours.note}>{(note) => <p class="note">{note()}</p>}</Show>
    </section>
  );
}
