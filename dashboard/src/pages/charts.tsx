/** Charts of every job, or of the one that a page is about. */

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { JobActs } from "../acts/job_acts";
import { type History, MOST_RUNS, readHistory } from "../api/history";
import { merged } from "../api/glance";
import { useCell } from "../cell";
import { now } from "../clock";
import { JobCharts } from "../charts/job_charts";
import { type Range, RangePicker, rangeOf } from "../charts/range";
import { picture } from "../live";
import { BacklogNow } from "../parts/backlog_now";
import { Problem } from "../parts/problem";
import { Skeleton } from "../parts/skeleton";
import { StateBadge } from "../parts/status";
import { Strip } from "../parts/strip";
import { useRead } from "../query";
import { jobLink, link } from "../router";
import { count, plural, spokenSchedule } from "../words";
import { NoPicture, Trouble } from "./overview";

type Query = ReadonlyMap<string, string>;

export function ChartsPage({ query }: { query: Query }): JSX.Element {
  const { glance, problem } = useCell(picture);
  if (!glance) return problem ? <NoPicture /> : <Skeleton rows={4} label="Reading the jobs" />;
  return (
    <>
      <div class="page-head head-line">
        <h1>Charts</h1>
        <RangePicker path="/charts" query={query} />
      </div>
      {glance.jobs.map((job) => (
        <section key={job.name} class="panel" aria-label={job.name}>
          <h2>
            <a href={jobLink(job.name)}>{job.name}</a>
          </h2>
          <History job={job.name} query={query} />
        </section>
      ))}
    </>
  );
}

export function JobPage({ name, query }: { name: string; query: Query }): JSX.Element {
  const { glance, problem } = useCell(picture);
  if (!glance) return problem ? <NoPicture /> : <Skeleton rows={4} label={`Reading ${name}`} />;
  const job = glance.jobs.find((each) => each.name === name);
  const health = glance.health.get(name);
  if (!job)
    return (
      <section class="empty">
        <h1>No job is called {name}</h1>
        <p>
          <a href={link("/")}>See all jobs</a>
        </p>
      </section>
    );
  return (
    <>
      <div class="page-head">
        <p class="crumbs">
          <a href={link("/")}>Jobs</a>
        </p>
        <div class="head-line">
          <h1>
            {job.name} {health && <StateBadge state={health.state} />}
          </h1>
          <JobActs job={job.name} health={health} />
        </div>
        <p class="muted">
          {job.description.replace(/\.$/, "")}, {spokenSchedule(job.schedule)} (<span class="mono">{job.schedule}</span>, UTC).
        </p>
        {health && <Trouble health={health} />}
      </div>
      <div class="pair">
        <section class="panel" aria-label="Recent runs">
          <div class="head-line">
            <h2>Recent runs</h2>
            <a href={link("/log", { job: name })}>All runs in the log</a>
          </div>
          <Strip job={job.name} runs={glance.strips.get(name) ?? []} />
        </section>
        <section class="panel" aria-label="Backlog now">
          <h2>Backlog now</h2>
          <BacklogNow job={name} />
        </section>
      </div>
      <section class="panel" aria-label="Charts">
        <div class="head-line">
          <h2>Over time</h2>
          <RangePicker path={`/jobs/${encodeURIComponent(name)}`} query={query} />
        </div>
        <History job={name} query={query} />
      </section>
    </>
  );
}

function History({ job, query }: { job: string; query: Query }): JSX.Element {
  const key = rangeOf(query).key;
  // A moving range is fixed when it is chosen; what starts later comes with the live picture.
  const range = useMemo(() => rangeOf(query), [key]);
  const [soFar, setSoFar] = useState(0);
  const { data, problem, again } = useRead(`history ${job} ${key}`, () => {
    setSoFar(0);
    return readHistory(job, range.since, range.until, setSoFar);
  });
  if (problem) return <Problem text={problem} again={again} />;
  if (!data)
    return <Skeleton rows={1} label={soFar ? `Read ${plural(soFar, "run")} so far` : `Reading the runs of ${job}`} />;
  return <Drawn job={job} history={data} range={range} />;
}

function Drawn({ job, history, range }: { job: string; history: History; range: Range }): JSX.Element {
  const { glance } = useCell(picture);
  const fresh = glance?.strips.get(job) ?? [];
  const length = range.until - range.since;
  const until = range.moving ? now() : range.until;
  const since = until - length;
  const runs = useMemo(() => {
    const all = merged(new Map([[job, history.runs]]), range.moving ? fresh : [], Infinity).get(job) ?? [];
    return all.filter((run) => Date.parse(run.startedAt) >= since && Date.parse(run.startedAt) < until);
  }, [history, fresh]);
  if (!runs.length)
    return (
      <p class="empty small">
        {job} has no run in this range. Choose a longer one, or <a href={link("/log", { job })}>look into the log</a>.
      </p>
    );
  return (
    <>
      {!history.complete && (
        <p class="warning">This range has more than {count(MOST_RUNS)} runs: the oldest are not drawn.</p>
      )}
      <JobCharts job={job} runs={runs} since={since} until={until} />
    </>
  );
}
