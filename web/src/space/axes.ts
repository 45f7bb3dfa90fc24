import { BufferAttribute, BufferGeometry, GLSL3, LineSegments, RawShaderMaterial } from "three";
import { MARGIN, type Standpoint } from "./camera";
import type { Label } from "./labels";
import type { Triple } from "./page";
import { ticks } from "./ticks";
import { clamp, mix } from "./view";

type Rgb = [number, number, number];

/** The colours that axes are drawn in, 0 to 1. */
export interface Ink {
  page: Rgb;
  line: Rgb;
  soft: Rgb;
}

const VERTEX = `
precision highp float;
uniform mat4 modelViewMatrix;
uniform mat4 projectionMatrix;
in vec3 position;
in vec3 color;
out vec3 tint;

void main() {
  tint = color;
  gl_Position = projectionMatrix * (modelViewMatrix * vec4(position, 1.0));
}
`;

const FRAGMENT = `
precision highp float;
in vec3 tint;
out vec4 result;

void main() {
  result = vec4(tint, 1.0);
}
`;

/** CSS pixels between two numbers, at least. */
const TICK_DISTANCE = [84, 62] as const;

/** Closer than this, in CSS pixels, numbers would touch. */
const CLOSEST_TICKS = 16;

/** About the width of a figure, in CSS pixels. */
const LETTER = 7;

/** The box behind the points: a grid on its three far sides, numbers and names on its near edges. */
export class Axes {
  readonly object = new LineSegments(
    new BufferGeometry(),
    new RawShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      depthTest: false,
      depthWrite: false,
    }),
  );

  constructor() {
    this.object.frustumCulled = false;
    // Before everything else, and behind it.
    this.object.renderOrder = -1;
  }

  /** Draws the lines and returns the words. */
  update(standpoint: Standpoint, ink: Ink, names: string[]): Label[] {
    const box = boxOf(standpoint);
    if (!box) {
      this.object.visible = false;
      return [];
    }
    this.object.visible = true;
    const pen = new Pen(ink);
    const labels: Label[] = [];
    for (const axis of [0, 1, 2]) {
      labels.push(...drawAxis(axis, box, standpoint, pen, names[axis]!));
    }
    pen.fill(this.object.geometry);
    return labels;
  }
}

/** The box in scene coordinates, and which of its sides are far. */
interface Box {
  low: Triple;
  high: Triple;
  /** For each axis, the side away from the reader. */
  far: Triple;
  near: Triple;
}

/** The box that is drawn: a flat picture's ends where the stage ends, however far in the reader is. */
function boxOf(standpoint: Standpoint): Box | null {
  const { half, target, scale, width, height, back, flatness } = standpoint;
  let low = half.map((end) => -end) as Triple;
  let high = [...half] as Triple;
  if (flatness === 1) {
    const across = (width / 2 - MARGIN * 0.9) / scale;
    const upright = (height / 2 - MARGIN * 0.9) / scale;
    low = [Math.max(low[0], target.x - across), Math.max(low[1], target.y - upright), 0];
    high = [Math.min(high[0], target.x + across), Math.min(high[1], target.y + upright), 0];
    if (low[0] >= high[0] || low[1] >= high[1]) return null;
  }
  const towards = back.toArray();
  const far = low.map((end, axis) => (towards[axis]! >= 0 ? end : high[axis]!)) as Triple;
  const near = low.map((end, axis) => (towards[axis]! >= 0 ? high[axis]! : end)) as Triple;
  return { low, high, far, near };
}

function drawAxis(axis: number, box: Box, standpoint: Standpoint, pen: Pen, name: string): Label[] {
  const { flatness } = standpoint;
  // From the front the third axis has no length, and its sides are lines.
  const depth = clamp(1 - flatness * 2, 0, 1);
  const [one, two] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
  const place = edgeOf(axis, box, standpoint);
  const at = (value: number): Triple => place.map((side, other) => (other === axis ? value : side)) as Triple;
  const ends = [standpoint.toScreen(at(box.low[axis]!)), standpoint.toScreen(at(box.high[axis]!))] as const;
  const length = Math.hypot(ends[1].x - ends[0].x, ends[1].y - ends[0].y);
  const out = outwards(ends, standpoint, axis);

  // The edges of the far sides that run along this axis.
  for (const [a, b] of [[box.far[one]!, box.far[two]!], [box.near[one]!, box.far[two]!], [box.far[one]!, box.near[two]!]]) {
    const edge = (value: number): Triple => put(axis, value, one, a!, two, b!);
    pen.line(edge(box.low[axis]!), edge(box.high[axis]!), axis === 2 ? depth : 1);
  }

  const labels: Label[] = [];
  const opacity = axis === 2 ? depth : axis === 1 ? Math.abs(flatness * 2 - 1) : 1;
  const distance = TICK_DISTANCE[axis === 0 ? 0 : 1];
  const [low, high] = [standpoint.toData(axis, box.low[axis]!), standpoint.toData(axis, box.high[axis]!)];
  const numbers = ticks(low, high, clamp(length / distance, 2, 9));
  // On an axis that is all but a point they would lie on each other.
  const legible = length / Math.max(numbers.length - 1, 1) > CLOSEST_TICKS;
  for (const { value, text } of numbers) {
    const along = standpoint.toScene(axis, value);
    const strength = (value === 0 ? 0.85 : 0.4) * (axis === 2 ? depth : 1);
    // Across the floor or the back wall, whichever far sides this axis lies in.
    for (const other of [one, two]) {
      const side = other === one ? two : one;
      const flat = other === 2 || axis === 2;
      const from = put(axis, along, other, box.low[other]!, side, box.far[side]!);
      const to = put(axis, along, other, box.high[other]!, side, box.far[side]!);
      pen.line(from, to, strength * (flat ? depth : 1));
    }
    const { x, y } = standpoint.toScreen(at(along));
    if (opacity > 0 && legible) labels.push({ text, x: x + out.x * 9, y: y + out.y * 9, out, opacity, kind: "tick" });
  }
  if (opacity > 0 && name) {
    const middle = { x: (ends[0].x + ends[1].x) / 2, y: (ends[0].y + ends[1].y) / 2 };
    const widest = Math.max(2, ...labels.map((label) => label.text.length));
    const gap = 22 + Math.abs(out.x) * widest * LETTER + Math.abs(out.y) * 12;
    if (axis !== 1 || flatness <= 0.5) {
      labels.push({ text: name, x: middle.x + out.x * gap, y: middle.y + out.y * gap, out, opacity, kind: "name" });
    } else if (gap < MARGIN - 6) {
      labels.push({ text: name, x: middle.x + out.x * gap, y: middle.y + out.y * gap, out, opacity, kind: "upright" });
    } else {
      // Beside long numbers there is no room: it goes above the axis.
      const top = ends[0].y < ends[1].y ? ends[0] : ends[1];
      labels.push({ text: name, x: top.x, y: top.y - 14, out, opacity, kind: "name" });
    }
  }
  return labels;
}

/** Where the numbers of an axis stand: an edge at the rim of the box as it is seen. */
function edgeOf(axis: number, box: Box, standpoint: Standpoint): Triple {
  const floor = box.far[2];
  if (axis === 0) return [0, standpoint.flatness > 0.5 ? box.low[1] : box.near[1], floor];
  if (axis === 1) return [standpoint.flatness > 0.5 ? box.low[0] : box.near[0], 0, floor];
  // The rim on the left: of the two edges there, the one further left.
  const corners: Triple[] = [[box.near[0], box.far[1], 0], [box.far[0], box.near[1], 0]];
  const [a, b] = corners.map((corner) => standpoint.toScreen(corner).x);
  return a! < b! ? corners[0]! : corners[1]!;
}

/** The direction on the screen from an axis away from the box: a unit vector. */
function outwards(ends: readonly { x: number; y: number }[], standpoint: Standpoint, axis: number): { x: number; y: number } {
  if (standpoint.flatness === 1) return axis === 0 ? { x: 0, y: 1 } : { x: -1, y: 0 };
  const [a, b] = ends as [{ x: number; y: number }, { x: number; y: number }];
  const center = standpoint.toScreen([0, 0, 0]);
  let [x, y] = [a.y - b.y, b.x - a.x];
  const length = Math.hypot(x, y) || 1;
  if (x * ((a.x + b.x) / 2 - center.x) + y * ((a.y + b.y) / 2 - center.y) < 0) [x, y] = [-x, -y];
  return { x: x / length, y: y / length };
}

function put(axis: number, along: number, one: number, a: number, two: number, b: number): Triple {
  const place: Triple = [0, 0, 0];
  place[axis] = along;
  place[one] = a;
  place[two] = b;
  return place;
}

/** Collects lines. They are opaque: a weak line is nearer the colour of the page. */
class Pen {
  private places: number[] = [];
  private colors: number[] = [];

  constructor(private readonly ink: Ink) {}

  line(from: Triple, to: Triple, strength: number): void {
    if (strength <= 0) return;
    this.places.push(...from, ...to);
    const color = this.ink.page.map((page, channel) => mix(page, this.ink.line[channel]!, strength));
    this.colors.push(...color, ...color);
  }

  fill(geometry: BufferGeometry): void {
    // A buffer cannot grow; these are small, so they are made anew.
    geometry.dispose();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(this.places), 3));
    geometry.setAttribute("color", new BufferAttribute(new Float32Array(this.colors), 3));
  }
}
