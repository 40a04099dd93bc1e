/** A job's recent runs, a mark each: its colour and shape are the outcome, its height the duration. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Run } from "../api/types";
import { STRIP_LENGTH } from "../api/glance";
import { runLink } from "../router";
import { useCell } from "../cell";
import { now } from "../clock";
import { zone } from "../preferences";
import { clock, count, duration, plural, zoneName } from "../words";
import { STATUS_WORDS, StatusBadge, failed } from "./status";
import { hideTooltip, showTooltip } from "./tooltip";

const SLOT = 8;
const WIDTH = 5;
const HEIGHT = 32;
const LOWEST = 5;

/** What a screen reader says of a run. */
export function runSentence(run: Run, time: string): string {
  const outcome = `${STATUS_WORDS[run.status]}${run.dryRun ? " (dry run)" : ""}`;
  const details = [
    time,
    run.durationMs === null ? "" : duration(run.durationMs),
    run.recordsProcessed ? `${count(run.recordsProcessed)} deleted` : "",
    run.errorMessage ?? "",
  ];
  return `Run ${run.id}: ${[outcome, ...details.filter(Boolean)].join(", ")}`;
}

function RunCard({ run, time }: { run: Run; time: string }): JSX.Element {
  return (
    <>
      <div class="tooltip-head">
        <StatusBadge run={run} /> <span class="muted">#{run.id}</span>
      </div>
      <div>
        {time} · {run.trigger === "manual" ? "started by hand" : "by schedule"}
      </div>
      <div>
        {run.durationMs === null ? "under way" : duration(run.durationMs)}
        {run.recordsProcessed !== null && ` · ${count(run.recordsProcessed)} deleted`}
        {run.attemptNumber > 1 && ` · attempt ${run.attemptNumber}`}
      </div>
      {run.errorMessage && <div class="tooltip-error">{run.errorMessage}</div>}
    </>
  );
}

export function Strip({ job, runs }: { job: string; runs: readonly Run[] }): JSX.Element {
  const chosenZone = useCell(zone);
  const [at, setAt] = useState<string | null>(null);
  const group = useRef<SVGSVGElement>(null);
  const longest = Math.max(1, ...runs.map((run) => run.durationMs ?? 0));
  const stop = runs.some((run) => run.id === at) ? at : runs.at(-1)?.id;
  const time = (run: Run) => `${clock(Date.parse(run.startedAt), chosenZone, now())} ${zoneName(chosenZone)}`;
  const failures = runs.filter((run) => failed(run.status)).length;

  const show = (event: Event, run: Run) =>
    showTooltip((event.currentTarget as Element).getBoundingClientRect(), <RunCard run={run} time={time(run)} />);

  const move = (event: KeyboardEvent) => {
    const index = runs.findIndex((run) => run.id === stop);
    const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: runs.length - 1 }[event.key];
    const next = to === undefined ? undefined : runs[to];
    if (!next) return;
    event.preventDefault();
    setAt(next.id);
    group.current?.querySelector<SVGElement>(`[data-run="${next.id}"]`)?.focus();
  };

  // The newest run is always at the right edge, so that strips can be compared down the page.
  const first = STRIP_LENGTH - runs.length;
  return (
    <svg
      ref={group}
      class="strip"
      viewBox={`0 0 ${STRIP_LENGTH * SLOT} ${HEIGHT}`}
      role="group"
      aria-label={`The last ${plural(runs.length, "run")} of ${job}, ${plural(failures, "failure")}; arrow keys move between them`}
      onKeyDown={move}
      onPointerLeave={hideTooltip}
    >
      {Array.from({ length: Math.max(0, first) }, (_, index) => (
        <rect key={`none${index}`} class="no-run" x={index * SLOT + 1.5} y={HEIGHT - 2} width={WIDTH} height={2} rx="1" />
      ))}
      {runs.map((run, index) => (
        <a
          key={run.id}
          href={runLink(run.id)}
          data-run={run.id}
          class={`mark is-${run.status}${run.dryRun ? " dry" : ""}`}
          aria-label={runSentence(run, time(run))}
          tabIndex={run.id === stop ? 0 : -1}
          onPointerEnter={(event: Event) => show(event, run)}
          onFocus={(event: Event) => show(event, run)}
          onBlur={hideTooltip}
        >
          <rect class="reach" x={(first + index) * SLOT} y="0" width={SLOT} height={HEIGHT} />
          <MarkShape run={run} x={(first + index) * SLOT + 1.5} longest={longest} />
        </a>
      ))}
    </svg>
  );
}

/** Bars grow with the root of the duration: a run ten times as long is seen as longer, and leaves room for others. */
function MarkShape({ run, x, longest }: { run: Run; x: number; longest: number }): JSX.Element {
  const room = HEIGHT - 8; // what is left above is for the signs of failure
  const share = run.durationMs === null ? 1 : Math.sqrt(run.durationMs / longest);
  const height = LOWEST + (room - LOWEST) * Math.min(1, share);
  const top = HEIGHT - height;
  const bar = <rect class="bar" x={x} y={top} width={WIDTH} height={height} rx="1.5" />;
  const middle = x + WIDTH / 2;
  if (run.status === "skipped")
    return <path class="bar" d={`M${middle} ${HEIGHT - 7}l3 3.2-3 3.2-3-3.2z`} />;
  if (run.status === "error")
    return <>{bar}<path class="sign" d={`m${middle - 2} ${top - 6} 4 4m0-4-4 4`} /></>;
  if (run.status === "timeout")
    return <>{bar}<path class="sign" d={`M${middle - 2.2} ${top - 6}h4.4l-4.4 4h4.4z`} /></>;
  if (run.status === "cancelled")
    return <>{bar}<path class="sign" d={`M${middle - 2.2} ${top - 3}h4.4`} /></>;
  return bar;
}
