/** What came of an act, said once and kept until it is read. */

import type { JSX } from "preact";
import { Cell, useCell } from "../cell";
import { runLink } from "../router";
import { Check, Close, Late } from "./icons";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly good: boolean;
  readonly run: string | null;
}

const LASTS_MS = 12_000;
const toasts = new Cell<readonly Toast[]>([]);
let last = 0;

export function say(text: string, { good = true, run = null as string | null } = {}): void {
  const id = ++last;
  toasts.set([...toasts.get(), { id, text, good, run }].slice(-3));
  // Bad news stays until somebody has closed it.
  if (good) setTimeout(() => close(id), LASTS_MS);
}

const close = (id: number): void => toasts.set(toasts.get().filter((toast) => toast.id !== id));

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {useCell(toasts).map((toast) => (
        <div key={toast.id} class={`toast ${toast.good ? "is-success" : "is-error"}`}>
          {toast.good ? <Check /> : <Late />}
          <p>
            {toast.text} {toast.run && <a href={runLink(toast.run)}>Open run #{toast.run}</a>}
          </p>
          <button class="plain" onClick={() => close(toast.id)} aria-label="Close this message">
            <Close />
          </button>
        </div>
      ))}
    </div>
  );
}
