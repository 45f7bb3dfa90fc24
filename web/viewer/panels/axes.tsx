import { For, Show, createEffect, createMemo, createSignal, on } from "solid-js";
import { componentOf, componentText, transposed, viewText } from "../actions";
import type { Tensor, View, ViewAxis } from "../engine";
import type { Model } from "../model";
import { count } from "../numbers";

const ROLES = [
  { role: "row", name: "rows", about: "runs down" },
  { role: "col", name: "cols", about: "runs right" },
  { role: "index", name: "one", about: "one position, chosen by a slider" },
] as const;

const MADE_OF: Record<string, string> = {
  values: "scale × code + offset",
  codes: "what codes stand for before they are scaled, one a value",
  scales: "what codes are multiplied by, one a block",
  offsets: "what is added to scaled codes, one a block",
};

/** Which axes of a tensor are rows and columns, and what is taken of each. */
export function Axes(props: { model: Model; tensor: Tensor }) {
  const { model } = props;
  const [usual, setUsual] = createSignal<View | null>(null);
  const [wrong, setWrong] = createSignal("");
  const id = createMemo(() => props.tensor.id);
  const view = () => props.tensor.view ?? (usual()?.number === id() ? usual() : null);
  createEffect(
    on(id, (tensor) => {
      setWrong("");
      model.engine.view(tensor, "").then((found) => id() === tensor && setUsual(found)).catch(() => {
        // Of a tensor that cannot be viewed there is nothing to choose.
      });
    }),
  );
  const show = async (text: string) => setWrong((await model.look(id(), text)) ?? "");
  const choose = (axis: number, role: ViewAxis["role"]) => {
    const { axes, rowAxes, colAxes, component } = view()!;
    const now = axes[axis]!;
    const without = (list: number[]) => list.filter((other) => other !== axis);
    const withIt = (list: number[], wanted: boolean) => (wanted ? [...without(list), axis].sort((a, b) => a - b) : without(list));
    const next = role === "index" ? { ...now, role, count: null } : now.role === "index" ? { ...now, role, first: 0, step: 1, count: now.length } : { ...now, role };
    void show(viewText({ axes: axes.with(axis, next), rowAxes: withIt(rowAxes, role === "row"), colAxes: withIt(colAxes, role === "col"), component }));
  };
  const slide = (axis: number, first: number) => {
    const now = view()!;
    void show(viewText({ ...now, axes: now.axes.with(axis, { ...now.axes[axis]!, first }) }));
  };
  const name = (axis: number) => `axis ${axis}${view()!.axes[axis]!.name ? `, ${view()!.axes[axis]!.name}` : ""}`;
  return (
    <Show when={view()?.axes.length}>
      <section id="axes" aria-label="Axes">
        <h2>Axes</h2>
        <Show when={props.tensor.components}>
          {(components) => (
            <div class="choices components" role="group" aria-label="What of a quantised tensor is seen (q)">
              <For each={[null, ...components()]}>
                {(component) => (
                  <button
                    type="button"
                    title={MADE_OF[component ?? "values"]}
                    aria-pressed={view()!.component === component}
                    classList={{ on: view()!.component === component }}
                    onClick={() => void show(componentOf(view()!, component))}
                  >
                    {component ?? "values"}
                  </button>
                )}
              </For>
            </div>
          )}
        </Show>
        <Show when={props.tensor.quantized && !props.tensor.components}>
          <p class="faint">Codes and scales of {props.tensor.dtype} are not taken apart: these are the values.</p>
        </Show>
        <form
          class="choices"
          onSubmit={(event) => {
            event.preventDefault();
            const field = event.currentTarget.querySelector("input")!;
            const text = field.value.trim();
            void show(text.startsWith("@") ? text : `${componentText(view()!.component)}${text}`).then(() => {
              if (!wrong()) field.value = view()?.slice ?? "";
            });
          }}
        >
          <input
            aria-label="Slice in numpy's notation"
            title="Slice in numpy's notation (i)"
            placeholder={`[${view()!.axes.map(() => ":").join(",")}]`}
            value={view()!.slice ?? ""}
            spellcheck={false}
            autocomplete="off"
            onBlur={() => setWrong("")}
          />
          <button type="button" disabled={view()!.axes.length < 2} title="Rows become columns (\\)" onClick={() => void show(transposed(view()!))}>Transpose</button>
          <button type="button" disabled={!props.tensor.view} title="As the file has it" onClick={() => void show("")}>Reset</button>
        </form>
        <Show when={wrong()}><p class="alarm" role="alert">{wrong()}</p></Show>
        <Show when={view()!.axes.length > 2}>
          <For each={view()!.axes.map((_, axis) => axis)}>
            {(axis) => (
              <div class="axis" role="group" aria-label={name(axis)}>
                <span class="name">{name(axis)} <span class="faint">{count(view()!.axes[axis]!.length)}</span></span>
                <span class="roles choices">
                  <For each={ROLES}>
                    {({ role, name, about }) => (
                      <button
                        type="button"
                        title={about}
                        aria-pressed={view()!.axes[axis]!.role === role}
                        classList={{ on: view()!.axes[axis]!.role === role }}
                        onClick={() => choose(axis, role)}
                      >
                        {name}
                      </button>
                    )}
                  </For>
                </span>
                <Show when={view()!.axes[axis]!.role === "index"}>
                  <span class="slider">
                    <input
                      type="range"
                      aria-label={`Position on ${name(axis)}`}
                      min="0"
                      max={view()!.axes[axis]!.length - 1}
                      value={view()!.axes[axis]!.first}
                      onInput={(event) => slide(axis, Number(event.currentTarget.value))}
                    />
                    <output>{view()!.axes[axis]!.first}</output>
                  </span>
                </Show>
              </div>
            )}
          </For>
        </Show>
      </section>
    </Show>
  );
}
