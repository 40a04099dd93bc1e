/** The server's time, as far as its answers tell, and a tick each second for what counts down. */

import { Cell, useCell } from "./cell";

let aheadMs = 0;

/** Learn from an answer's Date header how far the server's clock is from this machine's. */
export function learnTime(header: string | null): void {
  const told = header ? Date.parse(header) : Number.NaN;
  if (Number.isNaN(told)) return;
  const difference = told - Date.now();
  // The header has whole seconds and spent time on the way: less than two seconds means nothing.
  aheadMs = Math.abs(difference) < 2000 ? 0 : difference;
}

export function now(): number {
  return Date.now() + aheadMs;
}

const tick = new Cell(now());

setInterval(() => {
  if (!document.hidden) tick.set(now());
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) tick.set(now());
});

/** The present, in milliseconds; draws again each second. */
export function useNow(): number {
  return useCell(tick);
}
