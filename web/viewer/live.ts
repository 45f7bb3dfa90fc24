import { untrack } from "solid-js";
import type { Tensor } from "./engine";
import type { Stage } from "./map/stage";
import type { Model } from "./model";
import type { Player } from "./player";

/** From so many tensors on statistics that are on their way are asked for no more often than news. */
const MANY = 2000;
/** Pause between questions for what is new, milliseconds. */
const EVERY = 1000;
const EVERY_WHEN_HIDDEN = 10_000;

/** Keeps statistics, steps and metrics as the engine knows them; never moves the map. */
export function follow(model: Model, stage: Stage, player: Player, from: number, reopen: () => void, signal: AbortSignal): void {
  let since = from;
  let failures = 0;
  let statisticsStep: number | null | undefined;

  const statistics = async () => {
    const step = untrack(model.rest);
    const known = untrack(model.statistics);
    if (statisticsStep === step && known.done >= known.of && known.checked >= known.of) return;
    // They are found out in the order of the tensors, unless some are those of another step, too.
    const isNew = statisticsStep !== step || untrack(model.steps).length > 0;
    const [rows, faults] = isNew ? [0, 0] : [known.done, known.checked];
    const answer = await model.engine.statistics(step, rows, faults, signal);
    statisticsStep = step;
    const finished = answer.done >= answer.of && (known.done < known.of || known.rows.length === 0);
    model.setStatistics({
      ...answer,
      rows: [...known.rows.slice(0, rows), ...answer.rows],
      faults: [...known.faults.filter(({ t }) => t < faults), ...answer.faults],
    });
    // What was a sample can be exact now.
    if (finished) stage.tiles.refresh();
  };

  const series = async () => {
    if (untrack(model.steps).length === 0) return;
    model.setCurves(await model.engine.series(signal));
  };

  const events = async () => {
    const { now, events } = await model.engine.events(since, signal);
    since = now;
    if (events.length === 0) return;
    if (events.some(({ kind }) => kind === "step")) {
      const catalogue = await model.engine.catalogue(model.aspect);
      model.setSteps(catalogue.sources.flatMap((source) => source.steps));
      await series();
      if (untrack(player.following[0])) player.newest();
    } else if (events.some(({ kind }) => kind === "metrics")) await series();
    const changed = new Set(events.filter(({ kind }) => kind === "changed").map(({ source }) => source));
    if (changed.size > 0) {
      const catalogue = await model.engine.catalogue(model.aspect);
      if (!sameTensors(catalogue.tensors, model.tensors)) return reopen();
      const tensors = model.tensors.filter(({ source }) => changed.has(source)).map(({ id }) => id);
      stage.exact.forget();
      model.stats.forget();
      statisticsStep = undefined;
      model.setStatistics({ ...untrack(model.statistics), done: 0, checked: 0, rows: [], faults: [] });
      stage.tiles.discard(new Set(tensors), model.tensors.length);
      model.say("The file changed on disk: shown anew");
    }
  };

  const round = async () => {
    if (signal.aborted) return;
    try {
      await statistics();
      await events();
      failures = 0;
    } catch {
      failures += 1;
      if (failures === 3) model.say("hinton does not answer: is `hinton view` still running?");
    }
    const { done, of } = untrack(model.statistics);
    const pause = document.hidden ? EVERY_WHEN_HIDDEN : done < of && of < MANY ? EVERY / 4 : EVERY * Math.min(2 ** failures, 16);
    setTimeout(round, pause);
  };
  void series().catch(() => {
    // The curves stay away; everything else works without them.
  });
  void round();
}

/** Whether the map can stay: the same tensors in the same places, whatever their values. */
function sameTensors(now: Tensor[], before: Tensor[]): boolean {
  const same = (one: Tensor, other: Tensor) => one.name === other.name && one.dtype === other.dtype && one.shape.join() === other.shape.join();
  return now.length === before.length && now.every((tensor, at) => same(tensor, before[at]!));
}
