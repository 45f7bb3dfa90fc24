// The film at the top of README.md: from all of a model to single numbers, in the viewer.
//
//   npm --prefix web ci
//   node tools/film_of_viewer.mjs target/release/hinton MODEL chromium FOLDER [light|dark] [TENSOR]
//
// leaves pictures and a list of how long each is shown in FOLDER; tools/pack_film.py makes the film of them.
// MODEL of the film in README.md is all-MiniLM-L6-v2.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, rest, serve, shown } from "../web/test/viewer-kit.mjs";

const [hinton, model, browser, folder, theme = "light", name = "encoder.layer.2.attention.self.query.weight"] = process.argv.slice(2);
const SIZE = { width: 960, height: 600 };
/** Zoom steps of the way in, and how much each is. */
const STEPS = 34;
const FRAME = 80;

mkdirSync(folder, { recursive: true });
const server = await serve(hinton, model);
const chromium = await launch(browser);
const page = await chromium.newPage({ viewport: SIZE, colorScheme: theme });
await page.goto(`${server.address}&v=1&list=0&panel=0`);
await shown(page, "exact");

const catalogue = await server.ask("catalogue?aspect=" + (await page.evaluate(() => (innerWidth / (innerHeight - 70)).toFixed(2))));
const tensor = catalogue.tensors.find((one) => one.name === name);
const place = catalogue.layout.tiles.find((tile) => tile.tensor === tensor.id);
const box = await page.locator("#map").boundingBox();
const { width, height } = catalogue.layout;
const zoom = Math.min((box.width - 40) / width, (box.height - 40) / height);

// A flight in a straight line to a cell, even in the logarithm of the zoom; at its end cells are 60 pixels wide.
const target = { x: place.x + (0.31 * place.w), y: place.y + (0.42 * place.h) };
const end = 60 / (place.w / tensor.cols);
const frames = [];
const shoot = async (camera, milliseconds) => {
  await page.evaluate((text) => { location.hash = text; }, `v=1&list=0&panel=0&a=${(box.width / box.height).toFixed(2)}&at=${camera.x.toFixed(3)},${camera.y.toFixed(3)},${camera.zoom.toPrecision(6)}`);
  await page.waitForTimeout(350);
  await rest(page);
  const file = `${String(frames.length).padStart(3, "0")}.png`;
  await page.screenshot({ path: join(folder, file) });
  frames.push({ file, milliseconds });
};
const at = (share) => {
  const now = zoom * (end / zoom) ** share;
  // What is looked at moves with the scale, so that the target is approached and not overshot.
  const moved = share === 0 ? 0 : (1 - (now / zoom) ** -1) / (1 - zoom / end);
  return { x: width / 2 + (target.x - width / 2) * moved, y: height / 2 + (target.y - height / 2) * moved, zoom: now };
};
for (let step = 0; step <= STEPS; step++) {
  const share = step / STEPS;
  const eased = share * share * (3 - 2 * share);
  await shoot(at(eased), step === 0 ? 1200 : step === STEPS ? 2000 : FRAME);
}
// The way back is the way in, faster.
for (let step = STEPS - 2; step > 0; step -= 2) frames.push({ file: frames[step].file, milliseconds: FRAME });
writeFileSync(join(folder, "frames.json"), JSON.stringify(frames));
await chromium.close();
server.stop();
