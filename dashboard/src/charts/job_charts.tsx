/** A job's records deleted, durations and backlog over a span of time, one below the other on one axis of time. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Run } from "../api/types";
import { useCell } from "../cell";
import { hideTooltip, showTooltip } from "../parts/tooltip";
import { zone } from "../preferences";
import { go, link, runLink } from "../router";
import { clock, count, duration, fullTime, plural, shortCount, tickLabel } from "../words";
import { type Bucket, axis, bucketsOf, ticks } from "./buckets";
import { ChartTable } from "./chart_table";

const LEFT = 64;
const RIGHT = 10;
const HEIGHT = 116;
const TOP = 16; // the lane of failures
const BOTTOM = 4;
const AXIS = 20;
const BUCKET_PX = 7;

interface Properties {
  readonly job: string;
  readonly runs: readonly Run[];
  readonly since: number;
  readonly until: number;
}

type Kind = "records" | "durations" | "backlog";

const TITLES: Readonly<Record<Kind, string>> = {
  records: "Records deleted",
  durations: "Duration",
  backlog: "Backlog left",
};

export function JobCharts({ job, runs, since, until }: Properties): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const most = Math.max(12, Math.min(200, Math.floor((width - LEFT - RIGHT) / BUCKET_PX)));
  const buckets = width ? bucketsOf(runs, since, until, most) : [];
  const shared = { job, buckets, since, until, width, at, setAt };
  return (
    <div class="charts" ref={box}>
      {width > 0 && (
        <>
          <Chart kind="records" {...shared} />
          <Chart kind="durations" {...shared} />
          <Chart kind="backlog" {...shared} />
          <TimeAxis since={since} until={until} width={width} />
        </>
      )}
      <ChartTable buckets={buckets} />
    </div>
  );
}

interface ChartProperties {
  readonly kind: Kind;
  readonly job: string;
  readonly buckets: readonly Bucket[];
  readonly since: number;
  readonly until: number;
  readonly width: number;
  readonly at: number | null;
  readonly setAt: (index: number | null) => void;
}

function Chart({ kind, job, buckets, since, until, width, at, setAt }: ChartProperties): JSX.Element {
  const chosenZone = useCell(zone);
  const svg = useRef<SVGSVGElement>(null);
  const values = buckets.map((bucket) => ({ records: bucket.deleted, durations: bucket.longest, backlog: bucket.backlog })[kind] ?? 0);
  const scale = axis(Math.max(0, ...values));
  const top = scale.at(-1) ?? 1;
  const step = (width - LEFT - RIGHT) / buckets.length;
  const x = (index: number) => LEFT + index * step;
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  const current = at === null ? undefined : buckets[at];

  const point = (index: number | null, target: Element) => {
    setAt(index);
    const bucket = index === null ? undefined : buckets[index];
    if (!bucket?.runs.length) return hideTooltip();
    const frame = target.getBoundingClientRect();
    showTooltip(new DOMRect(frame.left + x(index as number) + step / 2, frame.top + 10, 0, 40), <BucketCard bucket={bucket} />);
  };
  const under = (event: PointerEvent) => {
    const frame = (event.currentTarget as Element).getBoundingClientRect();
    const index = Math.floor((event.clientX - frame.left - LEFT) / step);
    // A mark is a few pixels wide: the nearest one with a run is meant.
    return nearest(buckets, index, Math.ceil(10 / step));
  };
  const open = (index: number | null) => {
    const bucket = index === null ? undefined : buckets[index];
    if (!bucket?.runs.length) return;
    hideTooltip();
    go(
      bucket.runs.length === 1 && bucket.runs[0]
        ? runLink(bucket.runs[0].id)
        : link("/log", { job, since: new Date(bucket.from).toISOString(), until: new Date(bucket.until).toISOString() }),
    );
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter") return open(at);
    const filled = buckets.flatMap((bucket, index) => (bucket.runs.length ? [index] : []));
    const place = at === null ? filled.length : filled.indexOf(at);
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: filled.length - 1 }[event.key];
    const index = to === undefined ? undefined : filled[to];
    if (index === undefined) return;
    event.preventDefault();
    point(index, event.currentTarget as Element);
  };

  const summary = `${TITLES[kind]} of ${job} from ${fullTime(since, chosenZone)} to ${fullTime(until, chosenZone)}: ${told(kind, buckets)}. Arrow keys move from mark to mark, Enter opens its runs.`;
  return (
    <figure>
      <figcaption>
        {TITLES[kind]} <span class="muted">{kind === "durations" ? "longest and median" : kind === "records" ? "rows" : "expired rows after a run"}</span>
      </figcaption>
      <svg
        ref={svg}
        class={`chart ${kind}`}
        width={width}
        height={HEIGHT}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="application"
        aria-roledescription="chart"
        aria-label={current ? `${clock(current.from, chosenZone, until)}: ${bucketSentence(current)}` : summary}
        tabIndex={0}
        onKeyDown={key}
        onPointerMove={(event: PointerEvent) => point(under(event), event.currentTarget as Element)}
        onPointerLeave={() => {
          setAt(null);
          hideTooltip();
        }}
        onBlur={() => {
          setAt(null);
          hideTooltip();
        }}
        onClick={(event: MouseEvent) => open(under(event as PointerEvent))}
      >
        {scale.map((value) => (
          <g key={value}>
            <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
            <text class="label" x={LEFT - 8} y={y(value) + 4} text-anchor="end">
              {kind === "durations" ? axisDuration(value) : shortCount(value)}
            </text>
          </g>
        ))}
        {at !== null && current?.runs.length ? <rect class="cursor" x={x(at)} y={TOP - 14} width={step} height={HEIGHT - TOP - BOTTOM + 14} /> : null}
        {kind === "records" && buckets.map((bucket, index) => bucket.deleted > 0 && <rect key={index} class="bar" x={x(index) + step * 0.15} width={step * 0.7} y={Math.min(y(bucket.deleted), HEIGHT - BOTTOM - 1.5)} height={Math.max(1.5, HEIGHT - BOTTOM - y(bucket.deleted))} rx="1" />)}
        {kind === "durations" && buckets.map((bucket, index) => bucket.longest !== null && bucket.median !== null && (
          <g key={index} class={bucket.failures ? "with-failure" : ""}>
            <line class="stem" x1={x(index) + step / 2} x2={x(index) + step / 2} y1={y(bucket.longest)} y2={y(bucket.median)} />
            <circle class="dot" cx={x(index) + step / 2} cy={y(bucket.longest)} r="2" />
            {bucket.runs.length > 1 && <circle class="dot median" cx={x(index) + step / 2} cy={y(bucket.median)} r="1.6" />}
          </g>
        ))}
        {kind === "backlog" && <path class="line" d={steps(buckets, x, y, step)} />}
        {buckets.map((bucket, index) => bucket.failures > 0 && (
          <path key={`failed${index}`} class="failure" d={`m${x(index) + step / 2 - 3} ${TOP - 12} 6 6m0-6-6 6`} />
        ))}
      </svg>
    </figure>
  );
}

/** 6.00 s is as good as 6 s on an axis of round numbers. */
const axisDuration = (value: number): string => (value ? duration(value).replace(/\.?0+ s$/, " s") : "0");

function nearest(buckets: readonly Bucket[], index: number, reach: number): number | null {
  for (let distance = 0; distance <= reach; distance++)
    for (const candidate of [index - distance, index + distance]) if (buckets[candidate]?.runs.length) return candidate;
  return null;
}

/** A line that stays where it was until a run says otherwise. */
function steps(buckets: readonly Bucket[], x: (index: number) => number, y: (value: number) => number, step: number): string {
  let path = "";
  let last: number | null = null;
  buckets.forEach((bucket, index) => {
    if (bucket.backlog === null) return;
    const middle = x(index) + step / 2;
    path += last === null ? `M${middle} ${y(bucket.backlog)}` : `H${middle}V${y(bucket.backlog)}`;
    last = bucket.backlog;
  });
  return last === null ? "" : `${path}h${step / 2}`;
}

function TimeAxis({ since, until, width }: { since: number; until: number; width: number }): JSX.Element {
  const chosenZone = useCell(zone);
  const offset = chosenZone === "utc" ? 0 : -new Date(until).getTimezoneOffset() * 60_000;
  const x = (instant: number) => LEFT + ((instant - since) / (until - since)) * (width - LEFT - RIGHT);
  return (
    <svg class="axis" width={width} height={AXIS} viewBox={`0 0 ${width} ${AXIS}`} aria-hidden="true">
      {ticks(since, until, Math.max(3, Math.floor(width / 110)), offset).map((instant) => (
        <text key={instant} class="label" x={Math.min(x(instant), width - 24)} y="14" text-anchor="middle">
          {tickLabel(instant, chosenZone, until - since)}
        </text>
      ))}
    </svg>
  );
}

function told(kind: Kind, buckets: readonly Bucket[]): string {
  const runs = buckets.reduce((sum, bucket) => sum + bucket.runs.length, 0);
  const failures = buckets.reduce((sum, bucket) => sum + bucket.failures, 0);
  const main = {
    records: () => `${count(buckets.reduce((sum, bucket) => sum + bucket.deleted, 0))} deleted`,
    durations: () => `${duration(Math.max(0, ...buckets.map((bucket) => bucket.longest ?? 0)))} at the most`,
    backlog: () => `${count(Math.max(0, ...buckets.map((bucket) => bucket.backlog ?? 0)))} at the most`,
  }[kind]();
  return `${main}, ${plural(runs, "run")}, ${plural(failures, "failure")}`;
}

function bucketSentence(bucket: Bucket): string {
  return [
    plural(bucket.runs.length, "run"),
    bucket.failures ? `${plural(bucket.failures, "failure")}` : "",
    `${count(bucket.deleted)} deleted`,
    bucket.longest === null ? "" : `${duration(bucket.longest)}${bucket.runs.length > 1 ? " at the longest" : ""}`,
    bucket.backlog === null ? "" : `${count(bucket.backlog)} left`,
  ]
    .filter(Boolean)
    .join(", ");
}

function BucketCard({ bucket }: { bucket: Bucket }): JSX.Element {
  const chosenZone = useCell(zone);
  const only = bucket.runs.length === 1 ? bucket.runs[0] : undefined;
  return (
    <>
      <div class="tooltip-head">
        {only ? `Run #${only.id}, ${clock(Date.parse(only.startedAt), chosenZone, bucket.until)}` : `${clock(bucket.from, chosenZone, bucket.until)} – ${clock(bucket.until, chosenZone, bucket.until)}`}
      </div>
      <div>{bucketSentence(bucket)}</div>
      {bucket.failures > 0 && <div class="tooltip-error">{bucket.runs.find((run) => run.errorMessage)?.errorMessage}</div>}
    </>
  );
}
