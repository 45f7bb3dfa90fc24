import { Show, createEffect, createSignal, onCleanup, onMount } from "solid-js";
import { render } from "solid-js/web";
import { listenToKeys } from "./actions";
import { aspectOf, keepInAddress, readAddress, seenIn } from "./address";
import { type Catalogue, type Engine, EngineError, type Overview, numberOf } from "./engine";
import { IconButton } from "./icons";
import { follow } from "./live";
import type { Size } from "./map/camera";
import { listenToGestures } from "./map/gestures";
import { Stage } from "./map/stage";
import { DETAILS_FROM, LIST_FROM, type SeenAs, createModel, marginOfHome } from "./model";
import { Comparison } from "./panels/comparison";
import { Details } from "./panels/details";
import { Export, GoTo, Help, colouringOf, exported } from "./panels/dialogs";
import { List } from "./panels/list";
import { MiniMap } from "./panels/minimap";
import { copyBox } from "./panels/selected";
import { Timeline } from "./panels/timeline";
import { Status, Top } from "./panels/top";
import { Player } from "./player";

interface Opened {
  engine: Engine;
  catalogue: Catalogue;
  aspect: number | null;
  /** Views that the address names. */
  seen: SeenAs[];
  /** All tensors as they are seen at first, on their way. */
  overview: Promise<Overview> | null;
  since: number;
  reopen(): void;
}

function App(props: Opened) {
  const life = new AbortController();
  onCleanup(() => life.abort());
  const model = createModel(props.engine, props.catalogue, props.aspect, props.seen, life.signal);
  const placed = readAddress(model, location.hash);
  const follows = new URLSearchParams(location.hash.slice(1)).get("follow") === "1";
  const [stage, setStage] = createSignal<Stage | null>(null);
  const player = new Player(model, () => stage()?.tiles.settled ?? true);
  let field: HTMLInputElement | undefined;
  let map!: HTMLDivElement;
  let [help, goTo, exporting]: (HTMLDialogElement | undefined)[] = [];

  const openFind = () => {
    model.choose({ list: true });
    // At once: what is typed next is meant for the field.
    field?.focus();
    field?.select();
  };
  const copy = async (text: string, said: string) => {
    try {
      await navigator.clipboard.writeText(text);
      model.say(said);
    } catch {
      model.say(text);
    }
  };
  const copyCommand = async () => {
    const { tensor, box } = exported(model);
    try {
      const command = await props.engine.command(model.choice().step, tensor === null ? null : numberOf(model.tensors[tensor]!), colouringOf(model, tensor), box);
      await copy(command, `Copied: ${command}`);
    } catch (error) {
      model.say(error instanceof Error ? error.message : String(error));
    }
  };
  const copyLink = () => void copy(location.href, "Copied the address of this view; it works while this server runs");
  const openSlice = () => {
    if (model.focus() === null) return model.say("Choose a tensor first: click on it");
    model.choose({ details: true });
    requestAnimationFrame(() => document.querySelector<HTMLInputElement>("#axes input")?.select());
  };
  const openHelp = () => help?.showModal();
  const openExport = () => exporting?.showModal();

  createEffect(() => {
    const { theme } = model.choice();
    const root = document.documentElement;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  });
  createEffect(() => {
    document.body.classList.toggle("with-list", model.choice().list);
    document.body.classList.toggle("with-details", model.choice().details);
  });
  createEffect(() => {
    const tensor = model.focus();
    const name = tensor === null ? "" : `${model.tensors[tensor]!.name} · `;
    document.title = `${name}${props.catalogue.title} · hinton`;
  });

  onMount(() => {
    const [plain, card, words] = map.querySelectorAll("canvas") as unknown as HTMLCanvasElement[];
    if (placed) map.dataset.placed = "";
    const made = new Stage(map, { plain: plain!, card: card!, words: words! }, model);
    onCleanup(() => made.end());
    if (props.overview) made.tiles.expect(props.overview, model.initial.step, model.initial.fold);
    made.ahead = () => player.ahead();
    setStage(made);
    listenToGestures(map, model, made);
    listenToKeys({
      model, player, openFind, openHelp, openExport, openSlice,
      copyCommand: () => void copyCommand(),
      copyLink,
      copyBox: () => void copyBox(model, "numpy"),
      openGoTo: () => {
        goTo?.showModal();
        goTo?.querySelector("input")?.select();
      },
    }, life.signal);
    keepInAddress(model, life.signal);
    // The address that a training prints.
    if (follows) player.newest();
    follow(model, made, player, props.since, props.reopen, life.signal);
    map.focus({ preventScroll: true });
  });
  onCleanup(() => player.stop());

  return (
    <>
      <Top model={model} openFind={openFind} openHelp={openHelp} openExport={openExport} />
      <Show when={model.choice().list}>
        <List model={model} field={(input) => (field = input)} />
      </Show>
      <main>
        <div
          id="map"
          tabindex="0"
          role="application"
          aria-label="Map of all tensors. Arrow keys move, plus and minus zoom, enter puts a cursor on a cell, question mark lists all keys."
          ref={map}
        >
          <canvas id="plain" aria-hidden="true" />
          <canvas id="card" aria-hidden="true" />
          <canvas id="words" aria-hidden="true" />
        </div>
        <Comparison model={model} />
        <MiniMap model={model} />
        <div id="zoom" role="group" aria-label="Zoom">
          <IconButton icon="plus" label="Zoom in" keys="+" onClick={() => model.zoomBy(1.6, undefined, true)} />
          <IconButton icon="minus" label="Zoom out" keys="−" onClick={() => model.zoomBy(1 / 1.6, undefined, true)} />
          <IconButton icon="whole" label="The whole map" keys="0" onClick={() => model.showAll()} />
        </div>
        <p id="notice" role="status" hidden={model.notice() === ""}>{model.notice()}</p>
        <p id="spoken" class="unseen" aria-live="polite">{model.spoken()}</p>
      </main>
      <Show when={model.choice().details && stage()}>{(made) => <Details model={model} stage={made()} />}</Show>
      <Timeline model={model} player={player} />
      <Status model={model} />
      <Help dialog={(element) => (help = element)} />
      <GoTo model={model} dialog={(element) => (goTo = element)} />
      <Export model={model} dialog={(element) => (exporting = element)} copyCommand={() => void copyCommand()} copyLink={copyLink} />
    </>
  );
}

/** More events than there ever are. */
const ALL = 2 ** 31;

/** In place of the map. */
export function say(text: string): void {
  const message = document.getElementById("message")!;
  message.textContent = text;
  message.hidden = text === "";
  if (text !== "") document.body.dataset.state = "failed";
}

/**
 * Shows what an engine reads; returns what takes the page down again.
 * Throws an error in words for people where there is nothing to show.
 */
export async function show(engine: Engine): Promise<() => void> {
  let close: (() => void) | null = null;
  const open = async () => {
    const room = roomOfMap();
    const aspect = aspectOf(location.hash, Number((room.width / room.height).toFixed(2)));
    // Where the address names a place, that is what is seen first.
    const isWhole = !/[#&]at=/.test(location.hash);
    const overview = isWhole ? engine.overview({ ...withoutMargin(room), aspect, ratio: devicePixelRatio }) : null;
    // Whoever waits for it is not there yet.
    overview?.catch(() => {});
    // What happens from now on is news: what is before is in the catalogue.
    const [{ now }, catalogue] = await Promise.all([engine.events(ALL), engine.catalogue(aspect)]);
    if (catalogue.tensors.length === 0) {
      const notes = catalogue.sources.flatMap((source) => source.notes).map((note) => `Note: ${note}.`);
      const files = catalogue.sources.map(({ name, format }) => (format ? `${name} (${format})` : name)).join(", ");
      throw new EngineError([`There are no tensors to show in ${files}.`, ...notes].join("\n"), false);
    }
    const seen = await seenIn(location.hash, engine, catalogue);
    close?.();
    say("");
    document.body.dataset.state = "loading";
    for (const name of ["hinton:first-map", "hinton:exact-map"]) performance.clearMarks(name);
    // Files that hold other tensors now are shown from the beginning; the address keeps the view.
    const reopen = () => void open().catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
    close = render(() => <App engine={engine} catalogue={catalogue} aspect={aspect} seen={seen} overview={overview} since={now} reopen={reopen} />, document.getElementById("app")!);
  };
  await open();
  return () => close?.();
}

/** Heights of what is above and below the map, and width of each panel beside it: as in style.css. */
const BARS = 44 + 26;
const PANEL = 20;

/** The room for the map, CSS pixels: the panels are not there yet. */
function roomOfMap(): Size {
  const letter = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const panels = [LIST_FROM, DETAILS_FROM].filter((from) => innerWidth >= from).length;
  return { width: innerWidth - panels * PANEL * letter, height: Math.max(innerHeight - BARS, 100) };
}

function withoutMargin({ width, height }: Size): Size {
  const less = 2 * marginOfHome();
  return { width: Math.max(width - less, 16), height: Math.max(height - less, 16) };
}
