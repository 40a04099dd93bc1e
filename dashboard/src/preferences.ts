/** What this browser's user likes, kept in this browser. */

import { Cell } from "./cell";

export type Theme = "auto" | "light" | "dark";
export type Zone = "utc" | "local";

function stored<T extends string>(name: string, choices: readonly T[]): Cell<T> {
  const cell = new Cell<T>(choices[0] as T);
  try {
    const kept = localStorage.getItem(name) as T | null;
    if (kept && choices.includes(kept)) cell.set(kept);
  } catch {
    // A browser that keeps nothing for this page: the choice lasts until it is closed.
  }
  cell.watch(() => {
    try {
      localStorage.setItem(name, cell.get());
    } catch {
      // As above.
    }
  });
  return cell;
}

export const theme = stored<Theme>("theme", ["auto", "light", "dark"]);
export const zone = stored<Zone>("zone", ["utc", "local"]);

function dress(): void {
  const chosen = theme.get();
  if (chosen === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

dress();
theme.watch(dress);
