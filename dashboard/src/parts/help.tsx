/** What the keys do. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { refresh } from "../live";
import { go, link } from "../router";
import { Dialog } from "./dialog";
import { Keyboard } from "./icons";

const KEYS: readonly (readonly [string, string])[] = [
  ["o", "Overview"],
  ["c", "Charts"],
  ["l", "Log"],
  ["/", "Search the log"],
  ["r", "Ask the server now"],
  ["j k", "Next and previous job or run"],
  ["← →", "Between the marks of a strip or a chart"],
  ["Enter", "Open what has the focus"],
  ["?", "These keys"],
];

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input, select, textarea") || target.isContentEditable);
}

function step(by: number): void {
  const stops = [...document.querySelectorAll<HTMLElement>(".job h2 a, .row-link")];
  if (!stops.length) return;
  const at = stops.indexOf(document.activeElement as HTMLElement);
  stops[at < 0 ? (by > 0 ? 0 : stops.length - 1) : Math.min(stops.length - 1, Math.max(0, at + by))]?.focus();
}

function search(): void {
  const focus = () => document.querySelector<HTMLInputElement>("#filter-text")?.focus();
  if (document.querySelector("#filter-text")) return focus();
  go(link("/log"));
  setTimeout(focus, 50);
}

export function Keys(): JSX.Element {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
      const act = {
        o: () => go(link("/")), c: () => go(link("/charts")), l: () => go(link("/log")), "/": search,
        r: () => void refresh(), j: () => step(1), k: () => step(-1), "?": () => setOpen(true),
      }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <button class="plain" onClick={() => setOpen(true)} aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)">
        <Keyboard />
      </button>
      {open && (
        <Dialog title="Keys" onClose={() => setOpen(false)}>
          <dl class="keys">
            {KEYS.map(([key, what]) => (
              <div key={key}>
                <dt>{key.split(" ").map((each) => <kbd key={each}>{each}</kbd>)}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </>
  );
}
