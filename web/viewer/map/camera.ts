/** Where the page looks, in 64-bit floats: what the graphics card gets is always relative to a tile. */
export interface Camera {
  /** World coordinates at the middle of the picture. */
  x: number;
  y: number;
  /** CSS pixels per world unit. */
  zoom: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Rect extends Point {
  w: number;
  h: number;
}

export function toScreen(camera: Camera, size: Size, point: Point): Point {
  return {
    x: (point.x - camera.x) * camera.zoom + size.width / 2,
    y: (point.y - camera.y) * camera.zoom + size.height / 2,
  };
}

export function toWorld(camera: Camera, size: Size, point: Point): Point {
  return {
    x: (point.x - size.width / 2) / camera.zoom + camera.x,
    y: (point.y - size.height / 2) / camera.zoom + camera.y,
  };
}

export function rectToScreen(camera: Camera, size: Size, rect: Rect): Rect {
  const { x, y } = toScreen(camera, size, rect);
  return { x, y, w: rect.w * camera.zoom, h: rect.h * camera.zoom };
}

/** Zooms so that the world under `at` (CSS pixels from the upper left) stays there. */
export function zoomAbout(camera: Camera, size: Size, at: Point, factor: number, limits: [number, number]): Camera {
  const zoom = Math.min(Math.max(camera.zoom * factor, limits[0]), limits[1]);
  const kept = toWorld(camera, size, at);
  return {
    x: kept.x - (at.x - size.width / 2) / zoom,
    y: kept.y - (at.y - size.height / 2) / zoom,
    zoom,
  };
}

/** The camera that shows a rectangle whole, with so many pixels of margin around it. */
export function fit(rect: Rect, size: Size, margin = 24): Camera {
  const room = { width: Math.max(size.width - 2 * margin, 16), height: Math.max(size.height - 2 * margin, 16) };
  const zoom = Math.min(room.width / Math.max(rect.w, 1e-9), room.height / Math.max(rect.h, 1e-9));
  return { x: rect.x + rect.w / 2, y: rect.y + rect.h / 2, zoom };
}

/** A camera on the way from one to another; zooming is even in its logarithm, and straight over the map. */
export function between(from: Camera, to: Camera, share: number): Camera {
  const ratio = to.zoom / from.zoom;
  const zoom = from.zoom * ratio ** share;
  // The place moves with the scale, so that a zoom about a point keeps that point where it is.
  const moved = Math.abs(ratio - 1) < 1e-6 ? share : (1 - ratio ** -share) / (1 - 1 / ratio);
  return { x: from.x + (to.x - from.x) * moved, y: from.y + (to.y - from.y) * moved, zoom };
}

export function overlaps(one: Rect, other: Rect): boolean {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}
