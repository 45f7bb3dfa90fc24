import { Show, createEffect, createMemo } from "solid-js";
import type { Model } from "../model";

const MOST = { w: 150, h: 120 };

/** The whole map in a corner, and where the picture is in it. */
export function MiniMap(props: { model: Model }) {
  const { model } = props;
  const { whole } = model;
  const scale = createMemo(() => Math.min(MOST.w / whole().w, MOST.h / whole().h));
  const w = () => Math.max(whole().w * scale(), 12);
  const h = () => Math.max(whole().h * scale(), 12);
  const view = createMemo(() => {
    const { x, y, zoom } = model.camera();
    const { width, height } = model.size();
    return { x: x - width / zoom / 2, y: y - height / zoom / 2, w: width / zoom, h: height / zoom };
  });
  const useful = () => view().w < whole().w * 0.9 || view().h < whole().h * 0.9;
  const draw = (canvas: HTMLCanvasElement) => {
    createEffect(() => {
      const ratio = Math.min(devicePixelRatio, 3);
      canvas.width = w() * ratio;
      canvas.height = h() * ratio;
      const context = canvas.getContext("2d", { willReadFrequently: true })!;
      context.scale(ratio * scale(), ratio * scale());
      context.translate(-whole().x, -whole().y);
      context.fillStyle = model.dark() ? "#5b6470" : "#b9c0c8";
      for (const place of model.tiles()) context.fillRect(place.x, place.y, Math.max(place.w, 1 / scale()), Math.max(place.h, 1 / scale()));
      const focus = model.places.get(model.focus() ?? -1);
      if (!focus) return;
      context.fillStyle = model.dark() ? "#6ea8ff" : "#2563eb";
      context.fillRect(focus.x, focus.y, Math.max(focus.w, 2 / scale()), Math.max(focus.h, 2 / scale()));
    });
  };
  let box!: HTMLDivElement;
  const go = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    const bounds = box.getBoundingClientRect();
    const { zoom } = model.camera();
    model.setCamera({ x: (event.clientX - bounds.left) / scale() + whole().x, y: (event.clientY - bounds.top) / scale() + whole().y, zoom });
  };
  const frame = (element: HTMLElement) =>
    createEffect(() => {
      const { x, y, w: width, h: height } = view();
      const clamp = (value: number, most: number) => Math.min(Math.max(value, 0), most);
      const [left, top] = [clamp((x - whole().x) * scale(), w() - 4), clamp((y - whole().y) * scale(), h() - 4)];
      element.style.setProperty("left", `${left}px`);
      element.style.setProperty("top", `${top}px`);
      element.style.setProperty("width", `${Math.max(clamp((x - whole().x + width) * scale(), w()) - left, 4)}px`);
      element.style.setProperty("height", `${Math.max(clamp((y - whole().y + height) * scale(), h()) - top, 4)}px`);
    });
  const sized = (element: HTMLElement) =>
    createEffect(() => {
      element.style.setProperty("width", `${w()}px`);
      element.style.setProperty("height", `${h()}px`);
    });
  return (
    <Show when={useful()}>
      <div
        id="minimap"
        aria-hidden="true"
        ref={(element) => {
          box = element;
          sized(element);
        }}
        onPointerDown={(event) => {
          box.setPointerCapture(event.pointerId);
          go(event);
        }}
        onPointerMove={go}
      >
        <canvas ref={(element) => {
          sized(element);
          draw(element);
        }} />
        <div class="view" ref={frame} />
      </div>
    </Show>
  );
}
