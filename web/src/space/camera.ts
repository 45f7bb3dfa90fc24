import { Matrix4, PerspectiveCamera, Vector3 } from "three";
import { type Moment, stretchOf } from "./moment";
import type { Triple } from "./page";
import { type View, clamp, mix, wrapDegrees } from "./view";

/** Room around a flat picture for numbers and names of axes, in CSS pixels. */
export const MARGIN = 60;

/** Degrees of the field of view: in space, and flat, where it is all but parallel. */
const FIELD = 30;
const FLAT_FIELD = 0.5;

/** Where the reader stands. Seen from the front, x points right and y up: from above, in space. */
export class Standpoint {
  readonly azimuth: number;
  readonly elevation: number;
  /** Half the height of what is seen at the target. */
  readonly halfHeight: number;
  /** CSS pixels for 1 at the target. */
  readonly scale: number;
  /** Unit vectors to the right, up, and towards the reader. */
  readonly right: Vector3;
  readonly up: Vector3;
  readonly back: Vector3;
  readonly target: Vector3;
  readonly distance: number;
  readonly stretch: Triple;
  /** Half of the box that the axes span. */
  readonly half: Triple;
  readonly flatness: number;
  /** Whether all axes have one scale. */
  readonly isEqual: boolean;
  /** Whether the step's axes are equal where the reader has not chosen. */
  readonly isEqualByItself: boolean;
  /** Sizes that are meant for a stage of 700 CSS pixels times this fit this stage. */
  readonly magnitude: number;
  private readonly project = new Matrix4();

  constructor(
    readonly moment: Moment,
    view: View,
    readonly width: number,
    readonly height: number,
  ) {
    const flatness = (this.flatness = moment.flatness);
    this.azimuth = view.azimuth + wrapDegrees(-90 - view.azimuth) * flatness;
    this.elevation = mix(view.elevation, 90, flatness);
    this.stretch = stretchOf(moment, view.equal);
    this.isEqualByItself = (moment.share < 0.5 ? moment.from : moment.to).frame.equal;
    this.isEqual = view.equal ?? this.isEqualByItself;
    this.half = this.stretch.map(
      (stretch, axis) => ((moment.high[axis]! - moment.low[axis]!) / 2 / moment.reach) * stretch,
    ) as Triple;
    this.halfHeight = mix(this.halfHeightInSpace(), this.halfHeightFlat(), flatness) / view.zoom;
    this.scale = height / 2 / this.halfHeight;
    this.magnitude = clamp(Math.min(width, height) / 700, 0.5, 3);

    const [a, e] = [radians(this.azimuth), radians(this.elevation)];
    this.right = new Vector3(-Math.sin(a), Math.cos(a), 0);
    this.up = new Vector3(-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e));
    this.back = new Vector3(Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e));
    this.target = this.right.clone().multiplyScalar(view.panX).addScaledVector(this.up, view.panY);
    this.distance = this.halfHeight / Math.tan(radians(this.field) / 2);
  }

  /** Puts the camera there. */
  place(camera: PerspectiveCamera): void {
    const radius = Math.hypot(...this.half) + this.target.length();
    camera.fov = this.field;
    camera.aspect = this.width / this.height;
    camera.near = Math.max(this.distance - radius * 1.2, this.distance / 1000);
    camera.far = this.distance + radius * 1.2;
    camera.updateProjectionMatrix();
    camera.matrixAutoUpdate = false;
    camera.matrix.makeBasis(this.right, this.up, this.back);
    camera.matrix.setPosition(this.target.clone().addScaledVector(this.back, this.distance));
    camera.updateMatrixWorld(true);
    this.project.multiplyMatrices(camera.projectionMatrix, camera.matrixWorldInverse);
  }

  /** Where a place is on the stage, in CSS pixels. */
  toScreen(place: Triple): { x: number; y: number } {
    const { x, y } = new Vector3(...place).applyMatrix4(this.project);
    return { x: ((x + 1) / 2) * this.width, y: ((1 - y) / 2) * this.height };
  }

  /** Where a place of the scene is on the stage, in CSS pixels, and how far behind others. */
  project3(x: number, y: number, z: number): Triple {
    const e = this.project.elements;
    const w = e[3]! * x + e[7]! * y + e[11]! * z + e[15]!;
    const along = (row: number) => (e[row]! * x + e[row + 4]! * y + e[row + 8]! * z + e[row + 12]!) / w;
    return [((along(0) + 1) / 2) * this.width, ((1 - along(1)) / 2) * this.height, along(2)];
  }

  /** A coordinate of the data as a coordinate of the scene. */
  toScene(axis: number, value: number): number {
    return ((value - this.moment.center[axis]!) / this.moment.reach) * this.stretch[axis]!;
  }

  /** The reverse of `toScene`. */
  toData(axis: number, place: number): number {
    return (place / this.stretch[axis]!) * this.moment.reach + this.moment.center[axis]!;
  }

  private get field(): number {
    return mix(FIELD, FLAT_FIELD, this.flatness);
  }

  /**
   * Whatever way the box is turned, it fits, so that turning does not zoom. A cube's near corner
   * reaches 1.03 of its half diagonal when it points down at an elevation of 30 degrees.
   */
  private halfHeightInSpace(): number {
    const room = Math.min(this.width - 1.6 * MARGIN, this.height - MARGIN);
    return (Math.hypot(...this.half) * 1.03 * this.height) / Math.max(room, 50);
  }

  private halfHeightFlat(): number {
    const across = (this.half[0] * this.height) / Math.max(this.width - 2 * MARGIN, 50);
    const upright = (this.half[1] * this.height) / Math.max(this.height - 2 * MARGIN, 50);
    return Math.max(across, upright);
  }
}

function radians(degrees: number): number {
  return (degrees / 180) * Math.PI;
}
