import { defineConfig } from "vite";
import { onePageConfig } from "./one-page.ts";

/** The page that reads dropped files; the mark {{hinton:module}} is for cargo xtask wasm. */
export default defineConfig(
  onePageConfig("viewer/wasm/main.tsx", "viewer/wasm/page.html", ["viewer/wasm/welcome.css"], "../target/pages", "hinton.html"),
);
