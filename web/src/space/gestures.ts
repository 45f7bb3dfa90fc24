import type { Standpoint } from "./camera";
import type { Store } from "./view";

/** Degrees a pixel. */
const TURN = 0.4;

/** Turns, moves and zooms the camera by mouse, pen and fingers. */
export function listenToGestures(element: HTMLElement, store: Store, standpoint: () => Standpoint): void {
  const pointers = new Map<number, { x: number; y: number }>();

  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });

  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (pointers.size === 1) {
      const [dx, dy] = [now.x - before.x, now.y - before.y];
      const moves = event.shiftKey || event.ctrlKey || (event.buttons & ~1) !== 0;
      if (moves || standpoint().flatness === 1) panBy(store, standpoint(), dx, dy);
      else turnBy(store, -dx * TURN, dy * TURN);
    } else {
      const other = [...pointers].find(([id]) => id !== event.pointerId)![1];
      pinch(element, store, standpoint, before, now, other);
    }
    pointers.set(event.pointerId, now);
  });

  for (const end of ["pointerup", "pointercancel"] as const) {
    element.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      // A pinch on a touch pad arrives as a wheel with the control key, in small steps.
      const strength = event.ctrlKey ? 0.01 : 0.0015;
      const change = Math.exp(-event.deltaY * lines * strength);
      zoomAt(store, standpoint(), change, offset(element, { x: event.clientX, y: event.clientY }));
    },
    { passive: false },
  );

  // The other button moves the picture.
  element.addEventListener("contextmenu", (event) => event.preventDefault());
}

export function turnBy(store: Store, azimuth: number, elevation: number): void {
  const { view } = store;
  store.set({ azimuth: view.azimuth + azimuth, elevation: view.elevation + elevation });
}

/** Moves the picture by so many CSS pixels. */
export function panBy(store: Store, { scale }: Standpoint, dx: number, dy: number): void {
  const { view } = store;
  store.set({ panX: view.panX - dx / scale, panY: view.panY + dy / scale });
}

/** Zooms so that what is at `at`, in CSS pixels from the middle, stays there. */
export function zoomAt(store: Store, { scale }: Standpoint, change: number, at = { x: 0, y: 0 }): void {
  const { view } = store;
  store.set({ zoom: view.zoom * change });
  const kept = 1 - view.zoom / store.view.zoom;
  store.set({ panX: view.panX + (at.x / scale) * kept, panY: view.panY - (at.y / scale) * kept });
}

function pinch(
  element: HTMLElement,
  store: Store,
  standpoint: () => Standpoint,
  before: { x: number; y: number },
  now: { x: number; y: number },
  other: { x: number; y: number },
): void {
  const spread = (finger: { x: number; y: number }) => Math.hypot(finger.x - other.x, finger.y - other.y);
  panBy(store, standpoint(), (now.x - before.x) / 2, (now.y - before.y) / 2);
  const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
  zoomAt(store, standpoint(), spread(now) / Math.max(spread(before), 1), offset(element, middle));
}

/** Pixels from the middle of the element. */
function offset(element: HTMLElement, place: { x: number; y: number }): { x: number; y: number } {
  const box = element.getBoundingClientRect();
  return { x: place.x - box.left - box.width / 2, y: place.y - box.top - box.height / 2 };
}
