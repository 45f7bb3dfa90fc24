import type { Stage } from "./stage";
import type { Store } from "./view";

const SYSTEM = matchMedia("(prefers-color-scheme: dark)");

/** Keeps the page in the theme that was chosen: by the reader, else by who made it, else by the system. */
export function wireTheme(store: Store, stage: Stage): { toggle(): void } {
  const root = document.documentElement;
  const made = root.dataset.theme;
  const current = () => root.dataset.theme ?? (SYSTEM.matches ? "dark" : "light");
  const apply = () => {
    const theme = store.view.theme ?? made;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    stage.recolor();
  };
  store.onChange((view, before) => {
    if (view.theme !== before.theme) apply();
  });
  SYSTEM.addEventListener("change", () => stage.recolor());
  apply();
  return { toggle: () => store.set({ theme: current() === "dark" ? "light" : "dark" }) };
}
