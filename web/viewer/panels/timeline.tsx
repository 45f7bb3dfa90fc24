import { For, Show, createMemo } from "solid-js";
import type { Curve } from "../engine";
import { IconButton } from "../icons";
import type { Model } from "../model";
import { short } from "../numbers";
import type { Player } from "../player";

const SPEEDS = [0.25, 0.5, 1, 2.5, 5];
const WIDTH = 1000;
const HEIGHT = 40;

/** Steps of a run: a slider with the curves of its metrics behind it. */
export function Timeline(props: { model: Model; player: Player }) {
  const { model, player } = props;
  const { playing } = model;
  const [following] = player.following;
  const [loop, setLoop] = player.loop;
  const index = createMemo(() => player.index());
  const step = () => model.steps()[index()];
  const live = () => model.catalogue.sources.some((source) => source.live);
  return (
    <Show when={model.steps().length > 1}>
      <section id="timeline" aria-label="Steps">
        <IconButton icon="before" label="Step before" keys="," disabled={index() === 0} onClick={() => player.stepBy(-1)} />
        <IconButton id="play" icon={playing() ? "pause" : "play"} label={playing() ? "Pause" : "Play"} keys="space" onClick={() => player.toggle()} />
        <IconButton icon="after" label="Step after" keys="." disabled={index() === model.steps().length - 1} onClick={() => player.stepBy(1)} />
        <div class="track">
          <Curves curves={model.curves()} steps={model.steps().map(({ number }) => number)} at={index()} />
          <input
            id="step"
            type="range"
            min="0"
            max={model.steps().length - 1}
            step="1"
            value={index()}
            aria-label="Step"
            aria-valuetext={step()?.label}
            onInput={(event) => {
              player.stop();
              player.goTo(Number(event.currentTarget.value));
            }}
          />
        </div>
        <output class="label">
          <span>{step()?.label}</span>
          <span class="faint">{valuesAt(model.curves(), step()?.number ?? 0)}</span>
        </output>
        <select aria-label="Speed" title="Speed" value={String(player.speed[0]())} onChange={(event) => player.setSpeed(Number(event.currentTarget.value))}>
          <For each={SPEEDS}>{(speed) => <option value={String(speed)}>{speed}×</option>}</For>
        </select>
        <IconButton icon="loop" label="Loop" pressed={loop()} onClick={() => setLoop(!loop())} />
        <IconButton
          icon="compare"
          label="Keep this step to compare others with it"
          keys="k"
          pressed={model.choice().against !== null}
          onClick={() => {
            const { step, against, compare } = model.choice();
            if (against !== null) model.choose({ against: null, compare: null });
            else model.choose({ against: step, compare: compare ?? "swipe" });
          }}
        />
        <Show when={live()}>
          <IconButton icon="live" label="Follow the newest step" keys="l" pressed={following()} onClick={() => player.follow()} />
        </Show>
      </section>
    </Show>
  );
}

/** Curves behind the slider: of what tells how well the training went. */
const drawn = (curves: Curve[]): Curve[] => curves.filter(({ pace }) => !pace).slice(0, 3);

function valuesAt(curves: Curve[], step: number): string {
  const pace = curves.filter(({ pace }) => pace).slice(0, 1);
  return [...drawn(curves), ...pace]
    .map(({ name, steps, values }) => {
      // Metrics may be written more often than weights: the last one up to here.
      const at = steps.findLastIndex((other) => other <= step);
      return at < 0 ? "" : `${name} ${short(values[at]!, 3)}`;
    })
    .filter((text) => text !== "")
    .join("  ");
}

/** Each metric on its own scale: their shapes are compared, their values are written beside. */
function Curves(props: { curves: Curve[]; steps: number[]; at: number }) {
  const x = (step: number) => {
    const { steps } = props;
    // Steps are evenly spread on the slider, however far apart they are.
    const after = steps.findIndex((other) => other >= step);
    if (after < 0) return WIDTH;
    if (after === 0) return 0;
    const [low, high] = [steps[after - 1]!, steps[after]!];
    return ((after - 1 + (step - low) / (high - low)) / (steps.length - 1)) * WIDTH;
  };
  const path = ({ steps, values }: Curve) => {
    const finite = values.filter(Number.isFinite);
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    let pen = "M";
    return values
      .map((value, at) => {
        if (!Number.isFinite(value)) {
          pen = "M";
          return "";
        }
        const y = HEIGHT - 3 - ((value - low) / (high - low || 1)) * (HEIGHT - 6);
        const text = `${pen}${x(steps[at]!).toFixed(1)} ${y.toFixed(1)}`;
        pen = "L";
        return text;
      })
      .join("");
  };
  return (
    <svg class="curves" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <For each={drawn(props.curves)}>{(curve, at) => <path class={`curve-${at()}`} d={path(curve)} />}</For>
      <line x1={(props.at / Math.max(props.steps.length - 1, 1)) * WIDTH} x2={(props.at / Math.max(props.steps.length - 1, 1)) * WIDTH} y1="0" y2={HEIGHT} />
    </svg>
  );
}
