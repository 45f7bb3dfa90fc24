import { For, Show, createEffect, createMemo, createSignal, on } from "solid-js";
import { transposed, viewText } from "../actions";
import type { Tensor, View, ViewAxis } from "../engine";
import type { Model } from "../model";
import { count } from "../numbers";

const ROLES = [
  { role: "row", name: "rows", about: "runs down" },
  { role: "col", name: "cols", about: "runs right" },
  { role: "index", name: "one", about: "one position, chosen by a slider" },
] as const;

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
    const { axes, rowAxes, colAxes } = view()!;
    const now = axes[axis]!;
    const without = (list: number[]) => list.filter((other) => other !== axis);
    const withIt = (list: number[], wanted: boolean) => (wanted ? [...without(list), axis].sort((a, b) => a - b) : without(list));
    const next = role === "index" ? { ...now, role, count: null } : now.role === "index" ? { ...now, role, first: 0, step: 1, count: now.length } : { ...now, role };
    void show(viewText(axes.with(axis, next), withIt(rowAxes, role === "row"), withIt(colAxes, role === "col")));
  };
  const slide = (axis: number, first: number) => {
    const { axes, rowAxes, colAxes } = view()!;
    void show(viewText(axes.with(axis, { ...axes[axis]!, first }), rowAxes, colAxes));
  };
  const name = (axis: number) => `axis ${axis}${view()!.axes[axis]!.name ? `, ${view()!.axes[axis]!.name}` : ""}`;
  return (
    <Show when={view()?.axes.length}>
      <section id="axes" aria-label="Axes">
        <h2>Axes</h2>
        <form
          class="choices"
          onSubmit={(event) => {
            event.preventDefault();
            const field = event.currentTarget.querySelector("input")!;
            void show(field.value).then(() => {
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
