import type { Standpoint } from "./camera";
import { whereText } from "./words";
import type { Page } from "./page";
import type { Player } from "./player";
import { HOME, type Store, type View } from "./view";

/** More stops than this would be a solid line. */
const MOST_STOPS = 60;

function byId<Kind extends HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

/** The bar below: play, the slider over the steps, the speed. */
export function wireTimeline(page: Page, store: Store, player: Player): void {
  byId("timeline").hidden = store.lastStep === 0;
  if (store.lastStep === 0) return;
  const slider = byId<HTMLInputElement>("slider");
  slider.max = String(store.lastStep);

  slider.addEventListener("input", () => {
    player.pause();
    store.set({ step: slider.valueAsNumber });
  });
  // Near a step means the step.
  slider.addEventListener("change", () => {
    const whole = Math.round(store.view.step);
    if (Math.abs(store.view.step - whole) < Math.max(0.04, store.lastStep / 400)) store.set({ step: whole });
  });
  slider.addEventListener("keydown", (event) => {
    const by: Record<string, number> = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1 };
    const change = by[event.key];
    if (event.key === "PageUp" || event.key === "PageDown") player.stepBy(event.key === "PageUp" ? 1 : -1);
    else if (event.key === "Home" || event.key === "End") player.goTo(event.key === "Home" ? 0 : store.lastStep);
    else if (change === undefined) return;
    else {
      player.pause();
      store.set({ step: Math.round((store.view.step + change) * 10) / 10 });
    }
    event.preventDefault();
  });

  byId("before").addEventListener("click", () => player.stepBy(-1));
  byId("after").addEventListener("click", () => player.stepBy(1));
  byId("play").addEventListener("click", () => player.toggle());
  const speed = byId<HTMLSelectElement>("speed");
  speed.addEventListener("change", () => {
    player.speed = Number(speed.value);
  });
  addStops(page);

  const update = () => {
    const { step } = store.view;
    slider.value = String(step);
    slider.style.setProperty("--share", String(step / store.lastStep));
    markStops(step);
    const share = step - Math.floor(step);
    const near = page.frames[Math.ceil(step)]!;
    slider.setAttribute("aria-valuetext", `${near.name}. ${whereText(page, step, share)}`);
    byId("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
    document.body.classList.toggle("playing", player.playing);
    byId<HTMLButtonElement>("before").disabled = step <= 0;
    byId<HTMLButtonElement>("after").disabled = step >= store.lastStep;
  };
  store.onChange(update);
  player.onChange(update);
  update();
}

/** A dot on the slider for each step. */
function addStops(page: Page): void {
  const last = page.frames.length - 1;
  if (last > MOST_STOPS) return;
  for (let step = 0; step <= last; step++) {
    const stop = document.createElement("i");
    stop.style.setProperty("--at", String(step / last));
    byId("stops").append(stop);
  }
}

function markStops(step: number): void {
  [...byId("stops").children].forEach((stop, at) => stop.classList.toggle("passed", at <= step));
}

/** The buttons above: reset, what is drawn, the theme, the keys. */
export function wireView(page: Page, store: Store, standpoint: () => Standpoint, toggleTheme: () => void, showKeys: () => void): void {
  byId("reset").addEventListener("click", () => store.set(HOME));
  byId("theme").addEventListener("click", toggleTheme);
  byId("help").addEventListener("click", showKeys);

  const switches: [string, keyof Pick<View, "points" | "lines" | "equal" | "axes" | "guides">][] = [
    ["show-points", "points"],
    ["show-lines", "lines"],
    ["equal-axes", "equal"],
    ["show-axes", "axes"],
    ["show-guides", "guides"],
  ];
  for (const [id, key] of switches) {
    const box = byId<HTMLInputElement>(id);
    box.addEventListener("change", () => store.set({ [key]: box.checked }));
  }
  byId("show-guides").closest("label")!.hidden = page.frames.every((frame) => frame.guides.length === 0);
  byId("show-lines").closest("label")!.hidden = page.lines.length === 0;
  const size = byId<HTMLInputElement>("size");
  size.addEventListener("input", () => store.set({ size: size.valueAsNumber }));

  const update = () => {
    for (const [id, key] of switches) byId<HTMLInputElement>(id).checked = store.view[key] ?? standpoint().isEqual;
    size.value = String(store.view.size);
    const { azimuth, elevation, zoom, panX, panY } = store.view;
    const home = azimuth === HOME.azimuth && elevation === HOME.elevation && zoom === 1 && panX === 0 && panY === 0;
    byId<HTMLButtonElement>("reset").disabled = home;
  };
  store.onChange(update);
  update();
  closeWhenLeft(byId<HTMLDetailsElement>("options"));
}

/** A panel that opens over the picture closes when the reader goes on elsewhere. */
function closeWhenLeft(panel: HTMLDetailsElement): void {
  document.addEventListener("pointerdown", (event) => {
    if (!panel.contains(event.target as Node)) panel.open = false;
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    panel.open = false;
    panel.querySelector("summary")!.focus();
  });
}
