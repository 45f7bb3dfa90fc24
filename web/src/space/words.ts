import type { Measured } from "./moment";
import { momentAt } from "./moment";
import type { Frame, Legend, Page } from "./page";
import { shortNumber } from "./ticks";
import type { Store } from "./view";

function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** The words beside the picture: what it is, which step, what its weights are. */
export function showWords(page: Page, frames: Measured[], store: Store): void {
  byId("title").textContent = page.title;
  fillLegend(byId("legend"), page.legend, store);
  for (const note of page.notes) {
    const item = document.createElement("li");
    item.textContent = note;
    byId("notes").append(item);
  }
  byId("notes").hidden = page.notes.length === 0;
  const detail = byId("detail") as HTMLDetailsElement;
  // Where there is little room the reader asks for it.
  detail.open = getComputedStyle(document.body).getPropertyValue("--narrow") !== "1";
  const update = () => showStep(page, frames, store.view.step);
  store.onChange(update);
  update();
}

function showStep(page: Page, frames: Measured[], step: number): void {
  const { from, to, share } = momentAt(frames, step);
  const shown = share === 0 ? from.frame : to.frame;
  set("name", shown.name);
  set("where", whereText(page, step, share));
  set("weights", shown.detail);
  byId("detail").hidden = shown.detail === "";
  set("missing", missingText(page, shown));
  byId("missing").hidden = shown.missing === 0;
}

/** The place in the sequence: "Step 2 of 6", or how far it is on the way there. */
export function whereText(page: Page, step: number, share: number): string {
  const count = page.frames.length;
  if (share === 0) return count > 1 ? `Step ${Math.round(step) + 1} of ${count}` : "";
  return `Step ${Math.floor(step) + 2} of ${count} · ${Math.round(share * 100)} % of the way`;
}

function missingText(page: Page, frame: Frame): string {
  const verb = frame.missing === 1 ? "is" : "are";
  const count = (value: number) => value.toLocaleString("en");
  return `${count(frame.missing)} of ${count(page.count)} points ${verb} not finite here and ${verb} not drawn`;
}

/** Only what changed: a screen reader reads what is written anew. */
function set(id: string, text: string): void {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

function fillLegend(element: HTMLElement, legend: Legend | null, store: Store): void {
  element.hidden = !legend;
  if (legend?.kind === "labels") {
    const items = legend.items.map(([text, color], place) => {
      const item = document.createElement("button");
      item.type = "button";
      item.className = "label";
      item.title = "Draw these points, or not";
      item.addEventListener("click", () => store.toggleClass(place));
      const swatch = document.createElement("i");
      swatch.style.background = color;
      item.append(swatch, text);
      element.append(item);
      return item;
    });
    const update = () => {
      const hidden = store.hidden();
      items.forEach((item, place) => item.setAttribute("aria-pressed", String(!hidden.has(place))));
    };
    store.onChange(update);
    update();
  } else if (legend?.kind === "plane") {
    element.append(planeOf(legend));
  } else if (legend) {
    const ramp = document.createElement("i");
    ramp.className = "ramp";
    // One colour alone is no gradient.
    const colors = legend.colors.length > 1 ? legend.colors : [...legend.colors, ...legend.colors];
    if (colors.length > 0) ramp.style.background = `linear-gradient(to right, ${colors.join(", ")})`;
    const name = document.createElement("b");
    name.textContent = legend.label;
    element.append(name, endText(legend.low), ramp, endText(legend.high));
  }
}

/** A little map of the colours, with its ends at its sides. */
function planeOf({ labels, low, high, colors }: Extract<Legend, { kind: "plane" }>): HTMLElement {
  const plane = document.createElement("div");
  plane.className = "plane";
  const map = document.createElement("i");
  // One cell for each colour: no more are sent than can be seen.
  map.style.gridTemplateColumns = `repeat(${colors[0]?.length ?? 1}, 1fr)`;
  for (const color of colors.flat()) {
    const cell = document.createElement("i");
    cell.style.background = color;
    map.append(cell);
  }
  const ends = (axis: 0 | 1) => {
    const span = document.createElement("span");
    span.className = axis === 0 ? "across" : "up";
    // The upper end is written first, as it stands.
    span.append(...(axis === 0 ? [endText(low[0]), endText(high[0])] : [endText(high[1]), endText(low[1])]));
    return span;
  };
  const names = document.createElement("b");
  names.textContent = `→ ${labels[0]}\n↑ ${labels[1]}`;
  plane.append(ends(1), map, ends(0), names);
  return plane;
}

function endText(value: number | null): HTMLElement {
  const element = document.createElement("span");
  element.textContent = value === null ? "" : shortNumber(value);
  return element;
}
