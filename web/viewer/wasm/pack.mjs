// node pack.mjs PAGE MODULE: puts a WebAssembly module into a page, packed and as text.

import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MARK = "{{hinton:module}}";
const [page, module] = process.argv.slice(2);
const source = readFileSync(page, "utf8");
if (source.split(MARK).length !== 2) throw new Error(`${page} has no mark ${MARK}, or several`);
const packed = gzipSync(readFileSync(module), { level: 9 });
writeFileSync(page, source.replace(MARK, packed.toString("base64")));
console.log(`module: ${readFileSync(module).length} bytes, ${packed.length} packed`);
