// Drives the viewer as a person would, with the real server behind it:
// `node test/viewer.mjs HINTON CHROMIUM [SCREENSHOTS]`.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { axesTests } from "./viewer-axes.mjs";
import { takenAway } from "./viewer-away.mjs";
import { MODEL, TUNED, cellOnMap, launch, opener, picture, pixelsAt, point, rest, serve, shown, variety, view, writeModels } from "./viewer-kit.mjs";

const [hinton, executablePath, screenshots] = process.argv.slice(2);
const files = writeModels();
const model = await serve(hinton, files.model);
const run = await serve(hinton, files.run);
const both = await serve(hinton, files.model, files.tuned);
const catalogue = await model.ask("catalogue");
const tensor = (name) => catalogue.tensors.find((other) => other.name === name).id;
const WEIGHT = tensor("layers.0.weight");

/** The nearest 16 bits of a value, as the tiles carry it. */
function rounded(value) {
  const word = new Uint32Array(Float32Array.of(value).buffer)[0];
  return new Float32Array(Uint32Array.of(((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) << 16).buffer)[0];
}

/** The colour that the engine's table gives a value. */
function colourOf(colours, value) {
  if (Number.isNaN(value)) return Number.parseInt(colours.nan.slice(1), 16);
  if (!Number.isFinite(value)) return Number.parseInt((value > 0 ? colours.posInf : colours.negInf).slice(1), 16);
  const thresholds = new Float32Array(Uint32Array.from(colours.one.thresholds).buffer);
  const index = thresholds.filter((threshold) => threshold <= rounded(value)).length;
  return Number.parseInt(colours.one.table.replace(/#/g, "").slice(index * 6, index * 6 + 6), 16);
}

/** Opens the page on a cell of a tensor, so near that cells can be told apart. */
async function openAt(open, row, col, more = "", options = {}) {
  const place = catalogue.layout.tiles.find((tile) => tile.tensor === WEIGHT);
  const { rows, cols } = catalogue.tensors[WEIGHT];
  const [w, h] = [place.w / cols, place.h / rows];
  const at = [place.x + (col + 0.5) * w, place.y + (row + 0.5) * h, 44 / Math.min(w, h)].map((value) => Number(value.toFixed(4)));
  const page = await open(model, `v=1&at=${at}&t=${WEIGHT}&cell=${WEIGHT}:${row},${col}${more && `&${more}`}`, options);
  await page.focus("#map");
  return page;
}

const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

/** Numbers from 0 to 1 that look random and are the same each time (mulberry32). */
function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Bytes of the program's memory, and whether WebGL has no complaint. */
function memoryOf(page) {
  return page.evaluate(() => {
    const isCard = document.getElementById("map").dataset.painter === "card";
    const gl = isCard ? document.getElementById("card").getContext("webgl2") : null;
    return [performance.memory?.usedJSHeapSize ?? 0, !gl || (gl.getError() === 0 && !gl.isContextLost())];
  });
}

async function drag(page, from, to, key) {
  await page.mouse.move(...from);
  if (key) await page.keyboard.down(key);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up();
  if (key) await page.keyboard.up(key);
}

const TESTS = {
  ...axesTests(hinton),
  ...takenAway({ hinton, files, model, openAt }),

  async "the processor draws the first map, and goes on where a card is only a program"(open) {
    const page = await open(model, "", { state: "exact" });
    await page.waitForTimeout(300);
    assert.equal((await picture(page)).painter, "plain");
    assert.ok((await variety(page)) > 20, "many colours");
    const marks = await page.evaluate(() => performance.getEntriesByType("mark").map(({ name }) => name));
    assert.ok(marks.includes("hinton:first-map"));
  },

  async "the map is drawn by software GL and is not blank"(open) {
    const page = await open(model, "v=1&a=1.5&draw=card", { state: "exact" });
    const renderer = await page.evaluate(() => {
      const gl = document.getElementById("card").getContext("webgl2");
      return gl.getParameter(gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
    });
    assert.match(renderer, /SwiftShader/i);
    assert.equal((await picture(page)).painter, "card");
    assert.ok((await variety(page)) > 20, "many colours");
  },

  async "card and processor draw the same pixels"(open) {
    const views = [
      ["the whole map", (more) => open(model, `v=1&a=1.5&${more}`, { state: "exact" })],
      ["colours of their own, dark, 1.5 pixels a point", (more) => open(model, `v=1&a=1.5&share=0&theme=dark&${more}`, { state: "exact", deviceScaleFactor: 1.5 })],
      ["squares and crosses", (more) => openAt(open, 5, 7, `n=0&h=1&${more}`)],
      ["ink of steps side by side", (more) => open(run, `v=1&a=1.5&fold=i&cmp=side&with=0&${more}`)],
    ];
    for (const [name, openAs] of views) {
      const [plain, card] = [await openAs("draw=plain"), await openAs("draw=card")];
      const [one, other] = [await picture(plain), await picture(card)];
      assert.deepEqual([one.painter, other.painter], ["plain", "card"], name);
      assert.ok(new Set(one.words).size > 2, `${name}: not blank`);
      // A card places corners on a grid, as coarse as 16 places a pixel: at an edge the colour may be a neighbour's.
      const near = [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => y * one.width + x));
      const differ = [...one.words.keys()].filter((index) => one.words[index] !== other.words[index]);
      assert.ok(differ.length <= one.words.length * 2e-3, `${name}: ${differ.length} of ${one.words.length} pixels differ`);
      const wrong = differ.filter((index) => !near.some((by) => other.words[index + by] === one.words[index]));
      assert.deepEqual(wrong, [], `${name}: colours of no neighbour`);
      await plain.close();
      await card.close();
    }
  },

  async "the first map is one answer"(open) {
    const page = await open(model);
    const asked = page.asked.map((address) => address.match(/api\/(\w+)/)?.[1]);
    assert.equal(asked.filter((route) => route === "overview").length, 1);
    assert.ok(!asked.includes("tiles"), `nothing is asked for tile by tile: ${asked}`);
    assert.ok((await variety(page)) > 20, "many colours");
  },

  async "each kind has its own range from the first picture on"(open) {
    const kinds = await serve(hinton, files.kinds);
    const page = await open(kinds, "", { colorScheme: "light" });
    // Nothing is drawn a second time as long as nobody moves: half of the values of the matrices are blue at once.
    const box = await page.locator("#map").boundingBox();
    const points = Array.from({ length: 6000 }, (_, index) => [((index % 100) + 0.5) * (box.width / 100), (Math.floor(index / 100) + 0.5) * (box.height / 60)]);
    const found = await pixelsAt(page, points);
    const share = (is) => found.filter((colour) => is(colour >> 16, colour & 255)).length / found.length;
    const [blue, orange] = [share((red, blue) => blue > red + 30), share((red, blue) => red > blue + 30)];
    assert.ok(blue > 0.03 && blue > orange / 3, `blue ${blue}, orange ${orange}`);
    kinds.stop();
  },

  // HINTON_WALKS=10 HINTON_ACTIONS=500 cargo xtask web --test walks further.
  async "random walks leave no error, no leak and no blank map"(open) {
    const walks = Number(process.env.HINTON_WALKS ?? 3);
    const actions = Number(process.env.HINTON_ACTIONS ?? 40);
    for (let walk = 0; walk < walks; walk++) {
      const random = dice(walk + 1);
      // Of a graphics card, too, which has its own memory to run out of.
      const page = await open(walk % 2 === 0 ? model : run, walk % 4 < 2 ? "" : "draw=card");
      const box = await page.locator("#map").boundingBox();
      const place = () => [box.x + 30 + random() * (box.width - 60), box.y + 30 + random() * (box.height - 60)];
      const keys = ["+", "-", "0", "h", "n", "Enter", "Escape", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "[", "]", "l", "c", "f", "s"];
      const [before] = await memoryOf(page);
      for (let action = 0; action < actions; action++) {
        const kind = random();
        if (kind < 0.35) {
          await page.mouse.move(...place());
          await page.mouse.wheel(0, (random() - 0.55) * 900);
        } else if (kind < 0.5) await drag(page, place(), place());
        else if (kind < 0.55) await page.mouse.dblclick(...place());
        else if (kind < 0.65) await page.mouse.click(...place());
        else await page.keyboard.press(keys[Math.floor(random() * keys.length)]);
      }
      await page.keyboard.press("Escape");
      await rest(page);
      const [after, textures] = await memoryOf(page);
      assert.ok(after < before + 150e6, `memory grew from ${before} to ${after} bytes`);
      assert.ok(textures, "the graphics card is well");
      await page.focus("#map");
      await page.keyboard.press("0");
      await page.waitForTimeout(600);
      await shown(page);
      // Squares have three colours.
      assert.ok((await variety(page)) > 2, `the map of walk ${walk} is there`);
      await page.close();
    }
  },

  async "a cell has the colour of the engine's table"(open) {
    for (const scheme of ["light", "dark"]) {
      const page = await openAt(open, 5, 7, "n=0", { colorScheme: scheme });
      const { defaultMap } = catalogue;
      const colours = await model.ask(`colours?t=-&map=${defaultMap[scheme]}&scale=linear&range=auto&fold=r&dark=${scheme === "dark" ? 1 : 0}&share=1`);
      const cells = [[4, 6], [4, 7], [5, 6], [5, 7], [6, 8], [6, 9], [3, 9], [7, 5]];
      const points = [];
      for (const [row, col] of cells) {
        const [x, y] = await cellOnMap(page, catalogue, WEIGHT, row, col);
        // Beside the middle, where no cross is.
        points.push([x + 12, y]);
      }
      const found = await pixelsAt(page, points);
      for (const [at, [row, col]] of cells.entries()) {
        const value = MODEL["layers.0.weight"].values[row * 48 + col];
        assert.equal(found[at].toString(16), colourOf(colours, value).toString(16), `${scheme}: row ${row}, column ${col}: ${value}`);
      }
    }
  },

  async "the map moves by wheel, drag, double click, pinch and keys"(open) {
    const page = await open(model);
    assert.equal((await view(page)).at, undefined, "the whole map is not written into the address");
    const middle = await point(page, [300, 250]);
    await page.mouse.wheel(0, -600);
    const near = (await view(page)).at.split(",").map(Number);
    await drag(page, middle, [middle[0] + 60, middle[1] + 30]);
    const moved = (await view(page)).at.split(",").map(Number);
    assert.ok(Math.abs((near[0] - moved[0]) * moved[2] - 60) < 3, `dragged by 60 pixels: ${near} to ${moved}`);
    await press(page, "0");
    await page.waitForTimeout(500);
    assert.equal((await view(page)).at, undefined);
    // A double click goes into a tensor.
    const place = catalogue.layout.tiles.find((tile) => tile.tensor === WEIGHT);
    await press(page, "+");
    await page.waitForTimeout(300);
    const [x, y] = await cellOnMap(page, catalogue, WEIGHT, 32, 24);
    await page.mouse.dblclick(...(await point(page, [x, y])));
    await page.waitForTimeout(600);
    const [cx, cy] = (await view(page)).at.split(",").map(Number);
    assert.ok(Math.abs(cx - place.x - place.w / 2) < 1 && Math.abs(cy - place.y - place.h / 2) < 1, "it is in the middle");
    assert.match(await page.textContent("#crumbs"), /layers\.0\.weight/);
    await press(page, "Escape", "Escape", "ArrowRight");
    assert.ok(Number((await view(page)).at.split(",")[0]) > cx, "arrows move the map");
  },

  async "fingers move and zoom"(open) {
    const page = await open(model, "", { viewport: { width: 390, height: 780 }, hasTouch: true });
    const session = await page.context().newCDPSession(page);
    const touch = (type, ...points) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    await touch("touchStart", [180, 250], [220, 250]);
    await touch("touchMove", [140, 250], [260, 250]);
    await touch("touchMove", [100, 250], [300, 250]);
    await touch("touchEnd");
    const [, , zoom] = (await view(page)).at.split(",").map(Number);
    await touch("touchStart", [200, 300]);
    await touch("touchMove", [230, 300]);
    await touch("touchMove", [250, 300]);
    await touch("touchEnd");
    assert.equal(Number((await view(page)).at.split(",")[2]), zoom, "one finger does not zoom");
  },

  async "the cell under the cursor is read, exactly after a rest"(open) {
    const page = await openAt(open, 10, 11);
    await point(page, await cellOnMap(page, catalogue, WEIGHT, 12, 13));
    await page.waitForSelector("#exact");
    const text = (await page.textContent("#exact")).replace("\u2212", "-");
    const value = Math.fround(MODEL["layers.0.weight"].values[12 * 48 + 13]);
    assert.equal(Math.fround(Number(text)), value);
    assert.match(await page.textContent("#readout"), /\[12, 13\]/);
    assert.match(await page.textContent("#readout"), /model\.safetensors, byte/);
    // The row and the column of the cell that was clicked.
    await page.waitForSelector("#profiles .line");
    assert.deepEqual(await page.locator("#profiles figcaption").allTextContents().then((all) => all.map((text) => text.split(" ").slice(0, 2).join(" "))), ["row 10", "column 11"]);
    // Arrow keys move the cell's cursor, and a screen reader hears it.
    await press(page, "ArrowDown", "ArrowRight");
    await page.mouse.move(2, 2);
    await page.waitForFunction(() => /row 11, column 12: /.test(document.getElementById("spoken").textContent));
    assert.equal((await view(page)).cell, `${WEIGHT}:11,12`);
  },

  async "numbers are written into cells that have room"(open) {
    const page = await openAt(open, 10, 11, "n=1");
    const ink = () =>
      page.evaluate(() => {
        const canvas = document.getElementById("words");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let found = 0;
        for (let at = 3; at < data.length; at += 4) found += data[at] > 128;
        return found;
      });
    const written = await ink();
    await press(page, "w");
    await rest(page);
    assert.ok((await ink()) < written * 0.8, "without numbers there is less ink");
    assert.equal((await view(page)).n, "0");
  },

  async "a box is selected, counted and copied"(open) {
    const page = await openAt(open, 20, 20);
    const from = await point(page, await cellOnMap(page, catalogue, WEIGHT, 19, 18));
    const to = await point(page, await cellOnMap(page, catalogue, WEIGHT, 21, 22));
    await drag(page, from, to, "Shift");
    await page.waitForSelector("#selected dl");
    assert.match(await page.textContent("#selected"), /\[19:22, 18:23\]/);
    assert.match(await page.textContent("#selected"), /15 cells/);
    const values = [];
    for (let r = 19; r < 22; r++) for (let c = 18; c < 23; c++) values.push(MODEL["layers.0.weight"].values[r * 48 + c]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const shownMean = Number((await page.textContent("#selected dd")).replace("\u2212", "-"));
    assert.ok(Math.abs(shownMean - mean) < 1e-3 * Math.abs(mean) + 1e-6, `${shownMean} is not ${mean}`);
    await press(page, "c");
    await page.waitForFunction(() => /Copied 15 values/.test(document.getElementById("notice").textContent));
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^# layers\.0\.weight\[19:22, 18:23\]\nnp\.array\(\[\n/);
    await page.click("text=Copy CSV");
    await page.waitForFunction(() => /as CSV/.test(document.getElementById("notice").textContent));
    const csv = (await page.evaluate(() => navigator.clipboard.readText())).trim().split(/[\n,]/).map(Number);
    assert.deepEqual(csv.map(Math.fround), values.map(Math.fround));
  },

  async "long names in the list are told apart, and the histogram is of all matrices"(open) {
    const kinds = await serve(hinton, files.kinds);
    const page = await open(kinds, "", { viewport: { width: 1280, height: 800 }, state: "exact" });
    await page.fill("#find", "proj");
    await page.waitForFunction(() => document.querySelectorAll("#tensors .row").length === 8);
    const shown = await page.locator("#tensors .row .name").allTextContents();
    assert.equal(new Set(shown).size, 8, shown.join(", "));
    assert.ok(shown.every((name) => name.length <= 24), shown.join(", "));
    assert.ok(shown.includes("\u20261 \u2026 q_proj.weight"), shown.join(", "));
    // Nothing is chosen: what lies under the colours is what all of them are of.
    const bars = await page.getAttribute("#histogram .bars", "d");
    assert.ok(bars.split("z").length > 40, `${bars.length} letters of bars`);
    kinds.stop();
  },

  async "tensors are found, sorted and gone to"(open) {
    const page = await open(model, "", { viewport: { width: 1280, height: 800 }, state: "exact" });
    await press(page, "/");
    await page.waitForFunction(() => document.activeElement?.id === "find");
    await page.keyboard.type("l1w");
    await page.waitForFunction(() => /layers\.1\.weight/.test(document.querySelector("#tensors .row")?.textContent ?? ""));
    await press(page, "Enter");
    assert.equal((await view(page)).t, String(tensor("layers.1.weight")));
    await page.fill("#find", "");
    await page.selectOption("#sort", "size");
    assert.match(await page.textContent("#tensors .row"), /embed\.weight/);
    await page.selectOption("#sort", "nan");
    assert.match(await page.textContent("#tensors .row"), /layers\.0\.weight/);
    assert.match(await page.textContent("#tensors .row"), /2/);
    // Faults: the value that is not a number is gone to.
    await page.focus("#map");
    await press(page, "n");
    await page.waitForTimeout(600);
    const seen = new Set();
    for (let fault = 0; fault < 8; fault++) {
      seen.add((await view(page)).cell);
      await press(page, "n");
      await page.waitForTimeout(500);
    }
    assert.ok(seen.has(`${WEIGHT}:5,7`) || seen.has(`${WEIGHT}:6,9`), `${[...seen]}`);
    // An index that is typed.
    await press(page, "g");
    await page.keyboard.type("63,47");
    await press(page, "Enter");
    await page.waitForTimeout(600);
    assert.match((await view(page)).cell, /:63,47$/);
    await press(page, "g");
    await page.keyboard.type("64,0");
    await press(page, "Enter");
    assert.match(await page.textContent("#goto [role=alert]"), /Expected row and column below 64 and 48/);
    await press(page, "Escape");
  },

  async "colours change without a request for tiles"(open) {
    const page = await openAt(open, 10, 11, "n=0");
    const before = await variety(page);
    assert.ok(before > 10);
    const tiles = () => page.asked.filter((url) => url.includes("/api/tiles")).length;
    const asked = tiles();
    const spot = [await cellOnMap(page, catalogue, WEIGHT, 9, 12)];
    const first = await pixelsAt(page, spot);
    await page.click("text=95 %");
    await rest(page);
    assert.equal((await view(page)).range, "q:0.95");
    await press(page, "m");
    await rest(page);
    assert.ok((await view(page)).map, "another map is in the address");
    assert.notDeepEqual(await pixelsAt(page, spot), first);
    await press(page, "r");
    // The handle of the range is dragged.
    const box = await page.locator("#histogram").boundingBox();
    const handle = await page.locator("#histogram .handle").nth(1).boundingBox();
    await drag(page, [handle.x + handle.width / 2, box.y + 30], [box.x + box.width * 0.7, box.y + 30]);
    const range = (await view(page)).range.split(",").map(Number);
    assert.equal(range[0], -range[1], "zero stays in the middle");
    // Keys on the handle do the same.
    await page.locator("#histogram .handle").nth(1).focus();
    await press(page, "ArrowRight");
    assert.ok(Number((await view(page)).range.split(",")[1]) > range[1]);
    assert.equal(tiles(), asked, "no tile was asked for");
    await page.focus("#map");
    await press(page, "h");
    await rest(page);
    const squares = new Set(await pixelsAt(page, [spot[0], [spot[0][0] + 20, spot[0][1] + 20]]));
    assert.ok([...squares].every((colour) => [0x000000, 0xffffff, 0x808080].includes(colour)), [...squares].map((c) => c.toString(16)).join());
    await press(page, "h", "s");
    await rest(page);
    assert.equal((await view(page)).share, "0");
    await press(page, "t");
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  },

  async "a run plays, loops and is scrubbed"(open) {
    const page = await open(run);
    assert.match(await page.textContent("#timeline output"), /50/);
    await page.focus("#map");
    await press(page, "Home");
    await rest(page);
    assert.equal((await view(page)).step, "0");
    const one = await page.locator("#map").screenshot();
    await press(page, ".", ".");
    await rest(page);
    assert.equal((await view(page)).step, "20");
    assert.notDeepEqual(await page.locator("#map").screenshot(), one, "another step is another picture");
    await page.click("#play");
    const steps = new Set();
    for (const end = Date.now() + 15_000; steps.size < 6 && Date.now() < end; ) {
      steps.add(await page.getAttribute("#step", "aria-valuetext"));
      await page.waitForTimeout(40);
    }
    assert.equal(steps.size, 6, [...steps].join());
    // Once every step is here, playing asks for no tile, and for no colours: they are one for all steps.
    const asked = () => page.asked.filter((url) => /\/api\/(tiles|colours)/.test(url)).length;
    await page.waitForTimeout(2500);
    const before = asked();
    await page.waitForTimeout(2500);
    assert.equal(asked(), before);
    await page.click("#play");
    await page.locator("#step").fill("1");
    assert.equal((await view(page)).step, "10");
    await page.locator("#step").focus();
    await press(page, ".");
    assert.equal((await view(page)).step, "20", "a slider with the focus leaves letters and signs to the page");
  },

  async "everyone: names, keys, focus, motion"(open) {
    const page = await open(run, "", { reducedMotion: "reduce", viewport: { width: 1280, height: 800 } });
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll("button, input, select, [role=slider], [tabindex='0']")]
        .filter((element) => !element.closest("dialog:not([open])"))
        .filter((element) => !(element.getAttribute("aria-label") || element.labels?.length || element.textContent.trim()))
        .map((element) => element.outerHTML),
    );
    assert.deepEqual(nameless, []);
    await page.focus("#map");
    await press(page, "?");
    const rows = await page.locator("#help tr").count();
    assert.ok(rows > 25, `${rows} keys are listed`);
    await press(page, "Escape");
    await press(page, "+");
    await page.waitForTimeout(60);
    const zoom = (await view(page)).at;
    await page.waitForTimeout(300);
    assert.equal((await view(page)).at, zoom, "without motion it is there at once");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, "none", "what has the focus can be seen");
    const forced = await open(model, "", { forcedColors: "active" });
    assert.ok((await variety(forced)) > 20, "the map keeps its colours");
  },

  async "nothing is wider than a telephone"(open) {
    const page = await open(run, "", { viewport: { width: 390, height: 844 } });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
    const beyond = await page.evaluate(() =>
      [...document.querySelectorAll("button, input, select")]
        .filter((element) => element.getBoundingClientRect().width > 0 && element.getBoundingClientRect().right > 391)
        .map((element) => element.outerHTML),
    );
    assert.deepEqual(beyond, []);
  },

  async "a lost graphics card comes back with the same picture"(open) {
    const page = await openAt(open, 10, 11, "draw=card");
    const before = await page.locator("#map").screenshot();
    const change = (name) =>
      page.evaluate(async (name) => {
        window.lose ??= document.getElementById("card").getContext("webgl2").getExtension("WEBGL_lose_context");
        window.lose[name]();
        await new Promise((done) => setTimeout(done, 500));
        return document.getElementById("map").dataset.painter;
      }, name);
    assert.equal(await change("loseContext"), "plain", "the processor draws meanwhile");
    await rest(page);
    assert.deepEqual(await page.locator("#map").screenshot(), before);
    assert.equal(await change("restoreContext"), "card");
    await rest(page);
    assert.deepEqual(await page.locator("#map").screenshot(), before);
  },

  async "without the key the page says what to do"(open, faults) {
    const page = await open({ address: `${model.address.split("#")[0]}#k=${"0".repeat(32)}` }, "", { state: "none" });
    assert.match(await page.textContent("#message"), /open the address that hinton printed/);
    // The refusal is what was asked for.
    faults.length = 0;
  },

  async "a random walk leaves no error and no blank map"(open) {
    let seed = 7;
    const random = (below) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const KEYS = ["+", "+", "-", "0", "f", "[", "]", "Enter", "Escape", "h", "w", "<", ">", "r", "m", "a", "o", "s", "n", "p", "b", "d", "t", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
    for (const server of [model, run]) {
      const page = await open(server);
      const box = await page.locator("#map").boundingBox();
      const anywhere = () => [box.x + 20 + random(box.width - 40), box.y + 20 + random(box.height - 40)];
      for (let action = 0; action < 250; action++) {
        const kind = random(10);
        if (kind < 6) await press(page, KEYS[random(KEYS.length)]);
        else if (kind < 8) {
          await page.mouse.move(...anywhere());
          await page.mouse.wheel(0, random(1200) - 600);
        } else if (kind < 9) await drag(page, anywhere(), anywhere(), random(3) === 0 ? "Shift" : undefined);
        else await page.mouse.click(...anywhere());
      }
      await page.focus("#map");
      await press(page, "Escape", "Escape", "Escape", "0");
      await page.waitForTimeout(500);
      await rest(page);
      assert.ok((await variety(page)) > 3, "the map is not blank");
      const heap = await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
      assert.ok(heap < 400e6, `${heap} bytes of heap`);
    }
  },

  async "two models are compared: side by side, swiped, blinking, as a difference"(open) {
    const compared = await both.ask("catalogue?aspect=1.5");
    const pair = compared.pairs.find(({ a }) => compared.tensors[a].name === "layers.1.weight");
    assert.equal(compared.pairs.length, 5);
    const place = compared.layout.tiles.find(({ tensor }) => tensor === pair.a);
    const zoom = 22 / (place.w / 48);
    const at = [place.x + place.w / 2, place.y + place.h / 2, zoom].map((value) => Number(value.toFixed(4)));
    const page = await open(both, `v=1&a=1.5&at=${at}&t=${pair.a}&n=0`);
    await page.focus("#map");
    const box = await page.locator("#map").boundingBox();
    const shades = async (tensor) => both.ask(`colours?t=g${compared.tensors[tensor].group}&map=${compared.defaultMap.light}`);
    const [values, tuned] = [MODEL["layers.1.weight"].values, TUNED["layers.1.weight"].values];
    // The colours that the two, and their difference, have at a cell, beside its middle.
    const expected = async (tensor, value) => colourOf(await shades(tensor), value).toString(16);
    const cell = (row, col, width, left = 0) => [
      left + (place.x + ((col + 0.5) / 48) * place.w - at[0]) * zoom + width / 2 + 4,
      (place.y + ((row + 0.5) / 64) * place.h - at[1]) * zoom + box.height / 2,
    ];
    const colour = async (point) => (await pixelsAt(page, [point]))[0].toString(16);
    const index = 30 * 48 + 24;
    // "v" goes through the ways.
    await press(page, "v");
    await rest(page);
    const half = Math.floor(box.width / 2);
    assert.equal((await view(page)).cmp, "side");
    assert.equal(await colour(cell(30, 24, half)), await expected(pair.a, values[index]), "side by side, the first");
    assert.equal(await colour(cell(30, 24, half, box.width - half)), await expected(pair.b, tuned[index]), "side by side, the second");
    // A cell of the second is read as the cell of the first, with both values.
    await point(page, cell(30, 24, half, box.width - half));
    await page.waitForFunction(() => document.querySelector("#readout .other b"));
    assert.match(await page.textContent("#readout .where"), /row 30, column 24/);
    assert.match(await page.textContent("#readout .other"), /difference 0\.25/);
    await page.mouse.move(2, 2);
    await press(page, "v");
    await rest(page);
    assert.equal(await colour(cell(30, 20, box.width)), await expected(pair.a, values[index - 4]), "left of the divider");
    assert.equal(await colour(cell(30, 28, box.width)), await expected(pair.b, tuned[index + 4]), "right of the divider");
    // The divider moves by mouse and by key.
    await drag(page, [box.x + box.width / 2, box.y + 40], [box.x + box.width * 0.75, box.y + 60]);
    await page.focus("#divider");
    await press(page, "ArrowRight");
    assert.ok(Math.abs(Number((await view(page)).split) - 0.77) < 0.01, (await view(page)).split);
    assert.equal(await colour(cell(30, 28, box.width)), await expected(pair.a, values[index + 4]), "left of it now");
    await page.focus("#map");
    await press(page, "v");
    const seen = new Set();
    for (let times = 0; times < 40 && seen.size < 2; times++) {
      await page.waitForTimeout(100);
      seen.add(await colour(cell(30, 24, box.width)));
    }
    assert.deepEqual([...seen].sort(), [await expected(pair.a, values[index]), await expected(pair.b, tuned[index])].sort(), "both in turn");
    await press(page, "v");
    await rest(page);
    assert.equal((await view(page)).cmp, "difference");
    await page.waitForTimeout(300);
    assert.equal(await colour(cell(30, 24, box.width)), await expected(pair.difference, 0.25), "the difference");
    // Sorted by change, the one that changed is first.
    await page.locator("[aria-label='List of tensors']").click();
    await page.selectOption("#sort", "change");
    await page.waitForFunction(() => document.querySelector("#tensors .row .number"));
    assert.match(await page.textContent("#tensors .row"), /layers\.1\.weight/);
    await page.focus("#map");
    await press(page, "v");
    assert.equal((await view(page)).cmp, undefined);
  },

  async "a step that is kept is compared with others"(open) {
    const page = await open(run);
    await page.focus("#map");
    await press(page, "Home", "k", "End");
    await rest(page);
    const { cmp, with: kept } = await view(page);
    assert.deepEqual([cmp, kept], ["swipe", "0"]);
    assert.ok((await variety(page)) > 5);
    await press(page, "Home", "k");
    assert.equal((await view(page)).cmp, undefined);
  },

  async "the map is laid out for the window, and its address keeps that"(open) {
    const page = await open(model, "", { anew: true, viewport: { width: 420, height: 900 } });
    const tall = (await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name))).find((name) => name.includes("api/catalogue"));
    assert.ok(Number(new URL(tall).searchParams.get("aspect")) < 0.7, tall);
    await page.focus("#map");
    await press(page, "+");
    await page.waitForTimeout(400);
    assert.ok(Number((await view(page)).a) < 0.7);
  },

  async "a page that holds its data shows the same without a server or a network"(_open, faults) {
    const file = join(files.folder, "page.html");
    execFileSync(hinton, ["view", files.model, "--export", file, "--budget", "2MB"], { stdio: ["ignore", "ignore", "ignore"] });
    assert.ok(statSync(file).size < 2.3e6, "the budget, and the program beside it");
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, colorScheme: "light", offline: true });
    const page = await context.newPage();
    page.on("pageerror", (error) => faults.push(error.stack));
    page.on("request", (request) => {
      if (!/^(file|blob|data):/.test(request.url())) faults.push(`asks for ${request.url()}`);
    });
    const place = catalogue.layout.tiles.find((tile) => tile.tensor === WEIGHT);
    const at = [place.x + (12.5 / 48) * place.w, place.y + (10.5 / 64) * place.h, 44 / (place.w / 48)].map((value) => Number(value.toFixed(4)));
    await page.goto(`file://${file}#v=1&a=1.5&at=${at}&t=${WEIGHT}&n=0`);
    await shown(page, "exact");
    assert.match(await page.textContent("#status"), /this page holds every value/);
    const colours = await model.ask(`colours?t=g0&map=${catalogue.defaultMap.light}`);
    for (const [row, col] of [[5, 7], [6, 9], [10, 12], [11, 13]]) {
      const [x, y] = await cellOnMap(page, catalogue, WEIGHT, row, col);
      const value = MODEL["layers.0.weight"].values[row * 48 + col];
      assert.equal((await pixelsAt(page, [[x + 12, y]]))[0].toString(16), colourOf(colours, value).toString(16), `row ${row}, column ${col}: ${value}`);
    }
    await point(page, await cellOnMap(page, catalogue, WEIGHT, 10, 12));
    await page.waitForFunction(() => document.querySelector("#readout .rough")?.textContent.includes("\u2248"));
    // Another range is a stretch of the same colours.
    await page.fill("#colour .end >> nth=1", "0.1");
    await page.press("#colour .end >> nth=1", "Enter");
    await page.waitForTimeout(300);
    assert.ok((await variety(page)) > 3);
    await context.close();
  },

  async "a training is followed while it goes on"(open) {
    const words = ["train", "digits", "--epochs", "100000", "--record-every", "2000", "--record", join(files.folder, "training"), "--view", "--no-open"];
    const training = spawn(hinton, words, { stdio: ["ignore", "ignore", "pipe"] });
    process.on("exit", () => training.kill());
    const address = await new Promise((found) => createInterface({ input: training.stderr }).on("line", (line) => found(/http\S+follow=1/.exec(line)?.[0])));
    const page = await open({ address: address.split("&")[0] }, "v=1&a=1.5&follow=1", { state: "none" });
    const last = () => page.evaluate(() => [Number(document.getElementById("step")?.max ?? 0), Number(document.getElementById("step")?.value ?? 0)]);
    await page.waitForFunction(() => Number(document.getElementById("step")?.max ?? 0) > 1, null, { timeout: 60_000 });
    const [before] = await last();
    await page.waitForFunction((count) => Number(document.getElementById("step").max) > count, before, { timeout: 60_000 });
    const [after, at] = await last();
    assert.ok(after > before && at >= before, `step ${at} of ${before}, then ${after}`);
    await page.close();
    training.kill("SIGINT");
  },
};

const browser = await launch(executablePath);
const only = process.env.ONLY;
let failures = 0;
let ran = 0;
for (const [name, test] of Object.entries(TESTS)) {
  if (only && !name.includes(only)) continue;
  ran += 1;
  const faults = [];
  const { open, close } = opener(browser, faults);
  const start = Date.now();
  try {
    await test(open, faults);
    assert.deepEqual(faults, [], "the page complains or asks for something");
    console.log(`ok   ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL ${name}\n     ${String(error.stack).replaceAll("\n", "\n     ")}`);
    for (const fault of faults) console.log(`     ${fault}`);
  }
  await close();
}

/** Pictures to look at. */
if (screenshots) {
  mkdirSync(screenshots, { recursive: true });
  const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 }, wide: { width: 2560, height: 1440 } };
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const { open, close } = opener(browser, []);
      for (const [name, page] of [
        ["map", await open(model, "", { viewport, colorScheme, state: "exact" })],
        ["cells", await openAt(open, 10, 11, "", { viewport, colorScheme })],
        ["run", await open(run, "", { viewport, colorScheme })],
      ]) {
        await page.screenshot({ path: join(screenshots, `viewer-${name}-${size}-${colorScheme}.png`) });
      }
      await close();
    }
  }
}
await browser.close();
model.stop();
run.stop();
both.stop();
console.log(`${ran} tests of the viewer, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;
