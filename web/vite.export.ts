import { defineConfig } from "vite";
import { onePageConfig } from "./one-page.ts";

/** The page of `hinton view --export`: title and data go in at the marks {{hinton:…}}. */
export default defineConfig(onePageConfig("viewer/export/main.tsx", "viewer/export/page.html", [], "../crates/hinton-view/assets", "export.html"));
