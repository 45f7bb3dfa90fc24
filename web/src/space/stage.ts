import { ColorManagement, LinearSRGBColorSpace, PerspectiveCamera, Scene, WebGLRenderer } from "three";
import { Axes, type Ink } from "./axes";
import { Standpoint } from "./camera";
import { Cloud } from "./cloud";
import { Guides } from "./guides";
import { Labels } from "./labels";
import { type Measured, momentAt } from "./moment";
import type { Page } from "./page";
import { Regions } from "./regions";
import type { Store } from "./view";

/** Sharper than this cannot be seen, and costs. */
const MOST_PIXELS = 2;

/** The picture. It is drawn when something changed, and not otherwise. */
export class Stage {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera();
  private readonly axes = new Axes();
  private readonly cloud: Cloud;
  private readonly regions: Regions;
  private readonly guides: Guides;
  private readonly labels: Labels;
  private ink: Ink;
  private asked = false;

  /** Throws when the browser cannot draw. */
  constructor(
    private readonly element: HTMLElement,
    page: Page,
    private readonly frames: Measured[],
    private readonly store: Store,
  ) {
    // A colour is a colour: what is written in the data arrives on the screen.
    ColorManagement.enabled = false;
    const canvas = element.querySelector("canvas")!;
    // Without alpha: the rims of points have some, which must not let the page through.
    const context = canvas.getContext("webgl2", { alpha: false, antialias: true });
    if (!context) throw new Error("no WebGL");
    this.renderer = new WebGLRenderer({ canvas, context });
    this.renderer.outputColorSpace = LinearSRGBColorSpace;
    this.cloud = new Cloud(page);
    this.regions = new Regions(page);
    this.scene.add(this.regions.object, this.axes.object, ...this.cloud.objects);
    this.guides = new Guides(element.querySelector("#guides")!);
    this.labels = new Labels(element.querySelector("#labels")!);
    this.ink = inkOf(element);
    new ResizeObserver(() => this.resize()).observe(element);
    this.resize();
    store.onChange(() => this.draw());
  }

  /** Where the reader stood when the picture was drawn. */
  standing(): Standpoint {
    const standpoint = this.standpoint();
    standpoint.place(this.camera);
    return standpoint;
  }

  /** Where the reader stands now. */
  standpoint(): Standpoint {
    const { clientWidth, clientHeight } = this.element;
    const { view } = this.store;
    return new Standpoint(momentAt(this.frames, view.step), view, Math.max(clientWidth, 1), Math.max(clientHeight, 1));
  }

  /** Reads the theme's colours again. */
  recolor(): void {
    this.ink = inkOf(this.element);
    this.draw();
  }

  /** Draws before the next picture of the screen. */
  draw(): void {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.drawNow();
    });
  }

  private drawNow(): void {
    const { view } = this.store;
    const standpoint = this.standpoint();
    standpoint.place(this.camera);
    this.cloud.update(standpoint.moment, standpoint, view, this.renderer.getPixelRatio());
    this.regions.update(standpoint, this.ink);
    this.guides.show(standpoint, view.guides);
    const { from, to, share } = standpoint.moment;
    const names = (share < 0.5 ? from : to).frame.axes;
    this.labels.show(view.axes ? this.axes.update(standpoint, this.ink, names) : []);
    this.axes.object.visible &&= view.axes;
    const [red, green, blue] = this.ink.page;
    this.renderer.setClearColor((Math.round(red * 255) << 16) | (Math.round(green * 255) << 8) | Math.round(blue * 255));
    this.renderer.render(this.scene, this.camera);
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.element;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, MOST_PIXELS));
    this.renderer.setSize(clientWidth, clientHeight, false);
    // At once: a canvas is empty after its size is set.
    this.drawNow();
  }
}

function inkOf(element: HTMLElement): Ink {
  const style = getComputedStyle(element);
  const color = (name: string) => {
    const hex = Number.parseInt(style.getPropertyValue(name).trim().slice(1), 16);
    return [(hex >> 16) & 255, (hex >> 8) & 255, hex & 255].map((channel) => channel / 255) as [number, number, number];
  };
  return { page: color("--page"), line: color("--line"), soft: color("--soft") };
}
