/** Runs gathered into equal spans of time, so that a chart of a month has as many marks as one of an hour. */

import type { Run } from "../api/types";
import { failed } from "../parts/status";

export interface Bucket {
  readonly from: number;
  readonly until: number;
  readonly runs: readonly Run[];
  readonly deleted: number;
  readonly failures: number;
  /** In milliseconds; null where no run has ended. */
  readonly longest: number | null;
  readonly median: number | null;
  /** Expired rows left after the last real run that knew; null where none did. */
  readonly backlog: number | null;
}

export function bucketsOf(runs: readonly Run[], since: number, until: number, most: number): Bucket[] {
  const width = (until - since) / most;
  const groups = Array.from({ length: most }, (): Run[] => []);
  for (const run of runs) {
    const index = Math.floor((Date.parse(run.startedAt) - since) / width);
    groups[index]?.push(run);
  }
  return groups.map((group, index) => bucket(group, since + index * width, since + (index + 1) * width));
}

function bucket(runs: readonly Run[], from: number, until: number): Bucket {
  const durations = runs
    .filter((run) => run.status !== "skipped")
    .flatMap((run) => (run.durationMs === null ? [] : [run.durationMs]))
    .sort((one, other) => one - other);
  const known = runs.filter((run) => !run.dryRun && run.backlog).at(-1);
  return {
    from,
    until,
    runs,
    deleted: runs.reduce((sum, run) => sum + (run.recordsProcessed ?? 0), 0),
    failures: runs.filter((run) => failed(run.status)).length,
    longest: durations.at(-1) ?? null,
    median: durations[Math.floor((durations.length - 1) / 2)] ?? null,
    backlog: known?.backlog?.remaining ?? null,
  };
}

/** Round numbers for an axis from 0 to at least `most`. */
export function axis(most: number): number[] {
  if (most <= 0) return [0, 1];
  const rough = most / 3;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? rough;
  const whole = Math.max(step, 1);
  return Array.from({ length: Math.ceil(most / whole) + 1 }, (_, index) => index * whole);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 30 * DAY, 90 * DAY];

/** Instants for the axis of time, on round times of the chosen zone. */
export function ticks(since: number, until: number, most: number, offsetMs: number): number[] {
  const step = STEPS.find((size) => (until - since) / size <= most) ?? 365 * DAY;
  const first = Math.ceil((since + offsetMs) / step) * step - offsetMs;
  return Array.from({ length: Math.max(0, Math.floor((until - first) / step) + 1) }, (_, index) => first + index * step);
}
