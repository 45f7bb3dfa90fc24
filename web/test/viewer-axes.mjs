// The axes of tensors: which are rows, columns and sliders; slices; what the command makes of them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pixelsAt, point, rest, safetensors, serve, shown, view } from "./viewer-kit.mjs";

/** Each value is told by its index. */
const valueOf = (o, i, h, w) => Math.sin(o * 3 + i * 1.7 + h * 0.9 + w * 0.4) * (0.5 + 0.1 * i);
const SHAPE = [6, 5, 4, 3];

function kernels() {
  const values = [];
  for (let o = 0; o < 6; o++) for (let i = 0; i < 5; i++) for (let h = 0; h < 4; h++) for (let w = 0; w < 3; w++) values.push(valueOf(o, i, h, w));
  return { dtype: "F32", shape: SHAPE, values };
}

const MODEL = {
  "conv.weight": kernels(),
  "embed.weight": { dtype: "F32", shape: [300, 4], values: Array.from({ length: 1200 }, (_, at) => Math.sin(at)) },
  "fc.weight": { dtype: "F32", shape: [8, 12], values: Array.from({ length: 96 }, (_, at) => Math.cos(at * 0.7)) },
};

/** A GGUF file of `w`, 4 x 64 of Q4_1: block `b` has the scale 2^b and the minimum b, codes are told by their place. */
function quantised() {
  const parts = [Buffer.from("GGUF")];
  const number = (value, bytes) => {
    const word = Buffer.alloc(bytes);
    bytes === 8 ? word.writeBigUInt64LE(BigInt(value)) : bytes === 4 ? word.writeUInt32LE(value) : word.writeUInt16LE(value);
    parts.push(word);
  };
  for (const [value, bytes] of [[3, 4], [1, 8], [0, 8], [1, 8]]) number(value, bytes);
  parts.push(Buffer.from("w"));
  for (const [value, bytes] of [[2, 4], [64, 8], [4, 8], [3, 4], [0, 8]]) number(value, bytes);
  parts.push(Buffer.alloc(32 - (Buffer.concat(parts).length % 32)));
  const halves = [0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600, 0x4700];
  for (let block = 0; block < 8; block++) {
    number(0x3c00 + block * 0x400, 2);
    number(halves[block], 2);
    for (let at = 0; at < 16; at++) parts.push(Buffer.of(codeOf(block, at) | (codeOf(block, at + 16) << 4)));
  }
  return Buffer.concat(parts);
}

const codeOf = (block, at) => (block * 5 + at * 7) % 16;

/** Where the rectangle of a tensor is on the screen, as the page has it. */
async function opened(hinton) {
  const folder = mkdtempSync(join(tmpdir(), "hinton-axes-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "nd.safetensors");
  writeFileSync(file, safetensors(MODEL));
  const words = Array.from({ length: 290 }, (_, number) => `word${number}`);
  writeFileSync(join(folder, "vocab.txt"), words.join("\n"));
  const server = await serve(hinton, file);
  const { tensors } = await server.ask("catalogue?aspect=1.5");
  const id = (name) => tensors.find((other) => other.name === name).id;
  return { folder, server, embed: id("embed.weight"), conv: id("conv.weight"), fc: id("fc.weight") };
}

const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

/** Puts the cursor on a cell by typing its row and column; what the panel then says. */
async function readAt(page, row, col) {
  await page.focus("#map");
  await press(page, "g");
  await page.fill("#goto input", `${row},${col}`);
  await press(page, "Enter");
  await rest(page);
  await page.waitForFunction(() => document.getElementById("exact"));
  const text = await page.textContent("#exact");
  return { value: Math.fround(Number(text.replace("−", "-"))), where: (await page.textContent("#readout .where")).match(/\[(.*?)\]/)[1] };
}

/** The colour that the engine's table gives a value as the tiles carry it. */
function colourOf(colours, value) {
  const word = new Uint32Array(Float32Array.of(value).buffer)[0];
  const rounded = new Float32Array(Uint32Array.of(((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) << 16).buffer)[0];
  const thresholds = new Float32Array(Uint32Array.from(colours.one.thresholds).buffer);
  const index = thresholds.filter((threshold) => threshold <= rounded).length;
  return Number.parseInt(colours.one.table.replace(/#/g, "").slice(index * 6, index * 6 + 6), 16);
}

/** Colours of the map on a grid of points. */
async function grid(page) {
  const box = await page.locator("#map").boundingBox();
  const points = [];
  for (let x = 0; x < 50; x++) for (let y = 0; y < 40; y++) points.push([((x + 0.5) * box.width) / 50, ((y + 0.5) * box.height) / 40]);
  return pixelsAt(page, points);
}

/** Selects cells from one point of the map to another. */
async function drag(page, from, to) {
  await point(page, from);
  await page.keyboard.down("Shift");
  await page.mouse.down();
  await point(page, [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]);
  await point(page, to);
  await page.mouse.up();
  await page.keyboard.up("Shift");
}

/** The axes' own buttons. */
const role = (page, axis, name) => page.locator("#axes .axis").nth(axis).getByRole("button", { name, exact: true }).click();

/** The command that the page copies, run; and the picture that the page saves: the same bytes. */
async function agrees(hinton, page, folder) {
  await page.focus("#map");
  await press(page, "y");
  await page.waitForFunction(() => /Copied: hinton draw /.test(document.getElementById("notice").textContent));
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const words = command.match(/'[^']*'|\S+/g).map((word) => word.replace(/^'|'$/g, ""));
  assert.equal(words[0], "hinton");
  execFileSync(resolve(hinton), words.slice(1), { cwd: folder, stdio: "ignore" });
  await press(page, "e");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#export >> text=PNG")]);
  const [drawn, saved] = [readFileSync(join(folder, "picture.png")), readFileSync(await download.path())];
  assert.ok(drawn.equals(saved), `another picture: ${command}`);
  return command;
}

export function axesTests(hinton) {
  const served = (test) => async (open, faults) => {
    const it = await opened(hinton);
    try {
      await test(open, faults, it);
    } finally {
      it.server.stop();
    }
  };
  return {
    "axes: rows, columns, sliders, transposed, and the command draws the same": served(async (open, _faults, { folder, server, conv }) => {
      const page = await open(server, `t=${conv}&panel=1`);
      await page.focus("#map");
      await press(page, "f");
      await rest(page);
      assert.deepEqual(await readAt(page, 2, 17), { value: Math.fround(valueOf(2, 1, 1, 2)), where: "2, 1, 1, 2" });
      await agrees(hinton, page, folder);
      // One input channel, chosen by its slider; one height.
      await role(page, 1, "one");
      await page.waitForSelector("#axes .axis input[type=range]");
      await page.getByLabel("Position on axis 1").fill("3");
      await role(page, 2, "one");
      await rest(page);
      assert.equal(await page.inputValue("#axes form input"), "[:,3,0,:]");
      const cells = [[0, 0], [4, 1], [5, 2]];
      for (const [row, col] of cells) {
        assert.deepEqual(await readAt(page, row, col), { value: Math.fround(valueOf(row, 3, 0, col)), where: `${row}, 3, 0, ${col}` });
      }
      const command = await agrees(hinton, page, folder);
      assert.match(command, /'conv\.weight\[:,3,0,:\]'/);
      // Rows become columns, by key; the slider by keys.
      await press(page, "\\");
      await rest(page);
      assert.deepEqual(await readAt(page, 2, 5), { value: Math.fround(valueOf(5, 3, 0, 2)), where: "5, 3, 0, 2" });
      assert.match(await agrees(hinton, page, folder), /--transpose/);
      await press(page, "{");
      await page.waitForFunction(() => document.querySelector("#axes form input").value === "[:,2,0,:]");
      await rest(page);
      // The address holds the view.
      const before = await view(page);
      assert.equal(before.view, `${conv}:[:,2,0,:]3/0`);
      const picture = await grid(page);
      await page.mouse.move(2, 2);
      await page.reload();
      await shown(page);
      await rest(page);
      assert.deepEqual(await view(page), before);
      const again = await grid(page);
      const same = again.filter((colour, at) => colour === picture[at]).length / again.length;
      // The address rounds to a hundredth of a pixel, which may move an edge.
      assert.ok(same > 0.99 && new Set(again).size > 8, `the same picture from the address: ${same}`);
      assert.equal(await page.inputValue("#axes form input"), "[:,2,0,:]");
      await page.getByRole("button", { name: "Reset", exact: true }).click();
      await rest(page);
      assert.equal((await view(page)).view, undefined);
    }),

    "axes: filters and channels as a grid, colours of the cells, a part of it": served(async (open, _faults, { folder, server, conv }) => {
      const page = await open(server, `t=${conv}&panel=1&n=0`, { colorScheme: "light" });
      await page.focus("#map");
      await press(page, "f");
      await role(page, 2, "rows");
      await page.waitForFunction(() => /rows ↓ axes 0, 2 as one/.test(document.querySelector("#tensor").textContent));
      await rest(page);
      assert.deepEqual(await readAt(page, 9, 7), { value: Math.fround(valueOf(2, 2, 1, 1)), where: "2, 2, 1, 1" });
      assert.match(await agrees(hinton, page, folder), /--permute=0,2,1,3 --reshape=24x15/);
      // Each cell has the colour of its value, by the engine's table.
      const { defaultMap, layout } = await server.ask("catalogue?aspect=1.5");
      const colours = await server.ask(`colours?t=g0&map=${defaultMap.light}&scale=linear&range=auto&fold=r&dark=0`);
      await press(page, "Escape", "f");
      await page.waitForTimeout(500);
      const place = layout.tiles.find(({ tensor }) => tensor === conv);
      // 24 rows and 15 columns within the place of the tensor.
      const [w, h] = place.w / place.h > 15 / 24 ? [place.h * (15 / 24), place.h] : [place.w, place.w / (15 / 24)];
      const zoom = Number((await view(page)).at.split(",")[2]);
      const box = await page.locator("#map").boundingBox();
      const cells = [[0, 0], [9, 7], [23, 14], [12, 3], [5, 11]];
      // Beside the middle, where no cross is.
      const points = cells.map(([row, col]) => [
        box.width / 2 + ((col + 0.7) / 15 - 0.5) * w * zoom,
        box.height / 2 + ((row + 0.7) / 24 - 0.5) * h * zoom,
      ]);
      const found = await pixelsAt(page, points);
      for (const [at, [row, col]] of cells.entries()) {
        const value = valueOf(Math.floor(row / 4), Math.floor(col / 3), row % 4, col % 3);
        assert.equal(found[at].toString(16), colourOf(colours, value).toString(16), `row ${row}, column ${col}: ${value}`);
      }
      // A part of rows and columns that each are two axes: whole positions of the outer one are a slice.
      await drag(page, points[0], [points[0][0] + (w * zoom) / 15 * 5, points[0][1] + (h * zoom) / 24 * 7]);
      await page.waitForSelector("#selected");
      assert.match(await page.textContent("#selected"), /\[0:8, 0:6\]/);
      assert.match(await agrees(hinton, page, folder), /'conv\.weight\[:2,:2,:,:\]' --permute=0,2,1,3 --reshape=8x6/);
    }),

    "names: a row is called as the vocabulary beside the model calls it": served(async (open, _faults, { server, embed }) => {
      const page = await open(server, `t=${embed}&panel=1`);
      await readAt(page, 7, 2);
      assert.equal((await page.textContent("#readout .named")).trim(), "row: token word7");
      assert.match(await page.textContent("#spoken"), /row 7, token word7, column 2/);
      await readAt(page, 295, 2);
      assert.equal(await page.locator("#readout .named").count(), 0, "a row that is padding has no name");
    }),

    "axes: codes, scales and offsets of a quantised tensor, and the lines between its blocks": async (open) => {
      const folder = mkdtempSync(join(tmpdir(), "hinton-blocks-"));
      process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
      writeFileSync(join(folder, "w.gguf"), quantised());
      const server = await serve(hinton, join(folder, "w.gguf"));
      try {
        const page = await open(server, "t=0&panel=1");
        await page.focus("#map");
        await press(page, "f");
        await rest(page);
        const [row, col] = [2, 41];
        const block = row * 2 + 1;
        assert.deepEqual(await readAt(page, row, col), { value: 2 ** block * codeOf(block, col - 32) + block, where: "2, 41" });
        const choose = async (name) => {
          await page.locator("#axes .components").getByRole("button", { name, exact: true }).click();
          await page.waitForFunction((wanted) => document.querySelector("#axes .components .on").textContent === wanted, name);
          await rest(page);
        };
        await choose("codes");
        assert.equal((await readAt(page, row, col)).value, codeOf(block, col - 32));
        assert.match(await agrees(hinton, page, folder), / -t w@codes /);
        assert.equal((await view(page)).view, "0:@codes");
        // Colours are of the codes, whatever range values have: 0 to 15.
        const { high } = await server.ask("colours?t=0&v=0:@codes&share=1");
        assert.ok(high <= 15, `the range of codes ends at ${high}`);
        await choose("scales");
        assert.deepEqual(await readAt(page, row, 1), { value: 2 ** block, where: "2, 1" });
        assert.match(await agrees(hinton, page, folder), / -t w@scales /);
        // The key goes on to offsets, and back to values.
        await page.focus("#map");
        await press(page, "q");
        await page.waitForFunction(() => document.querySelector("#axes .components .on").textContent === "offsets");
        assert.deepEqual(await readAt(page, row, 1), { value: block, where: "2, 1" });
        await page.focus("#map");
        await press(page, "q");
        await page.waitForFunction(() => document.querySelector("#axes .components .on").textContent === "values");
        await press(page, "Escape", "f");
        await page.waitForTimeout(500);
        await rest(page);
        // A line stands where the second block of each row begins, and none in the middle of a block.
        const dark = await page.evaluate(() => {
          const canvas = document.getElementById("words");
          const { width, height } = canvas;
          const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          const drawn = (x) => {
            let count = 0;
            for (let y = 0; y < height; y++) count += pixels[(y * width + x) * 4 + 3] > 20 ? 1 : 0;
            return count;
          };
          return Array.from({ length: width }, (_, x) => drawn(x));
        });
        const middle = Math.round(dark.length / 2);
        const near = (x) => Math.max(...dark.slice(x - 2, x + 3));
        assert.ok(near(middle) > 20, `a line in the middle of the map: ${near(middle)}`);
      } finally {
        server.stop();
      }
    },

    "axes: a slice is typed, and what is wrong with one is said": served(async (open, faults, { folder, server, fc }) => {
      const page = await open(server, `t=${fc}&panel=1`);
      await page.focus("#map");
      await press(page, "i");
      const field = page.locator("#axes form input");
      await field.fill("[::-2, 3:]");
      await field.press("Enter");
      await rest(page);
      assert.equal(await field.inputValue(), "[::-2,3:]");
      assert.equal((await readAt(page, 1, 2)).where, "5, 5");
      const { value } = await readAt(page, 3, 8);
      assert.equal(value, Math.fround(Math.cos((1 * 12 + 11) * 0.7)));
      assert.match(await agrees(hinton, page, folder), /'fc\.weight\[::-2,3:\]'/);
      // Statistics and curves are of the slice.
      assert.match(await page.textContent("#tensor"), /\[::-2,3:\]/);
      for (const [text, why] of [["[9]", /position 9 is outside axis 0/], ["[0,0,0]", /names 3 axes/], ["[a]", /not a whole number/], ["[4:4]", /takes no values/]]) {
        await field.fill(text);
        await field.press("Enter");
        await page.waitForFunction((pattern) => new RegExp(pattern).test(document.querySelector("#axes [role=alert]")?.textContent ?? ""), why.source);
      }
      assert.equal((await view(page)).view, `${fc}:[::-2,3:]`, "the view stays");
      const expected = /400|Failed to load resource/;
      assert.ok(faults.length > 0 && faults.every((fault) => expected.test(fault)), faults.join());
      faults.length = 0;
    }),
  };
}
