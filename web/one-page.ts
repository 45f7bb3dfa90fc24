import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Plugin, type Rollup, type UserConfig } from "vite";
import solid from "vite-plugin-solid";

/** A file of this folder as text. */
export function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
}

/** The styles of the viewer, in the order in which they lie over one another. */
export const VIEWER_STYLES = ["viewer/style.css", "viewer/list.css", "viewer/panels.css"];

/** What must stay with every copy of the libraries in the page. */
export function notices(): string {
  const { version } = JSON.parse(read("node_modules/solid-js/package.json"));
  return `solid-js ${version} (https://www.solidjs.com)\n\n${read("node_modules/solid-js/LICENSE").trim()}\n`;
}

/** The program of a bundle, which is emptied: all of it goes into the page. `refuse` says why it cannot. */
export function programOf(bundle: Rollup.OutputBundle, refuse: (why: string) => never): string {
  let script = "";
  for (const [file, output] of Object.entries(bundle)) {
    if (output.type === "chunk") script += output.code;
    else refuse(`${file} would not be in the page`);
    delete bundle[file];
  }
  for (const danger of ["</script", "<!--", "{{hinton:"]) {
    if (script.toLowerCase().includes(danger)) refuse(`the program contains ${danger}`);
  }
  return script.trim();
}

/** Program, worker and styles in one file. Marks {{hinton:…}} stay for what is put in later. */
function onePage(page: string, styles: string[], fileName: string): Plugin {
  return {
    name: "one-page",
    enforce: "post",
    generateBundle(_options, bundle) {
      const script = programOf(bundle, (why) => this.error(why));
      const style = [...VIEWER_STYLES, ...styles].map((path) => read(path).trim());
      const parts: Record<string, string> = {
        icon: encodeURIComponent(read("viewer/favicon.svg").trim()),
        notices: notices(),
        script,
        style: style.join("\n\n"),
      };
      const source = read(page).replace(/\{\{(icon|notices|script|style)\}\}/g, (_, part) => parts[part]!);
      this.emitFile({ type: "asset", fileName, source });
    },
  };
}

/** How a page of one file is built. */
export function onePageConfig(input: string, page: string, styles: string[], outDir: string, fileName: string): UserConfig {
  return {
    // Nothing of the environment may reach the page: the same sources give the same bytes.
    envDir: false,
    publicDir: false,
    logLevel: "warn",
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      modulePreload: false,
      rollupOptions: {
        input,
        checks: { bundlerTimings: false, pluginTimings: false },
        output: { format: "es", entryFileNames: "static.js", assetFileNames: "[name][extname]", codeSplitting: false },
      },
    },
    // A classic script: from file:// browsers refuse modules in workers.
    worker: { format: "iife" },
    plugins: [solid({ dev: false, hot: false }), onePage(page, styles, fileName)],
  };
}
