import type { Standpoint } from "./camera";
import { type Page, classOf } from "./page";
import { shortNumber } from "./ticks";
import type { Store } from "./view";

/** A point this near the mouse is meant, CSS pixels. */
const NEAR = 9;

/** Says of the point under the mouse what it is: its picture, its class, where it lies. */
export function listenToHover(element: HTMLElement, page: Page, store: Store, standpoint: () => Standpoint): void {
  const tip = document.getElementById("tip")!;
  const canvas = tip.querySelector("canvas")!;
  let asked = false;
  let mouse: { x: number; y: number } | null = null;
  const show = () => {
    asked = false;
    const now = standpoint();
    const point = mouse && store.view.points ? nearest(page, store, now, mouse) : null;
    tip.hidden = point === null;
    if (point === null || !mouse) return;
    drawPicture(canvas, page, point);
    tip.querySelector("span")!.textContent = wordsOf(page, now, point);
    const [left, above] = [mouse.x > now.width / 2, mouse.y > now.height / 2];
    tip.style.transform = `translate(${mouse.x + (left ? -12 : 12)}px, ${mouse.y + (above ? -12 : 12)}px) translate(${left ? -100 : 0}%, ${above ? -100 : 0}%)`;
  };
  const ask = () => {
    if (!asked) requestAnimationFrame(show);
    asked = true;
  };
  element.addEventListener("pointermove", (event) => {
    const box = element.getBoundingClientRect();
    mouse = event.buttons === 0 ? { x: event.clientX - box.left, y: event.clientY - box.top } : null;
    ask();
  });
  element.addEventListener("pointerleave", () => {
    mouse = null;
    ask();
  });
  store.onChange(() => {
    if (!tip.hidden) ask();
  });
}

/** The point nearest to a place on the stage, of several on one another the one in front. */
function nearest(page: Page, store: Store, standpoint: Standpoint, mouse: { x: number; y: number }): number | null {
  const { from, to, weights } = standpoint.moment;
  const [sx, sy, sz] = standpoint.stretch;
  const hidden = store.hidden();
  let best = NEAR * NEAR;
  let front = Infinity;
  let found: number | null = null;
  for (let point = 0; point < page.count; point++) {
    const at = point * 4;
    if ((weights[0] !== 0 && from.placed[at + 3] === 0) || (weights[1] !== 0 && to.placed[at + 3] === 0)) continue;
    if (hidden.has(page.classes[point]!)) continue;
    const value = (axis: number) => from.placed[at + axis]! * weights[0] + to.placed[at + axis]! * weights[1];
    const [x, y, depth] = standpoint.project3(value(0) * sx, value(1) * sy, value(2) * sz);
    const far = (x - mouse.x) ** 2 + (y - mouse.y) ** 2;
    if (far < best - 4 || (far < best + 4 && far <= NEAR * NEAR && depth < front)) {
      best = Math.min(best, far);
      front = depth;
      found = point;
    }
  }
  return found;
}

function wordsOf(page: Page, { moment }: Standpoint, point: number): string {
  const label = classOf(page, point);
  const { frame } = moment.share < 0.5 ? moment.from : moment.to;
  const names = frame.axes.map((name, axis) => name || ["x", "y", "z"][axis]!);
  const places = frame.positions.map((values, axis) => `${names[axis]} ${shortNumber(values[point]!)}`);
  return [label, `point ${point}`, ...places].filter((word) => word).join("\n");
}

/** The point's own picture, where points are pictures: light on black, as the data sets have them. */
function drawPicture(canvas: HTMLCanvasElement, page: Page, point: number): void {
  canvas.hidden = page.pictures === null;
  if (!page.pictures) return;
  const { width, height, pixels } = page.pictures;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, height);
  const own = pixels.subarray(point * width * height, (point + 1) * width * height);
  own.forEach((value, at) => image.data.set([value, value, value, 255], at * 4));
  context.putImageData(image, 0, 0);
}
