// What the tests of the viewer stand on: small models, a server, a browser, pixels.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

// Each server and folder of the tests is cleared away at the end.
process.setMaxListeners(0);

export const DESKTOP = { width: 1000, height: 700 };

/** Bytes of a safetensors file: 8 bytes of length, a header in JSON, the values. */
export function safetensors(tensors) {
  const header = {};
  const parts = [];
  let offset = 0;
  for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
    const bytes = dtype === "BF16" ? bf16(values) : new Uint8Array(Float32Array.from(values).buffer);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  let text = JSON.stringify(header);
  // Values begin at a multiple of eight.
  text += " ".repeat((8 - (text.length % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, Buffer.from(text), ...parts]);
}

/** The upper halves: the values are chosen so that nothing is lost. */
function bf16(values) {
  const words = new Uint32Array(Float32Array.from(values).buffer);
  return new Uint8Array(Uint16Array.from(words, (word) => word >>> 16).buffer);
}

/** A matrix of a formula that differs from cell to cell. */
export function matrix(rows, cols, value, dtype = "F32") {
  const values = [];
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) values.push(value(r, c));
  return { dtype, shape: rows === 1 ? [cols] : [rows, cols], values };
}

const wave = (scale) => (r, c) => scale * Math.sin(r * 1.7 + c * 0.37) * Math.cos(r * 0.11 - c * 2.3);

/** A model with one value that is not a number and one that is infinite. */
export const MODEL = {
  "embed.weight": matrix(600, 300, wave(0.4)),
  "layers.0.weight": matrix(64, 48, (r, c) => (r === 5 && c === 7 ? Number.NaN : r === 6 && c === 9 ? Number.POSITIVE_INFINITY : wave(0.5)(r, c))),
  "layers.0.bias": matrix(1, 48, (_, c) => 0.01 * c),
  "layers.1.weight": matrix(64, 48, (r, c) => ((r * 48 + c) % 64) / 64 - 0.5, "BF16"),
  "layers.1.bias": matrix(1, 48, (_, c) => -0.02 * c),
};

/** Checkpoints of a run whose one matrix grows from step to step. */
export const STEPS = Array.from({ length: 6 }, (_, step) => ({
  "net.weight": matrix(12, 16, (r, c) => ((step + 1) / 6) * wave(1)(r, c)),
  "net.bias": matrix(1, 16, (_, c) => (step * c) / 100),
}));

/** The model after some more training: one matrix differs everywhere, the others do not. */
export const TUNED = {
  ...MODEL,
  "layers.1.weight": matrix(64, 48, (r, c) => ((r * 48 + c) % 64) / 64 - 0.25, "BF16"),
};

/** Writes the files into a folder of their own, which is removed at the end. */
/** Matrices beside vectors of several kinds, each with a range of its own. */
export const KINDS = {
  "model.embed_tokens.weight": matrix(24, 16, (row, col) => 0.1 * Math.sin(row * 5 + col * 3)),
  ...Object.fromEntries(
    [0, 1].flatMap((layer) => [
      [`model.layers.${layer}.input_layernorm.weight`, matrix(1, 16, (_, col) => 1 + 0.02 * col)],
      ...["q", "k", "v", "o"].map((name, index) => [
        `model.layers.${layer}.self_attn.${name}_proj.weight`,
        matrix(16, 16, (row, col) => 0.1 * Math.sin(row * 5 + col * 3 + layer + index)),
      ]),
    ]),
  ),
  "model.norm.weight": matrix(1, 16, (_, col) => 2 + 0.02 * col),
  "lm_head.weight": matrix(24, 16, (row, col) => 0.1 * Math.cos(row * 7 - col * 2)),
};

export function writeModels() {
  const folder = mkdtempSync(join(tmpdir(), "hinton-viewer-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const model = join(folder, "model.safetensors");
  writeFileSync(model, safetensors(MODEL));
  const tuned = join(folder, "tuned.safetensors");
  writeFileSync(tuned, safetensors(TUNED));
  const run = join(folder, "run");
  mkdirSync(run);
  for (const [step, tensors] of STEPS.entries()) writeFileSync(join(run, `step_${step * 10}.safetensors`), safetensors(tensors));
  const kinds = join(folder, "kinds.safetensors");
  writeFileSync(kinds, safetensors(KINDS));
  return { folder, model, tuned, run, kinds };
}

/** Starts `hinton view` and reads the address that it prints. */
export async function serve(hinton, ...paths) {
  const server = spawn(hinton, ["view", "--no-open", "--port", "0", ...paths], { stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => server.kill());
  const address = await new Promise((found, failed) => {
    createInterface({ input: server.stdout }).once("line", found);
    server.once("exit", (code) => failed(new Error(`hinton view ended with ${code}`)));
    server.once("error", failed);
  });
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/#k=[0-9a-f]{32}$/);
  const key = address.split("#k=")[1];
  return {
    address,
    stop: () => server.kill(),
    /** What the server says to a question, as the page would ask it. */
    async ask(question) {
      const response = await fetch(`${address.split("#")[0]}api/${question}`, { headers: { "X-Hinton-Key": key } });
      assert.equal(response.status, 200, question);
      return response.json();
    },
  };
}

export function launch(executablePath) {
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-background-networking",
      // Drawn in software: the same on machines with and without a graphics card.
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
    ],
  });
}

/** Opens pages of servers and remembers everything they complain of. */
export function opener(browser, faults) {
  const contexts = [];
  const open = async (server, view = "", options = {}) => {
    const { state = "first", anew = false, ...rest } = options;
    const context = await browser.newContext({ viewport: DESKTOP, colorScheme: "light", permissions: ["clipboard-read", "clipboard-write"], ...rest });
    contexts.push(context);
    if (process.env.ASSETS) {
      // The page as it was built last, without building the program that holds it.
      for (const file of ["viewer.js", "viewer.css"]) await context.route(`**/${file}`, (route) => route.fulfill({ path: join(process.env.ASSETS, file) }));
    }
    const page = await context.newPage();
    page.asked = [];
    page.on("pageerror", (error) => faults.push(error.stack));
    page.on("console", (message) => {
      // What the software rasteriser says of its own speed, and of pixels that a test reads, is no fault of the page.
      if (!/GPU stall|GL Driver Message|willReadFrequently/.test(message.text())) faults.push(message.text());
    });
    page.on("request", (request) => {
      page.asked.push(request.url());
      if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(server.address.split("#")[0])) faults.push(`asks for ${request.url()}`);
      if (request.url().includes(server.address.split("#k=")[1])) faults.push(`the key is in ${request.url()}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} for ${response.url()}`);
    });
    // The map that the catalogue of the tests has, whatever the window.
    const words = /(^|&)(at|a)=/.test(view) ? view : `v=1&a=1.5${view && `&${view.replace(/^v=1&?/, "")}`}`;
    await page.goto(`${server.address}&${anew ? view : words}`);
    if (state !== "none") await shown(page, state);
    return page;
  };
  return { open, close: () => Promise.all(contexts.map((context) => context.close())) };
}

/** Waits until the picture is complete, or exact. */
export async function shown(page, state = "first") {
  const wanted = state === "exact" ? ["exact"] : ["first", "exact"];
  await page.waitForFunction((states) => states.includes(document.body.dataset.state), wanted, { timeout: 120_000 });
  await rest(page);
}

/** Waits until nothing is on its way, nothing moves, and the address says so. */
export async function rest(page) {
  const end = Date.now() + 120_000;
  for (;;) {
    const isQuiet = await page.evaluate(
      () =>
        new Promise((done) => {
          const { body } = document;
          const quiet = () => body.dataset.moving === undefined && !(document.getElementById("status")?.textContent ?? "").includes("on the way");
          requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(quiet()), 60)));
        }),
    );
    if (isQuiet) return;
    assert.ok(Date.now() < end, "the page comes to rest within two minutes");
  }
}

/** Colours of points of the map, in CSS pixels from its upper left, as 0xrrggbb. */
export async function pixelsAt(page, points) {
  const { width, ratio, words } = await picture(page);
  return points.map(([x, y]) => words[Math.floor(y * ratio) * width + Math.floor(x * ratio)]);
}

/** The canvas that is seen: who drew it, and all pixels of the device as 0xrrggbb, from the upper left. */
export async function picture(page) {
  const { packed, ...rest } = await page.evaluate(async () => {
    const isCard = document.getElementById("map").dataset.painter === "card";
    const canvas = document.getElementById(isCard ? "card" : "plain");
    const { width, height } = canvas;
    let bytes = new Uint8Array(width * height * 4);
    if (isCard) {
      const gl = canvas.getContext("webgl2");
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    } else bytes = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    const words = new Uint32Array(width * height);
    for (let y = 0; y < height; y++) {
      // A card counts rows from below.
      let at = (isCard ? height - 1 - y : y) * width * 4;
      for (let x = 0; x < width; x++, at += 4) words[y * width + x] = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    }
    const packed = await new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
      reader.readAsDataURL(new Blob([words]));
    });
    return { painter: isCard ? "card" : "plain", width, height, ratio: devicePixelRatio, packed };
  });
  return { ...rest, words: new Uint32Array(new Uint8Array(Buffer.from(packed, "base64")).buffer) };
}

/** How many colours the map has, on a grid of points; a blank one has one. */
export async function variety(page) {
  const box = await page.locator("#map").boundingBox();
  const points = [];
  for (let x = 0; x < 60; x++) for (let y = 0; y < 40; y++) points.push([((x + 0.5) * box.width) / 60, ((y + 0.5) * box.height) / 40]);
  return new Set(await pixelsAt(page, points)).size;
}

/** Everything the address says of the view. */
export async function view(page) {
  await rest(page);
  // Of the page itself: what the browser says of it may be older.
  const hash = await page.evaluate(() => location.hash);
  return Object.fromEntries(new URLSearchParams(hash.slice(1)));
}

/** Where a cell of a tensor is on the screen, in CSS pixels from the map's upper left. */
export async function cellOnMap(page, catalogue, tensor, row, col) {
  const place = catalogue.layout.tiles.find((tile) => tile.tensor === tensor);
  const { rows, cols } = catalogue.tensors[tensor];
  const [x, y, zoom] = (await view(page)).at.split(",").map(Number);
  const box = await page.locator("#map").boundingBox();
  return [
    (place.x + ((col + 0.5) / cols) * place.w - x) * zoom + box.width / 2,
    (place.y + ((row + 0.5) / rows) * place.h - y) * zoom + box.height / 2,
  ];
}

/** Puts the mouse on a point of the map. */
export async function point(page, [x, y]) {
  const box = await page.locator("#map").boundingBox();
  await page.mouse.move(box.x + x, box.y + y);
  return [box.x + x, box.y + y];
}
