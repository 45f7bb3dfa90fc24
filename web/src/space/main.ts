import { wireTimeline, wireView } from "./controls";
import { listenToGestures } from "./gestures";
import { keepInAddress, readHash } from "./hash";
import { listenToHover } from "./hover";
import { fillKeys, listenToKeys } from "./keys";
import { measureAll } from "./moment";
import { type Page, readPage } from "./page";
import { Player } from "./player";
import { Stage } from "./stage";
import { wireTheme } from "./theme";
import { Store, initialView } from "./view";
import { showWords } from "./words";

/** In place of a picture. */
function say(text: string): void {
  const message = document.getElementById("message")!;
  message.textContent = text;
  message.hidden = false;
  document.body.classList.add("without-picture");
}

function start(page: Page): void {
  if (page.frames.length === 0) {
    document.getElementById("title")!.textContent = page.title;
    say("There are no steps to show.");
    return;
  }
  const initial = initialView(page.count, page.lines.length);
  const store = new Store({ ...initial, ...readHash(location.hash) }, initial, page.frames.length - 1);
  const frames = measureAll(page);
  showWords(page, frames, store);

  const element = document.getElementById("stage")!;
  let stage: Stage;
  try {
    stage = new Stage(element, page, frames, store);
  } catch {
    say("This browser cannot draw in three dimensions: WebGL is missing or switched off.");
    return;
  }

  const motion = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const player = new Player(page.frames, motion, store);
  const dialog = document.getElementById("keys") as HTMLDialogElement;
  const showKeys = () => dialog.showModal();
  fillKeys(dialog.querySelector("tbody")!);
  const theme = wireTheme(store, stage);
  const standpoint = () => stage.standpoint();
  wireTimeline(page, store, player);
  wireView(page, store, standpoint, theme.toggle, showKeys);
  listenToGestures(element, store, standpoint);
  listenToHover(element, page, store, () => stage.standing());
  listenToKeys({ store, player, standpoint, toggleTheme: theme.toggle, showKeys });
  keepInAddress(store);
}

start(readPage());
