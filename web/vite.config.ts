import { defineConfig, type Plugin } from "vite";
import { programOf, read } from "./one-page.ts";

/** What must stay with every copy of the libraries in the page. */
function notices(): string {
  const { version } = JSON.parse(read("node_modules/three/package.json"));
  return `three.js ${version} (https://threejs.org)\n\n${read("node_modules/three/LICENSE").trim()}\n`;
}

/**
 * Puts program and styles into the page, so that one file is built. The marks {{hinton:...}} in it
 * are for crates/hinton-space/src/html.rs, which puts the data in.
 */
function onePage(name: string, folder: string): Plugin {
  return {
    name: "one-page",
    enforce: "post",
    generateBundle(_options, bundle) {
      const script = programOf(bundle, (why) => this.error(why));
      const style = read(`${folder}/style.css`);
      const parts: Record<string, string> = { notices: notices(), style: style.trim(), script };
      const source = read(`${folder}/page.html`).replace(/\{\{(notices|style|script)\}\}/g, (_, part) => parts[part]!);
      this.emitFile({ type: "asset", fileName: name, source });
      this.emitFile({
        type: "asset",
        fileName: "LICENSES.txt",
        source: `Libraries in ${name}, which cargo xtask web builds from web/.\n\n${notices()}`,
      });
    },
  };
}

export default defineConfig({
  // Nothing of the environment may reach the page: the same sources give the same bytes.
  envDir: false,
  publicDir: false,
  logLevel: "warn",
  build: {
    outDir: "../crates/hinton-space/assets/web",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    chunkSizeWarningLimit: 1000,
    rollupOptions: {
      input: "src/space/main.ts",
      output: { format: "iife", entryFileNames: "[name].js", assetFileNames: "[name][extname]" },
    },
  },
  plugins: [onePage("space.html", "src/space")],
});
