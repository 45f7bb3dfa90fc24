import { For, Show, createSignal } from "solid-js";
import { ACTIONS, type Action } from "../actions";
import { type Box, type Colouring, type PictureFormat, numberOf } from "../engine";
import { Icon } from "../icons";
import type { Model } from "../model";
import { sliceText } from "./selected";

const GROUPS: Action["group"][] = ["Move", "Read", "Find", "Colour", "Compare", "Time", "Page"];

/** Every key, from the table that listens to them. */
export function Help(props: { dialog(element: HTMLDialogElement): void }) {
  return (
    <dialog id="help" aria-labelledby="help-title" ref={props.dialog}>
      <form method="dialog" class="head">
        <h2 id="help-title">Keys and gestures</h2>
        <button type="submit" class="icon-button" aria-label="Close" title="Close (esc)"><Icon name="close" /></button>
      </form>
      <div class="groups">
        <For each={GROUPS}>
          {(group) => (
            <section>
              <h3>{group}</h3>
              <table>
                <tbody>
                  <For each={ACTIONS.filter((action) => action.group === group)}>
                    {({ keys, about }) => (
                      <tr>
                        <th scope="row"><For each={keys.split(" ")}>{(key) => <kbd>{key}</kbd>}</For></th>
                        <td>{about}</td>
                      </tr>
                    )}
                  </For>
                </tbody>
              </table>
            </section>
          )}
        </For>
      </div>
      <p>
        Wheel or two fingers zoom, dragging moves, a double click goes into a tensor. Drag with shift to select cells. Click a cell to
        keep the cursor on it. The address of this page keeps what you see.
      </p>
    </dialog>
  );
}

/** Goes to an index that is typed, such as 4095,17. */
export function GoTo(props: { model: Model; dialog(element: HTMLDialogElement): void }) {
  const { model } = props;
  const [wrong, setWrong] = createSignal("");
  let field!: HTMLInputElement;
  let dialog!: HTMLDialogElement;
  const tensor = () => model.tensors[model.focus() ?? model.tiles()[0]?.tensor ?? 0];
  const go = (event: Event) => {
    event.preventDefault();
    const found = tensor();
    if (!found) return;
    const numbers = field.value.trim().replace(/^[[(]|[\])]$/g, "").split(/[\s,]+/).filter(Boolean).map(Number);
    const [row, col] = (found.rows === 1 && numbers.length === 1 ? [0, numbers[0]] : numbers) as [number, number];
    // Counted from the end, as numpy does.
    const at = (value: number, extent: number) => (value < 0 ? value + extent : value);
    const cell = { tensor: found.id, row: at(row, found.rows), col: at(col ?? 0, found.cols) };
    const good = numbers.length >= 1 && numbers.length <= 2 && numbers.every(Number.isInteger);
    if (!good || cell.row < 0 || cell.row >= found.rows || cell.col < 0 || cell.col >= found.cols) {
      setWrong(`Expected row and column below ${found.rows} and ${found.cols}, such as ${found.rows - 1},${Math.min(17, found.cols - 1)}`);
      return;
    }
    dialog.close();
    model.showCell(cell);
  };
  return (
    <dialog
      id="goto"
      aria-labelledby="goto-title"
      ref={(element) => {
        dialog = element;
        props.dialog(element);
        element.addEventListener("close", () => setWrong(""));
      }}
    >
      <form method="dialog" onSubmit={go}>
        <h2 id="goto-title">Go to an index</h2>
        <p class="facts">{tensor()?.name}</p>
        <input ref={field} aria-label="Index" placeholder="row, column" autocomplete="off" />
        <Show when={wrong()}><p class="alarm" role="alert">{wrong()}</p></Show>
        <div class="choices">
          <button type="submit">Go</button>
          <button type="button" onClick={() => dialog.close()}>Cancel</button>
        </div>
      </form>
    </dialog>
  );
}

/** The picture of what is seen, by the renderer of `hinton draw`, and the command that makes it. */
export function Export(props: { model: Model; dialog(element: HTMLDialogElement): void; copyCommand(): void; copyLink(): void }) {
  const { model } = props;
  let dialog!: HTMLDialogElement;
  const [busy, setBusy] = createSignal(false);
  const what = () => exported(model);
  const save = async (format: PictureFormat) => {
    const { tensor, box } = what();
    setBusy(true);
    try {
      const blob = await model.engine.picture(model.choice().step, tensor === null ? null : numberOf(model.tensors[tensor]!), colouringOf(model, tensor), box, format);
      const named = tensor === null ? model.catalogue.sources.map(({ name }) => name).join("-") : model.tensors[tensor]!.name;
      const name = named.replace(/[^\w.-]+/g, "_");
      download(blob, `${name}.${format}`);
      model.say(`Saved ${name}.${format}`);
      dialog.close();
    } catch (error) {
      model.say(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const title = () => {
    const { tensor, box } = what();
    if (tensor === null) return "The whole map; choose a tensor for a picture of it alone.";
    const { name, view } = model.tensors[tensor]!;
    return `${name}${view?.slice ?? ""} ${box ? sliceText(box) : ""}`;
  };
  return (
    <dialog
      id="export"
      aria-labelledby="export-title"
      ref={(element) => {
        dialog = element;
        props.dialog(element);
      }}
    >
      <form method="dialog" class="head">
        <h2 id="export-title">Export</h2>
        <button type="submit" class="icon-button" aria-label="Close" title="Close (esc)"><Icon name="close" /></button>
      </form>
      <p class="facts">{title()}</p>
      <p class="faint">The picture that hinton draw makes, with the range, the map and the fold of this page.</p>
      <div class="choices">
        <For each={["png", "svg", "pdf"] as const}>
          {(format) => <button type="button" disabled={busy()} onClick={() => save(format)}>{format.toUpperCase()}</button>}
        </For>
        <button type="button" title="Copy as command (y)" onClick={() => props.copyCommand()}>Copy as command</button>
        <button type="button" title="Copy the address of this view (u)" onClick={() => props.copyLink()}>Copy link</button>
      </div>
    </dialog>
  );
}

/** How a tensor is coloured now, in numbers: a picture that is taken away has the colours of the page. The map finds its
 * own range, unless one is set. */
export function colouringOf(model: Model, tensor: number | null): Colouring {
  const how = model.colouring();
  const colours = tensor === null ? undefined : model.shades.of(tensor)?.colours;
  const end = (value: number) => Number(value.toPrecision(6));
  // Ink is a fold of the map alone.
  const fold = how.fold === "i" ? "r" : how.fold;
  const isSet = tensor === null && /^[-+.\d]/.test(how.range);
  return { ...how, fold, range: colours ? `${end(colours.low)},${end(colours.high)}` : isSet ? how.range : "auto" };
}

/** The selection, else the tensor that the panels speak of, else all. */
export function exported(model: Model): { tensor: number | null; box: Box | null } {
  return model.selection() ?? { tensor: model.focus(), box: null };
}

function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
