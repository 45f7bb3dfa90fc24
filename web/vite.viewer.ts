import { type Plugin, defineConfig } from "vite";
import solid from "vite-plugin-solid";
import { VIEWER_STYLES, notices, read } from "./one-page.ts";

/** The page is served under a policy that allows no script or style within it: three files. */
function threeFiles(): Plugin {
  return {
    name: "three-files",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const [file, output] of Object.entries(bundle)) {
        if (output.type !== "chunk" || file !== "viewer.js") this.error(`${file} would not be served`);
      }
      const style = VIEWER_STYLES.map((path) => read(path).trim()).join("\n\n");
      this.emitFile({ type: "asset", fileName: "viewer.css", source: `${style}\n` });
      // Inside the page: browsers ask for an icon's file again whenever the address changes.
      const page = read("viewer/page.html").replace("{{icon}}", encodeURIComponent(read("viewer/favicon.svg").trim()));
      this.emitFile({ type: "asset", fileName: "viewer.html", source: page });
      this.emitFile({
        type: "asset",
        fileName: "LICENSES.txt",
        source: `Libraries in viewer.js, which cargo xtask web builds from web/.\n\n${notices()}`,
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
    outDir: "../crates/hinton-serve/assets",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    rollupOptions: {
      input: "viewer/main.tsx",
      // How long the compiler of solid-js takes is no fault of the page.
      checks: { bundlerTimings: false, pluginTimings: false },
      output: { format: "es", entryFileNames: "viewer.js", assetFileNames: "[name][extname]", codeSplitting: false },
    },
  },
  plugins: [solid({ dev: false, hot: false }), threeFiles()],
});
