import type { Model } from "../model";
import type { Stage } from "./stage";

interface Point {
  x: number;
  y: number;
}

/** Pixels that a press may move and still be a click. */
const STEADY = 4;

/** Moves the map by mouse, pen, fingers and wheel. */
export function listenToGestures(element: HTMLElement, model: Model, stage: Stage): void {
  const pointers = new Map<number, Point>();
  let start: Point = { x: 0, y: 0 };
  let moved = false;
  let selecting: { tensor: number; row: number; col: number } | null = null;

  const local = (event: { clientX: number; clientY: number }): Point => {
    const box = element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    // In the window of the part that it is in.
    return { x: x - model.comparison.paneAt(x).left, y };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    const at = local(event);
    pointers.set(event.pointerId, at);
    if (pointers.size === 1) {
      start = at;
      moved = false;
      selecting = event.shiftKey ? model.cellAt(at) : null;
      if (selecting) model.setSelection(null);
    } else selecting = null;
  });

  element.addEventListener("pointermove", (event) => {
    const now = local(event);
    stage.pointAt(now);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") model.setHover(model.cellAt(now));
      return;
    }
    if (Math.hypot(now.x - start.x, now.y - start.y) > STEADY) moved = true;
    if (pointers.size > 1) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)![1];
      pinch(model, before, now, other);
      moved = true;
    } else if (selecting) select(model, selecting, now);
    else if (moved) model.panBy(now.x - before.x, now.y - before.y);
    if (moved || pointers.size > 1) pointers.set(event.pointerId, now);
  });

  for (const end of ["pointerup", "pointercancel"] as const) {
    element.addEventListener(end, (event) => {
      const wasDown = pointers.delete(event.pointerId);
      if (!wasDown || moved || end === "pointercancel" || pointers.size > 0) return;
      click(model, local(event));
    });
  }

  element.addEventListener("pointerleave", () => {
    stage.pointAt(null);
    model.setHover(null);
  });

  element.addEventListener("dblclick", (event) => {
    const at = local(event);
    const cell = model.cellAt(at);
    if (event.shiftKey) model.zoomBy(1 / 4, at, true);
    else if (cell && model.entered() !== cell.tensor) model.showTensor(cell.tensor);
    else model.zoomBy(4, at, true);
  });

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const unit = [1, 20, 400][event.deltaMode] ?? 1;
      const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
      if (event.shiftKey) return model.panBy(-(dx || dy), dx ? -dy : 0);
      // A pinch on a touch pad arrives as a wheel with the control key, in small steps.
      const change = Math.exp(-dy * (event.ctrlKey ? 0.01 : 0.0016));
      model.zoomBy(Math.min(Math.max(change, 0.2), 5), local(event));
    },
    { passive: false },
  );

  // Safari tells of a pinch in events of its own.
  let scale = 1;
  element.addEventListener("gesturestart", (event) => {
    event.preventDefault();
    scale = 1;
  });
  element.addEventListener("gesturechange", (event) => {
    event.preventDefault();
    const gesture = event as unknown as { scale: number; clientX: number; clientY: number };
    model.zoomBy(gesture.scale / scale, local(gesture));
    scale = gesture.scale;
  });
}

function click(model: Model, at: Point): void {
  const cell = model.cellAt(at);
  model.setSelection(null);
  if (!cell) {
    model.setChosen(null);
    model.setCell(null);
    return;
  }
  model.setChosen(cell.tensor);
  const { w, h } = model.cellPixels(cell.tensor);
  // A cell that cannot be aimed at is not what was meant.
  model.setCell(Math.max(w, h) >= 3 ? cell : null);
}

function select(model: Model, from: { tensor: number; row: number; col: number }, now: Point): void {
  const place = model.places.get(from.tensor)!;
  const { rows, cols } = model.tensors[from.tensor]!;
  const [camera, size] = [model.camera(), model.size()];
  const index = (pixel: number, middle: number, center: number, start: number, length: number, extent: number) => {
    const world = (pixel - middle / 2) / camera.zoom + center;
    return Math.min(Math.max(Math.floor(((world - start) / length) * extent), 0), extent - 1);
  };
  const row = index(now.y, size.height, camera.y, place.y, place.h, rows);
  const col = index(now.x, size.width, camera.x, place.x, place.w, cols);
  model.setChosen(from.tensor);
  model.setSelection({
    tensor: from.tensor,
    box: {
      r0: Math.min(row, from.row),
      r1: Math.max(row, from.row) + 1,
      c0: Math.min(col, from.col),
      c1: Math.max(col, from.col) + 1,
    },
  });
}

function pinch(model: Model, before: Point, now: Point, other: Point): void {
  const spread = (finger: Point) => Math.hypot(finger.x - other.x, finger.y - other.y);
  model.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
  const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
  model.zoomBy(spread(now) / Math.max(spread(before), 1), middle);
}
