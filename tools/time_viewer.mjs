// Times the viewer: its server alone, and the page in Chromium with a software rasteriser.
//
//   npm --prefix web ci
//   node tools/time_viewer.mjs target/release/hinton chromium MODEL…
//
// Wall time says something on a quiet machine only; processor time is that of the server.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { launch } from "../web/test/viewer-kit.mjs";

const [hinton, browser, ...models] = process.argv.slice(2);

/** User and system time of a process so far, milliseconds, and its memory beside mapped files, megabytes (Linux). */
function usage(pid) {
  if (!existsSync(`/proc/${pid}/stat`)) return { cpu: Number.NaN, memory: Number.NaN };
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, "utf8").match(/RssAnon:\s+(\d+)/);
  return { cpu: (Number(fields[11]) + Number(fields[12])) * 10, memory: Number(kilobytes) / 1024 };
}

for (const model of models) {
  const server = spawn(hinton, ["view", "--no-open", model], { stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise((found) => createInterface({ input: server.stdout }).once("line", found));
  const [base, key] = address.split("#k=");
  const ask = async (question) => {
    const [start, before] = [performance.now(), usage(server.pid).cpu];
    const response = await fetch(`${base}api/${question}`, { headers: { "X-Hinton-Key": key } });
    const body = await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${question}: ${response.status}`);
    return { body, wall: performance.now() - start, cpu: usage(server.pid).cpu - before };
  };
  const told = ({ wall, cpu, body }) => `${wall.toFixed(0)} ms (${cpu} ms of processor, ${(body.byteLength / 1e6).toFixed(2)} MB)`;
  // Work ahead goes on beside these questions, and its time is counted with theirs.
  const catalogue = await ask("catalogue?aspect=1.04");
  const { tensors } = JSON.parse(new TextDecoder().decode(catalogue.body));
  const overview = await ask("overview?aspect=1.04&w=720&h=690&ratio=1");
  const largest = tensors.reduce((one, other) => (one.rows * one.cols < other.rows * other.cols ? other : one));
  const times = [];
  for (let count = 0; count < 100; count++) {
    const level = count % 7;
    const place = (extent) => (count * 7) % Math.ceil(extent / 256 / 2 ** level);
    times.push((await ask(`tiles?q=${largest.id}.r.${level}.${place(largest.rows)}.${place(largest.cols)}`)).wall);
  }
  times.sort((one, other) => one - other);
  console.log(`${model}: ${tensors.length} tensors`);
  console.log(`  catalogue ${told(catalogue)}, overview ${told(overview)}`);
  console.log(`  a tile, levels 0 to 6 of ${largest.name}: median ${times[50].toFixed(1)} ms, 99th ${times[98].toFixed(1)} ms`);
  const chromium = await launch(browser);
  const page = await chromium.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(address);
  const mark = async (name, timeout) => {
    const found = (wanted) => performance.getEntriesByName(wanted)[0]?.startTime;
    const there = await page.waitForFunction(found, name, { timeout, polling: 100 }).catch(() => null);
    return there ? `${Math.round(await there.jsonValue())} ms` : `not within ${timeout / 1000} s`;
  };
  console.log(`  first map ${await mark("hinton:first-map", 120_000)}, exact map ${await mark("hinton:exact-map", 60_000)}`);
  console.log(`  server ${usage(server.pid).memory.toFixed(0)} MB beside mapped files`);
  await chromium.close();
  server.kill();
}
process.exit();
