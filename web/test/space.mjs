// Turns, zooms and plays the pages that `cargo run -p hinton --example space_page` wrote, in a real
// browser: `node test/space.mjs FOLDER CHROMIUM [SCREENSHOTS]`.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";
import { chromium } from "playwright-core";

const [folder, executablePath, screenshots] = process.argv.slice(2);
const DESKTOP = { width: 1000, height: 700 };
const PHONE = { width: 390, height: 780 };

/** The colours of every pixel of a PNG with 8 bits a channel, as numbers: RFC 2083. */
function pixels(png) {
  const [width, height, channels] = [png.readUInt32BE(16), png.readUInt32BE(20), { 2: 3, 6: 4 }[png[25]]];
  const parts = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  let above = new Uint8Array(stride);
  const found = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    const row = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    for (let x = 0; x < stride; x++) {
      const a = x < channels ? 0 : row[x - channels];
      const b = above[x];
      const c = x < channels ? 0 : above[x - channels];
      row[x] += [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter];
    }
    for (let x = 0; x < width; x++) {
      found[y * width + x] = (row[x * channels] << 16) | (row[x * channels + 1] << 8) | row[x * channels + 2];
    }
    above = row;
  }
  return found;
}

function paeth(a, b, c) {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** The share of pixels that differ. */
function changed(one, other) {
  let count = 0;
  for (let at = 0; at < one.length; at++) count += one[at] !== other[at];
  return count / one.length;
}

const count = (picture, color) => picture.reduce((sum, pixel) => sum + (pixel === color), 0);

/** Whether a colour is one of three, or something between them, but for what rounding does. */
function isMixture(color, ...three) {
  const channels = (value) => [value >> 16, (value >> 8) & 255, value & 255];
  const [p, a, b] = three.map(channels);
  const [u, v, w] = [a, b, channels(color)].map((other) => other.map((value, at) => value - p[at]));
  const dot = (one, other) => one.reduce((sum, value, at) => sum + value * other[at], 0);
  const det = dot(u, u) * dot(v, v) - dot(u, v) ** 2;
  const s = (dot(v, v) * dot(w, u) - dot(u, v) * dot(w, v)) / det;
  const t = (dot(u, u) * dot(w, v) - dot(u, v) * dot(w, u)) / det;
  const off = Math.hypot(...w.map((value, at) => value - s * u[at] - t * v[at]));
  return s > -0.02 && t > -0.02 && s + t < 1.02 && off < 3;
}

/** What a page says of itself in its address, when it has come to rest. */
async function said(page) {
  for (let before = null; before !== page.url(); ) {
    before = page.url();
    await page.waitForTimeout(500);
  }
  return Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)));
}

/** Looks at a page again and again while it plays. */
async function watch(page, look) {
  for (const end = Date.now() + 120_000; (await page.getAttribute("#play", "aria-label")) === "Pause"; ) {
    assert.ok(Date.now() < end, "it plays on and on");
    await look();
    await page.waitForTimeout(20);
  }
}

/** The picture alone, when it has come to rest. */
async function picture(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return pixels(await page.locator("#stage").screenshot({ style: "#tools { visibility: hidden }" }));
}

const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

async function drag(page, dx, dy, options = {}) {
  const box = await page.locator("#stage").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down(options);
  await page.mouse.move(x + dx / 2, y + dy / 2);
  await page.mouse.move(x + dx, y + dy);
  await page.mouse.up(options);
}

const TESTS = {
  async "it draws the colours of the data and nothing else shades them"(open) {
    const page = await open("rings", "step=3&axes=off");
    const shown = await picture(page);
    assert.ok(count(shown, 0x0072b2) > 500, "the inner ring is as blue as was asked");
    assert.ok(count(shown, 0xd55e00) > 500, "the outer ring is as orange as was asked");
    // At rims they are mixed with each other and with the page, and nothing else is anywhere.
    const strange = [...new Set(shown)].filter((color) => !isMixture(color, 0xffffff, 0x0072b2, 0xd55e00));
    assert.deepEqual(strange, []);
    const mesh = await picture(await open("fold", "step=1"));
    assert.ok(new Set(mesh).size > 100, "a mesh has a hundred colours and more");
  },

  async "a plane has its regions, and arrows go through all steps"(open) {
    const page = await open("plane");
    const shown = await picture(page);
    // Three tenths of each class's colour on the white page.
    assert.ok(count(shown, 0xb2d5e8) > 5000, "the middle is the inner ring's");
    assert.ok(count(shown, 0xf2cfb2) > 5000, "the rest is the outer ring's");
    const ends = () => page.evaluate(() => [...document.querySelectorAll("#guides .head")].map((head) => head.getBoundingClientRect().right));
    const before = await ends();
    assert.equal(before.length, 2);
    await press(page, "3");
    await said(page);
    const bent = await picture(page);
    assert.ok(count(bent, 0xb2d5e8) < 50, "regions are of the plane alone");
    assert.notDeepEqual(await ends(), before, "arrows move as the points do");
    await press(page, "1", "g");
    assert.equal((await said(page)).guides, "off");
    assert.ok(await page.locator("#guides").isHidden());
  },

  async "classes in the legend are drawn or not"(open) {
    const page = await open("rings", "step=3&axes=off");
    await page.click("#legend .label >> nth=0");
    assert.equal((await said(page)).hidden, "0");
    const without = await picture(page);
    assert.equal(count(without, 0x0072b2), 0, "the inner ring is gone");
    assert.ok(count(without, 0xd55e00) > 500, "the outer ring is there");
    assert.equal(await page.locator("#legend .label >> nth=0").getAttribute("aria-pressed"), "false");
    await page.click("#legend .label >> nth=0");
    assert.ok(count(await picture(page), 0x0072b2) > 500);
    assert.ok(count(await picture(await open("rings", "step=3&axes=off&hidden=1")), 0xd55e00) === 0, "and by the address");
  },

  async "the point under the mouse says what it is"(open) {
    const page = await open("plane");
    await picture(page);
    const box = await page.locator("#stage").boundingBox();
    let text = "";
    for (let x = box.width / 2; x < box.width && !text; x += 4) {
      await page.mouse.move(box.x + x, box.y + box.height / 2);
      await picture(page);
      if (await page.locator("#tip").isVisible()) text = await page.locator("#tip span").textContent();
    }
    assert.match(text, /^(inner|outer) ring\npoint \d+\nx .*\ny /);
    assert.ok(await page.locator("#tip canvas").isVisible(), "its picture is shown");
    await page.mouse.move(box.x + 2, box.y + 2);
    await picture(page);
    assert.ok(await page.locator("#tip").isHidden());
  },

  async "axes are as in the picture until the reader chooses"(open) {
    const page = await open("plane", "step=3");
    const before = await picture(page);
    assert.ok(!(await page.locator("#equal-axes").isChecked()), "this step has axes of their own");
    await press(page, "e");
    assert.equal((await said(page)).equal, "on");
    assert.ok(changed(before, await picture(page)) > 0.01);
    assert.ok(await page.locator("#equal-axes").isChecked());
  },

  async "what is nearer hides what is farther"(open) {
    const [orange, blue] = [0xd55e00, 0x0072b2];
    const front = await picture(await open("depth", "azimuth=0&elevation=0&size=20&axes=off"));
    assert.ok(count(front, orange) > 100 && count(front, blue) === 0, "the near one, though it is drawn first");
    const back = await picture(await open("depth", "azimuth=180&elevation=0&size=20&axes=off"));
    assert.ok(count(back, blue) > 100 && count(back, orange) === 0, "and from the other side the other");
  },

  async "dragging turns it, and reset brings it back"(open) {
    const page = await open("fold", "step=3");
    const before = await picture(page);
    assert.ok(await page.locator("#reset").isDisabled());
    await drag(page, 120, -60);
    const { azimuth, elevation } = await said(page);
    assert.equal(Number(azimuth), -108);
    assert.equal(Number(elevation), 6);
    assert.ok(changed(before, await picture(page)) > 0.05, "the picture changed");
    await page.click("#reset");
    assert.equal(changed(before, await picture(page)), 0, "the picture is what it was");
    assert.deepEqual(await said(page), { step: "3" });
  },

  async "the wheel zooms, the other button moves"(open) {
    const page = await open("fold", "step=3");
    const before = await picture(page);
    await page.mouse.move(600, 300);
    await page.mouse.wheel(0, -400);
    assert.ok(Number((await said(page)).zoom) > 1.5);
    assert.ok(changed(before, await picture(page)) > 0.05);
    const { panX } = await said(page);
    await drag(page, 80, 0, { button: "right" });
    const after = await said(page);
    assert.ok(Number(after.panX) < Number(panX ?? 0) - 0.05, "moved to the right");
    assert.equal(after.azimuth, undefined, "and not turned");
    await press(page, "r");
    assert.equal(changed(before, await picture(page)), 0);
  },

  async "a flat step is seen from the front whatever the camera, and moves under the mouse"(open) {
    const straight = await picture(await open("fold", "step=1"));
    const page = await open("fold", "step=1&azimuth=100&elevation=-40");
    assert.ok(changed(straight, await picture(page)) < 0.001);
    await drag(page, 50, 0);
    const { azimuth, panX } = await said(page);
    assert.equal(azimuth, "100");
    assert.ok(Number(panX) < 0);
    const axes = await page.locator("#labels span:visible").allTextContents();
    assert.ok(axes.includes("x") && axes.includes("y") && axes.includes("−4") && !axes.includes("z"), axes.join(" "));
  },

  async "a flat step has equal axes"(open) {
    const page = await open("one", "");
    const at = (text, kind) => page.locator(`#labels .tick:text-is("${text}")`).nth(kind).boundingBox();
    const across = (await at("4", 0)).x - (await at("−4", 0)).x;
    const upright = (await at("−4", 1)).y - (await at("4", 1)).y;
    // A minus sign moves the middle of its number a little.
    assert.ok(Math.abs(across - upright) < 8, `${across} and ${upright}`);
  },

  async "the slider goes through everything between two steps"(open) {
    const page = await open("fold", "");
    const pictures = [];
    for (const step of [0, 0.3, 0.6, 1]) {
      await page.locator("#slider").fill(String(step));
      pictures.push(await picture(page));
    }
    for (let at = 1; at < pictures.length; at++) {
      assert.ok(changed(pictures[at - 1], pictures[at]) > 0.03, `picture ${at} is another one`);
    }
    await page.locator("#slider").fill("1.5");
    assert.equal(await page.textContent("#where"), "Step 3 of 6 · 50 % of the way");
    assert.equal(await page.textContent("#name"), "+ tanh");
    assert.equal((await said(page)).step, "2.5");
    await page.locator("#slider").focus();
    await press(page, "ArrowRight");
    assert.equal((await said(page)).step, "2.6");
    assert.match(await page.getAttribute("#slider", "aria-valuetext"), /^\+ tanh\. Step 3 of 6/);
  },

  async "play reaches the last step and stops there; again starts anew"(open) {
    const page = await open("fold", "");
    await page.selectOption("#speed", "4");
    await page.click("#play");
    assert.equal(await page.getAttribute("#play", "aria-label"), "Pause");
    const names = new Set();
    await watch(page, async () => names.add(await page.textContent("#name")));
    assert.equal(await page.textContent("#where"), "Step 6 of 6");
    assert.ok(names.size >= 4, [...names].join(", "));
    await page.selectOption("#speed", "0.25");
    await page.click("#play");
    assert.match(await page.textContent("#where"), /^Step [12] of 6/);
    await press(page, "Space");
    assert.equal(await page.getAttribute("#play", "aria-label"), "Play");
  },

  async "keys do what their list says"(open) {
    const page = await open("fold", "step=3");
    await press(page, "ArrowLeft", "ArrowUp", "+");
    assert.deepEqual(await said(page), { step: "3", azimuth: "-55", elevation: "25", zoom: "1.2" });
    await press(page, "r", "p", "e", "a", "]");
    assert.deepEqual(await said(page), { step: "3", points: "off", size: "3", equal: "off", axes: "off" });
    await press(page, "l");
    assert.equal(new Set(await picture(page)).size, 1, "neither points nor lines nor axes");
    await press(page, "p", "l", "e", "a", "[", "6");
    assert.deepEqual(await said(page), { step: "6" });
    await press(page, ",");
    assert.deepEqual(await said(page), { step: "5" });
    await press(page, "1", ".", ".", ".");
    assert.equal((await said(page)).step, "4", "three taps are three steps");
    await press(page, "Home", "?");
    assert.ok(await page.locator("#keys").isVisible());
    await press(page, "Escape");
    assert.deepEqual(await said(page), {});
  },

  async "an address brings back what was shared"(open) {
    const hash = "step=4&azimuth=20&elevation=50&zoom=1.5&points=off&theme=dark";
    const one = await open("fold", hash);
    assert.equal((await picture(one))[0], 0x14171c, "dark");
    const other = await open("fold", "");
    await other.evaluate((hash) => (location.hash = hash), hash);
    await other.waitForFunction(() => document.getElementById("where").textContent === "Step 4 of 6");
    assert.equal(changed(await picture(one), await picture(other)), 0);
    const nonsense = await open("fold", "step=many&zoom=&azimuth=1e999&what=5&&=");
    assert.equal(await nonsense.textContent("#where"), "Step 1 of 6");
  },

  async "it follows the system's theme until another is asked for"(open) {
    const page = await open("rings", "", { colorScheme: "dark" });
    assert.equal((await picture(page))[0], 0x14171c);
    await page.emulateMedia({ colorScheme: "light" });
    assert.equal((await picture(page))[0], 0xffffff);
    await page.click("#theme");
    assert.equal((await picture(page))[0], 0x14171c);
    assert.deepEqual(await said(page), { theme: "dark" });
  },

  async "hostile names stay words, and what is missing is said"(open) {
    const page = await open("hostile", "step=2");
    assert.match(await page.title(), /^<\/script><script>document.title/);
    assert.match(await page.textContent("#name"), /^<\/script>/);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.textContent("#missing"), "13 of 81 points are not finite here and are not drawn");
    assert.match(await page.textContent("#notes"), /1 edge leads to points that are not there/);
  },

  async "nothing, one step, and many steps are pages too"(open) {
    const empty = await open("empty", "");
    assert.equal(await empty.textContent("#message"), "There are no steps to show.");
    assert.ok(!(await empty.locator("#timeline").isVisible()));
    const one = await open("one", "");
    assert.ok(!(await one.locator("#timeline").isVisible()));
    assert.ok(new Set(await picture(one)).size > 10);
    const long = await open("long", "step=61.4");
    assert.equal(await long.textContent("#name"), "Step 6100");
    // From step 60 on to 61 nothing moves: it is a cut.
    const before = await picture(await open("long", "step=60"));
    assert.equal(changed(before, await picture(await open("long", "step=60.4"))), 0);
  },

  async "values of any size are drawn, with numbers on the axes"(open) {
    for (const [step, number] of [[1, "2e38"], [2, "4e−39"], [3, "1.000004e6"], [4, "−1.2e30"], [1.5, "1e38"], [2.5, "500000"]]) {
      const page = await open("extreme", `step=${step}`);
      assert.ok(new Set(await picture(page)).size > 50 || step === 4, `step ${step} has the colours of the mesh`);
      const numbers = await page.locator("#labels .tick:visible").allTextContents();
      assert.ok(numbers.includes(number), `${step}: ${numbers.join(" ")}`);
      // Three axes, each with every number once.
      for (const text of numbers) assert.ok(numbers.filter((other) => other === text).length <= 3, numbers.join(" "));
    }
  },

  async "fingers turn and pinch on a phone"(open) {
    const page = await open("fold", "step=3", { viewport: PHONE, hasTouch: true, isMobile: true });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width, "nothing sticks out");
    const session = await page.context().newCDPSession(page);
    const touch = (type, ...points) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
    await touch("touchStart", [200, 400]);
    await touch("touchMove", [250, 400]);
    await touch("touchEnd");
    assert.equal((await said(page)).azimuth, "-80");
    await touch("touchStart", [180, 400], [220, 400]);
    await touch("touchMove", [140, 400], [260, 400]);
    await touch("touchEnd");
    assert.ok(Number((await said(page)).zoom) > 2);
  },

  async "without motion it goes from step to step"(open) {
    const page = await open("fold", "", { reducedMotion: "reduce" });
    await page.selectOption("#speed", "4");
    await page.click("#play");
    const seen = new Set();
    await watch(page, async () => seen.add(await page.textContent("#where")));
    assert.ok([...seen].every((where) => /^Step \d of 6$/.test(where)), [...seen].join(", "));
  },

  async "a browser without WebGL says so"(open) {
    const page = await open("fold", "", { withoutWebGL: true });
    assert.match(await page.textContent("#message"), /WebGL is missing/);
    assert.equal(await page.textContent("#name"), "Input");
  },
};

const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox",
    "--disable-background-networking",
    // Drawn in software: the same on machines with and without a graphics card.
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
  ],
});

/** Opens a page and remembers everything it complains of and asks for. */
async function opener(faults) {
  const contexts = [];
  const open = async (name, hash, { withoutWebGL = false, ...options } = {}) => {
    const context = await browser.newContext({ viewport: DESKTOP, colorScheme: "light", ...options });
    contexts.push(context);
    const url = pathToFileURL(resolve(join(folder, `${name}.html`))).href;
    const page = await context.newPage();
    page.on("pageerror", (error) => faults.push(`${name}: ${error.message}`));
    page.on("console", (message) => {
      // What the software rasteriser says of its own speed is no fault of the page.
      if (!/GPU stall|GL Driver Message/.test(message.text())) faults.push(`${name}: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (request.url().split("#")[0] !== url && !request.url().startsWith("data:")) {
        faults.push(`${name} asks for ${request.url()}`);
      }
    });
    if (withoutWebGL) await page.addInitScript("HTMLCanvasElement.prototype.getContext = () => null");
    await page.goto(hash ? `${url}#${hash}` : url);
    return page;
  };
  return { open, close: () => Promise.all(contexts.map((context) => context.close())) };
}

/** Pictures to look at. */
async function shoot(open) {
  mkdirSync(screenshots, { recursive: true });
  const PROJECTOR = { width: 1920, height: 1080 };
  for (const [name, viewport] of Object.entries({ desktop: { width: 1280, height: 800 }, phone: PHONE, projector: PROJECTOR })) {
    for (const colorScheme of ["light", "dark"]) {
      for (const [file, step] of [["fold", 1], ["fold", 3], ["fold", 4.5], ["stretch", 2], ["rings", 3]]) {
        const page = await open(file, `step=${step}`, { viewport, colorScheme });
        await picture(page);
        await page.screenshot({ path: join(screenshots, `${file}-${step}-${name}-${colorScheme}.png`) });
        await page.context().close();
      }
    }
  }
}

let failures = 0;
for (const [name, test] of Object.entries(TESTS)) {
  const faults = [];
  const { open, close } = await opener(faults);
  try {
    await test(open);
    assert.deepEqual(faults, [], "the page complains or asks for something");
    console.log(`ok   ${name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL ${name}\n     ${String(error.stack).replaceAll("\n", "\n     ")}`);
    for (const fault of faults) console.log(`     ${fault}`);
  }
  await close();
}
if (screenshots) {
  const { open, close } = await opener([]);
  await shoot(open);
  await close();
}
await browser.close();
console.log(`${Object.keys(TESTS).length} tests of the page, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;
