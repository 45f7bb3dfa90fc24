import {
  BufferAttribute,
  BufferGeometry,
  GLSL3,
  LineSegments,
  type Object3D,
  Points,
  RawShaderMaterial,
  Vector3,
} from "three";
import type { Standpoint } from "./camera";
import type { Measured, Moment } from "./moment";
import type { Page } from "./page";
import type { View } from "./view";

/** Where a point is now. Colours pass through as they are: nothing shades them. */
const PLACE = `
precision highp float;
uniform mat4 modelViewMatrix;
uniform mat4 projectionMatrix;
uniform vec3 weightFrom;
uniform vec3 weightTo;
in vec4 position;
in vec4 destination;
in vec3 color;
in float shown;
out vec3 tint;

bool isThere() {
  return shown > 0.0 && (weightFrom.x == 0.0 || position.w > 0.5) && (weightTo.x == 0.0 || destination.w > 0.5);
}

vec4 seen() {
  return modelViewMatrix * vec4(position.xyz * weightFrom + destination.xyz * weightTo, 1.0);
}
`;

const POINT_VERTEX = `${PLACE}
uniform float size;
uniform float focus;

void main() {
  tint = color;
  vec4 at = seen();
  gl_Position = isThere() ? projectionMatrix * at : vec4(0.0, 0.0, 2.0, 1.0);
  gl_PointSize = size * clamp(focus / -at.z, 0.5, 2.0);
}
`;

/** A disc whose rim is smoothed by coverage, not by blending, so that depth stays right in any order. */
const POINT_FRAGMENT = `
precision highp float;
in vec3 tint;
out vec4 result;

void main() {
  float radius = length(gl_PointCoord - 0.5) * 2.0;
  float rim = fwidth(radius);
  float cover = 1.0 - smoothstep(1.0 - rim, 1.0, radius);
  if (cover < 0.05) discard;
  result = vec4(tint, cover);
}
`;

const LINE_VERTEX = `${PLACE}
out float gone;

void main() {
  tint = color;
  gone = isThere() ? 0.0 : 1.0;
  gl_Position = projectionMatrix * seen();
  // A little behind the points at their ends.
  gl_Position.z += 4e-4 * gl_Position.w;
}
`;

/** An edge is drawn when both its ends are there. */
const LINE_FRAGMENT = `
precision highp float;
in vec3 tint;
in float gone;
out vec4 result;

void main() {
  if (gone > 0.0) discard;
  result = vec4(tint, 1.0);
}
`;

/** The points and the edges between them. */
export class Cloud {
  readonly objects: Object3D[];
  private readonly points: Points;
  private readonly lines: LineSegments;
  private readonly uniforms = {
    weightFrom: { value: new Vector3() },
    weightTo: { value: new Vector3() },
    size: { value: 1 },
    focus: { value: 1 },
  };
  /** Sent to the graphics card once a frame, however often it is shown. */
  private readonly attributes = new Map<Measured, BufferAttribute>();
  /** 1 for every point whose class is drawn. */
  private readonly shown: BufferAttribute;
  private hidden = "";

  constructor(private readonly page: Page) {
    const color = new BufferAttribute(page.colors, 3, true);
    const shown = (this.shown = new BufferAttribute(new Float32Array(page.count).fill(1), 1));
    const geometry = () => new BufferGeometry().setAttribute("color", color).setAttribute("shown", shown);
    const uniforms = this.uniforms;
    this.points = new Points(
      geometry(),
      new RawShaderMaterial({
        glslVersion: GLSL3,
        vertexShader: POINT_VERTEX,
        fragmentShader: POINT_FRAGMENT,
        uniforms,
        alphaToCoverage: true,
      }),
    );
    this.lines = new LineSegments(
      geometry().setIndex(new BufferAttribute(page.lines, 1)),
      new RawShaderMaterial({ glslVersion: GLSL3, vertexShader: LINE_VERTEX, fragmentShader: LINE_FRAGMENT, uniforms }),
    );
    this.objects = [this.lines, this.points];
    for (const object of this.objects) object.frustumCulled = false;
  }

  update(moment: Moment, standpoint: Standpoint, view: View, pixelRatio: number): void {
    for (const { geometry } of [this.points, this.lines]) {
      geometry.setAttribute("position", this.attributeOf(moment.from));
      geometry.setAttribute("destination", this.attributeOf(moment.to));
    }
    if (view.hidden !== this.hidden) this.hide(view.hidden);
    const [from, to] = moment.weights;
    this.uniforms.weightFrom.value.set(...standpoint.stretch).multiplyScalar(from);
    this.uniforms.weightTo.value.set(...standpoint.stretch).multiplyScalar(to);
    this.uniforms.size.value = view.size * standpoint.magnitude * pixelRatio;
    this.uniforms.focus.value = standpoint.distance;
    this.points.visible = view.points && this.page.count > 0;
    this.lines.visible = view.lines && this.page.lines.length > 0;
  }

  private hide(hidden: string): void {
    this.hidden = hidden;
    const places = new Set(hidden === "" ? [] : hidden.split(",").map(Number));
    this.page.classes.forEach((place, point) => this.shown.setX(point, places.has(place) ? 0 : 1));
    this.shown.needsUpdate = true;
  }

  private attributeOf(frame: Measured): BufferAttribute {
    let attribute = this.attributes.get(frame);
    if (!attribute) this.attributes.set(frame, (attribute = new BufferAttribute(frame.placed, 4)));
    return attribute;
  }
}
