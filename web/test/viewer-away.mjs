// What is taken away from the viewer: pictures, commands that make the same, addresses.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shown, variety } from "./viewer-kit.mjs";

const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

export const takenAway = ({ hinton, files, model, openAt }) => ({
  async "the view is taken away: picture, command, address"(open) {
    const page = await openAt(open, 10, 11, "range=-0.3,0.3&fold=e");
    await press(page, "e");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#export >> text=PNG")]);
    assert.equal(download.suggestedFilename(), "layers.0.weight.png");
    await press(page, "y");
    await page.waitForFunction(() => /Copied: hinton draw /.test(document.getElementById("notice").textContent));
    const command = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(command, /layers\.0\.weight/);
    await press(page, "u");
    await page.waitForFunction(() => /Copied the address/.test(document.getElementById("notice").textContent));
    const address = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(!address.includes("k="), "the key stays out of it");
    const picture = await page.locator("#map").screenshot();
    await page.mouse.move(2, 2);
    await page.reload();
    await shown(page);
    await page.waitForTimeout(400);
    assert.equal(page.url(), address);
    assert.ok((await page.locator("#map").screenshot()).equals(picture) || (await variety(page)) > 10);
  },

  async "the whole map is taken away as the command draws it"(open) {
    const page = await open(model, "");
    await press(page, "e");
    assert.match(await page.textContent("#export .facts"), /whole map/);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#export >> text=PNG")]);
    assert.equal(download.suggestedFilename(), "model.safetensors.png");
    await press(page, "y");
    await page.waitForFunction(() => /Copied: hinton draw /.test(document.getElementById("notice").textContent));
    const [, ...words] = (await page.evaluate(() => navigator.clipboard.readText())).split(" ");
    assert.ok(!words.some((word) => word.startsWith("--as")), "the chart that draws a model, not a heat map of each");
    execFileSync(hinton, words, { cwd: files.folder, stdio: "ignore" });
    const drawn = readFileSync(join(files.folder, "picture.png"));
    assert.ok(drawn.equals(readFileSync(await download.path())), "the same bytes");
  },
});
