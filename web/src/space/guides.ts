import type { Standpoint } from "./camera";
import type { Guide, Triple } from "./page";
import { mix } from "./view";

const SVG = "http://www.w3.org/2000/svg";

/** Length of an arrow's head in CSS pixels, and half its width as a share of that. */
const HEAD = 11;
const WING = 0.42;

/** Arrows and outlines that go through the steps as the points do, over the points as in the pictures. */
export class Guides {
  private readonly parts: { line: SVGPathElement; head: SVGPathElement }[] = [];

  constructor(private readonly parent: SVGElement) {}

  show(standpoint: Standpoint, visible: boolean): void {
    const { from, to, share } = standpoint.moment;
    const guides = visible ? from.frame.guides : [];
    this.parent.toggleAttribute("hidden", guides.length === 0);
    guides.forEach((guide, at) => {
      const there = to.frame.guides[at] ?? guide;
      const seen = guide.points.map((point, index) => {
        const end = there.points[index] ?? point;
        const place = point.map((value, axis) => standpoint.toScene(axis, mix(value, end[axis]!, share)));
        return standpoint.toScreen(place as Triple);
      });
      this.draw(at, guide, seen);
    });
  }

  private draw(at: number, guide: Guide, seen: { x: number; y: number }[]): void {
    const { line, head } = this.part(at, guide);
    const path = (points: { x: number; y: number }[], end: string) =>
      points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("") + end;
    if (guide.closed) {
      line.setAttribute("d", path(seen, "Z"));
      return;
    }
    const [from, to] = [seen[0]!, seen[seen.length - 1]!];
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    if (length < 1) {
      line.setAttribute("d", "");
      head.setAttribute("d", "");
      return;
    }
    const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
    const size = Math.min(length, HEAD);
    const neck = { x: to.x - dx * size, y: to.y - dy * size };
    const wing = (side: number) => ({ x: neck.x - dy * side * size * WING, y: neck.y + dx * side * size * WING });
    line.setAttribute("d", path([...seen.slice(0, -1), neck], ""));
    head.setAttribute("d", path([to, wing(1), wing(-1)], "Z"));
  }

  private part(at: number, guide: Guide): { line: SVGPathElement; head: SVGPathElement } {
    let part = this.parts[at];
    if (!part) {
      const element = (kind: string) => {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("class", kind);
        path.style.setProperty("--light", guide.colors[0]);
        path.style.setProperty("--dark", guide.colors[1]);
        this.parent.append(path);
        return path;
      };
      part = { line: element(guide.closed ? "outline" : "arrow"), head: element("head") };
      this.parts.push(part);
    }
    return part;
  }
}
