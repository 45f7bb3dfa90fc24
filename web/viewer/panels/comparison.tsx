import { Show, createEffect } from "solid-js";
import type { Model } from "../model";

function place(element: HTMLElement, model: Model): void {
  createEffect(() => element.style.setProperty("left", `${model.choice().split * 100}%`));
}

/** The divider of two models of which one is swiped over the other. */
export function Comparison(props: { model: Model }) {
  const { model } = props;
  let dragging = false;
  const put = (split: number) => model.choose({ split: Math.min(Math.max(split, 0.02), 0.98) });
  const drag = (event: PointerEvent) => {
    if (!dragging) return;
    const box = (event.currentTarget as HTMLElement).parentElement!.getBoundingClientRect();
    put((event.clientX - box.left) / box.width);
  };
  const nudge = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    put(model.choice().split + by * (event.shiftKey ? 0.1 : 0.02));
  };
  return (
    <Show when={model.comparison.way() === "swipe"}>
      <div
        id="divider"
        tabindex="0"
        role="slider"
        aria-label="Divider between the two"
        aria-orientation="horizontal"
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow={Math.round(model.choice().split * 100)}
        ref={(element) => place(element, model)}
        onPointerDown={(event) => {
          dragging = true;
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={drag}
        onPointerUp={() => (dragging = false)}
        onPointerCancel={() => (dragging = false)}
        onKeyDown={nudge}
      />
    </Show>
  );
}
