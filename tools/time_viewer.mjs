// Times the viewer against its limits: its server alone, and the page in Chromium with a software rasteriser.
//
//   npm --prefix web ci
//   node tools/time_viewer.mjs target/release/hinton chromium [--page hinton.html] [--small SMALL] [--write] [MODEL…]
//
// MODEL is a large dense model, SMALL a file that is dropped on the static page (cargo xtask wasm). With --write the table
// takes the place of the section "The viewer" in docs/benchmarks.md, which cargo xtask bench keeps. Wall time says
// something on a quiet machine only; processor time is that of the server.

import { spawn } from "node:child_process";
import { closeSync, existsSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { createInterface } from "node:readline";
import { brotliCompressSync, constants } from "node:zlib";
import { launch, safetensors } from "../web/test/viewer-kit.mjs";

const words = process.argv.slice(2);
const flag = (name) => words.includes(name) && words.splice(words.indexOf(name), 1).length > 0;
const option = (name) => (words.includes(name) ? words.splice(words.indexOf(name), 2)[1] : undefined);
const write = flag("--write");
const [staticPage, small] = [option("--page"), option("--small")];
const [hinton, chromium, ...models] = words;
const folder = mkdtempSync(join(tmpdir(), "hinton-time-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** What was measured, what it may be at most, and what it was. */
const rows = [];
function row(what, most, measured) {
  rows.push([what, most, measured]);
  console.log(`${what}\n  at most ${most}: ${measured}`);
}

/** User and system time of a process so far, milliseconds, and its memory beside mapped files, megabytes (Linux). */
function usage(pid) {
  if (!existsSync(`/proc/${pid}/stat`)) return { cpu: Number.NaN, memory: Number.NaN };
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, "utf8").match(/RssAnon:\s+(\d+)/);
  return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, memory: Number(kilobytes) / 1024 };
}

/** `hinton view` of a path: its address, and what a question costs. */
async function served(path) {
  const begun = performance.now();
  const server = spawn(hinton, ["view", "--no-open", path], { stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise((found) => createInterface({ input: server.stdout }).once("line", found));
  const [base, key] = address.split("#k=");
  const ask = async (question) => {
    const start = performance.now();
    const response = await fetch(`${base}api/${question}`, { headers: { "X-Hinton-Key": key } });
    const body = await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${question}: ${response.status}`);
    return { body, wall: performance.now() - start };
  };
  return { address, ask, opened: performance.now() - begun, used: () => usage(server.pid), stop: () => server.kill() };
}

const ms = (value) => (Number.isFinite(value) ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : "not reached");
const middle = (values) => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];

/** When a mark of the page was set, milliseconds after it was opened. */
async function marked(page, name, timeout) {
  const found = await page.waitForFunction((wanted) => performance.getEntriesByName(wanted)[0]?.startTime, name, { timeout, polling: 50 }).catch(() => null);
  return found ? found.jsonValue() : Number.NaN;
}

/** Opens a path several times with the browser already there: from the command to the marks, medians. */
async function opened(browser, path, times, wants) {
  const runs = [];
  for (let time = 0; time < times; time++) {
    const server = await served(path);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(server.address);
    const first = server.opened + (await marked(page, "hinton:first-map", 120_000));
    const exact = wants ? server.opened + (await marked(page, "hinton:exact-map", 120_000)) : Number.NaN;
    runs.push({ first, exact, ...server.used() });
    await page.close();
    server.stop();
  }
  return { first: middle(runs.map((run) => run.first)), exact: middle(runs.map((run) => run.exact)), memory: Math.max(...runs.map((run) => run.memory)) };
}

/** 100 GB of a language model in shards whose values are holes in the file. */
function sparse() {
  const path = join(folder, "sparse");
  mkdirSync(path);
  const weight_map = {};
  for (let shard = 0; shard < 20; shard++) {
    const file = `model-${String(shard + 1).padStart(5, "0")}-of-00020.safetensors`;
    const header = {};
    let offset = 0;
    const add = (name, shape) => {
      const bytes = 2 * shape.reduce((all, length) => all * length, 1);
      header[name] = { dtype: "BF16", shape, data_offsets: [offset, offset + bytes] };
      weight_map[name] = file;
      offset += bytes;
    };
    if (shard === 0) add("model.embed_tokens.weight", [32_000, 8192]);
    for (let layer = shard * 4; layer < shard * 4 + 4; layer++) {
      const at = `model.layers.${layer}`;
      for (const part of ["q", "o"]) add(`${at}.self_attn.${part}_proj.weight`, [8192, 8192]);
      for (const part of ["k", "v"]) add(`${at}.self_attn.${part}_proj.weight`, [1024, 8192]);
      for (const part of ["gate", "up"]) add(`${at}.mlp.${part}_proj.weight`, [19_200, 8192]);
      add(`${at}.mlp.down_proj.weight`, [8192, 19_200]);
      for (const part of ["input", "post_attention"]) add(`${at}.${part}_layernorm.weight`, [8192]);
    }
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const place = openSync(join(path, file), "w");
    writeSync(place, Buffer.concat([length, text]));
    ftruncateSync(place, 8 + text.length + offset);
    closeSync(place);
  }
  writeFileSync(join(path, "model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map }));
  return path;
}

/** Times of 100 tiles of the largest tensor, levels 0 to 6. */
async function tiles(path) {
  const server = await served(path);
  const { tensors } = JSON.parse(new TextDecoder().decode((await server.ask("catalogue?aspect=1.04")).body));
  const largest = tensors.reduce((one, other) => (one.rows * one.cols < other.rows * other.cols ? other : one));
  const times = [];
  for (let count = 0; count < 100; count++) {
    const level = count % 7;
    const place = (extent) => (count * 7) % Math.ceil(extent / 256 / 2 ** level);
    times.push((await server.ask(`tiles?q=${largest.id}.r.${level}.${place(largest.rows)}.${place(largest.cols)}`)).wall);
  }
  server.stop();
  times.sort((one, other) => one - other);
  row(`a tile of ${basename(path)} (${largest.name}), levels 0 to 6, median and 99th of 100`, "3 ms, 20 ms", `${ms(times[50])}, ${ms(times[98])}`);
}

/** From a key to the frame after the map was drawn anew, and what was asked for meanwhile. */
async function recoloured(browser, path) {
  const server = await served(path);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(server.address);
  await marked(page, "hinton:exact-map", 60_000);
  await page.waitForTimeout(1000);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const times = [];
  for (let time = 0; time < 12; time++) {
    times.push(
      await page.evaluate(async (key) => {
        const map = document.getElementById("map");
        const isCard = map.dataset.painter === "card";
        const canvas = document.getElementById(isCard ? "card" : "plain");
        const [x, y] = [Math.floor(canvas.width / 2) - 32, Math.floor(canvas.height / 2)];
        const probe = () => {
          if (!isCard) return canvas.getContext("2d").getImageData(x, y, 64, 1).data.join();
          const [gl, bytes] = [canvas.getContext("webgl2"), new Uint8Array(4 * 64)];
          gl.readPixels(x, y, 64, 1, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
          return bytes.join();
        };
        map.focus();
        const before = probe();
        const begun = performance.now();
        map.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        for (let frame = 0; frame < 600; frame++) {
          await new Promise((next) => requestAnimationFrame(next));
          if (probe() !== before) return performance.now() - begun;
        }
        return Number.NaN;
      }, time % 2 ? "m" : "r"),
    );
    await page.waitForTimeout(150);
  }
  const seen = times.filter(Number.isFinite);
  const count = (route) => asked.filter((url) => url.includes(`/api/${route}`)).length;
  row(
    "changing range or map, whole screen 1280x800, software GL",
    "60 ms, no request",
    `${ms(middle(seen))}, no tile asked for again${count("tiles") > 0 ? `: WRONG, ${count("tiles")}` : ""}; ${(count("colours") / times.length).toFixed(1)} requests for a table of colours`,
  );
  await page.close();
  server.stop();
}

/** Brotli, as a server of files sends them. */
const packed = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
const kB = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;

async function sizes(path) {
  const server = await served(path);
  const [base] = server.address.split("#");
  let all = 0;
  for (const file of ["", "viewer.js", "viewer.css", "favicon.svg"]) all += packed(Buffer.from(await (await fetch(base + file)).arrayBuffer()));
  server.stop();
  const alone = staticPage ? kB(packed(readFileSync(staticPage))) : "not built";
  row("size of the page, packed (Brotli): with server, with WebAssembly", "150 kB, 1,500 kB", `${kB(all)}, ${alone}`);
}

/** From the drop of a file on the static page to its first picture. */
async function dropped(browser) {
  const times = [];
  for (let time = 0; time < 3; time++) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(pathToFileURL(staticPage).href);
    await page.waitForSelector("#welcome input[type=file]", { state: "attached" });
    await page.waitForTimeout(500);
    await page.evaluate(() => {
      document.addEventListener("change", () => (window.begun = performance.now()), { capture: true, once: true });
    });
    await page.locator("#welcome input[type=file]").first().setInputFiles(small);
    const first = await marked(page, "hinton:first-map", 60_000);
    times.push(first - (await page.evaluate(() => window.begun)));
    await page.close();
  }
  row(`from a file on the static page to the first picture, ${basename(small)}, ${(statSync(small).size / 1e6).toFixed(0)} MB`, "1,000 ms", ms(middle(times)));
}

/** 24 steps of 784x10 played twice. */
async function played(browser) {
  const run = join(folder, "run");
  mkdirSync(run);
  for (let step = 0; step < 24; step++) {
    const values = Array.from({ length: 7840 }, (_, at) => Math.sin(at * 0.37 + step / 5) * (1 + step / 12));
    writeFileSync(join(run, `step_${step * 10}.safetensors`), safetensors({ weight: { dtype: "F32", shape: [784, 10], values } }));
  }
  const server = await served(run);
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(server.address);
  await marked(page, "hinton:first-map", 60_000);
  // Four steps a second are speed 1.
  const [speed, rate] = [2.5, 10];
  await page.getByLabel("Speed").selectOption(String(speed));
  const asked = [];
  page.on("request", (request) => /\/api\/(tiles|colours|overview)/.test(request.url()) && asked.push(performance.now()));
  await page.evaluate(() => {
    window.shown = [];
    const field = document.querySelector("#timeline input[type=range]");
    let last = field.value;
    const look = (now) => {
      if (field.value !== last) window.shown.push([now, (last = field.value)]);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.focus("#map");
  await page.keyboard.press(" ");
  await page.waitForFunction(() => window.shown.length >= 24, null, { timeout: 60_000 });
  const after = asked.length;
  await page.waitForFunction(() => window.shown.length >= 72, null, { timeout: 60_000 });
  const shown = (await page.evaluate(() => window.shown)).slice(24, 72);
  const steps = shown.map(([, value]) => Number(value));
  const inOrder = steps.slice(1).filter((value, at) => value !== (steps[at] + 1) % 24).length;
  const took = (shown.at(-1)[0] - shown[0][0]) / (shown.length - 1);
  row(
    `24 steps of 784x10 played at ${rate} a second`,
    "no step dropped, no request after the first loop",
    `${inOrder} of 48 steps dropped, one every ${ms(took)}; ${asked.length - after} requests`,
  );
  await page.close();
  server.stop();
}

const browser = await launch(chromium);
try {
  const large = await opened(browser, sparse(), 3, false);
  row("100 GB of sharded safetensors (sparse), 721 tensors: from the command to the first complete map, warm; memory of the server beside the mapping", "500 ms, 150 MB", `${ms(large.first)}, ${Math.round(large.memory)} MB`);
  for (const model of models) {
    const { first, exact, memory } = await opened(browser, model, 3, true);
    row(`${basename(model)}, ${(statSync(model).size / 1e9).toFixed(1)} GB dense: from the command to the first map, to the exact map with all statistics`, "500 ms, 2,000 ms", `${ms(first)}, ${ms(exact)}; ${Math.round(memory)} MB`);
    await tiles(model);
    await recoloured(browser, model);
    await sizes(model);
  }
  if (staticPage && small) await dropped(browser);
  await played(browser);
} finally {
  await browser.close();
}

if (write) {
  const path = new URL("../docs/benchmarks.md", import.meta.url);
  const text = readFileSync(path, "utf8");
  const [before, behind = ""] = text.split("\n## The viewer\n");
  // What was measured by others stands behind it.
  const others = behind.includes("\n## ") ? behind.slice(behind.indexOf("\n## ")) : "";
  const lines = rows.map((cells) => `| ${cells.join(" | ")} |`);
  const load = loadavg()[0].toFixed(1);
  writeFileSync(
    path,
    `${before.trimEnd()}\n\n## The viewer\n\nWritten by \`node tools/time_viewer.mjs … --write\`, in Chromium with a software rasteriser (SwiftShader) beside the server, on ${cpus().length} cores; ` +
      `the load of the machine was ${load} at the end.\n\n| what | at most | measured |\n| --- | --- | --- |\n${lines.join("\n")}\n${others}`,
  );
}
process.exit();
