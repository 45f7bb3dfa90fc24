import {
  BufferAttribute,
  BufferGeometry,
  DataTexture,
  GLSL3,
  LinearFilter,
  Mesh,
  RawShaderMaterial,
  Vector3,
} from "three";
import type { Ink } from "./axes";
import type { Standpoint } from "./camera";
import { type Page, type Region, bytesOf, rgbOf } from "./page";

/** How much of a class's colour lies on the page. */
const STRENGTH = 0.3;

const VERTEX = `
precision highp float;
uniform mat4 modelViewMatrix;
uniform mat4 projectionMatrix;
in vec3 position;
in vec2 uv;
out vec2 at;

void main() {
  at = uv;
  gl_Position = projectionMatrix * (modelViewMatrix * vec4(position, 1.0));
}
`;

const FRAGMENT = `
precision highp float;
uniform sampler2D classes;
uniform vec3 page;
uniform float strength;
in vec2 at;
out vec4 result;

void main() {
  result = vec4(mix(page, texture(classes, at).rgb, strength), 1.0);
}
`;

/** The plane of a flat step in the colours of the classes that its places are given. */
export class Regions {
  readonly object: Mesh<BufferGeometry, RawShaderMaterial>;
  private readonly uniforms = {
    classes: { value: null as DataTexture | null },
    page: { value: new Vector3() },
    strength: { value: 0 },
  };
  private readonly textures = new Map<Region, DataTexture>();

  constructor(page: Page) {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(12), 3));
    // The first row of cells has the largest y.
    geometry.setAttribute("uv", new BufferAttribute(new Float32Array([0, 1, 1, 1, 1, 0, 0, 0]), 2));
    geometry.setIndex([0, 1, 2, 0, 2, 3]);
    this.object = new Mesh(
      geometry,
      new RawShaderMaterial({
        glslVersion: GLSL3,
        vertexShader: VERTEX,
        fragmentShader: FRAGMENT,
        uniforms: this.uniforms,
        depthTest: false,
        depthWrite: false,
      }),
    );
    this.object.frustumCulled = false;
    this.object.renderOrder = -2;
    for (const { regions } of page.frames) if (regions) this.textures.set(regions, textureOf(regions));
  }

  update(standpoint: Standpoint, ink: Ink): void {
    const { from, share } = standpoint.moment;
    const { regions } = from.frame;
    // They belong to the plane alone: on the way to the next step they fade.
    const strength = STRENGTH * Math.max(0, 1 - 4 * share);
    this.object.visible = regions !== null && strength > 0;
    if (!regions || !this.object.visible) return;
    this.uniforms.classes.value = this.textures.get(regions)!;
    this.uniforms.page.value.set(...ink.page);
    this.uniforms.strength.value = strength;
    const [x0, x1] = regions.x.map((value) => standpoint.toScene(0, value)) as [number, number];
    const [y0, y1] = regions.y.map((value) => standpoint.toScene(1, value)) as [number, number];
    const z = standpoint.toScene(2, 0);
    const position = this.object.geometry.getAttribute("position") as BufferAttribute;
    position.copyArray([x0, y0, z, x1, y0, z, x1, y1, z, x0, y1, z]);
    position.needsUpdate = true;
  }
}

function textureOf({ columns, rows, cells, colors }: Region): DataTexture {
  const palette = colors.map(rgbOf);
  const pixels = new Uint8Array(columns * rows * 4);
  bytesOf(cells).forEach((place, at) => pixels.set([...(palette[place] ?? [128, 128, 128]), 255], at * 4));
  const texture = new DataTexture(pixels, columns, rows);
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearFilter;
  texture.needsUpdate = true;
  return texture;
}
