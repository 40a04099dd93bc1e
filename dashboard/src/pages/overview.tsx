/** How everything is, at one glance. */

import type { ComponentChildren, JSX } from "preact";
import { CancelButton, JobActs } from "../acts/job_acts";
import type { Glance } from "../api/glance";
import type { Figures, Health, JobInfo, JobState, Run } from "../api/types";
import { useCell } from "../cell";
import { picture } from "../live";
import { RunningCounts } from "../parts/progress";
import { StateBadge, StatusBadge } from "../parts/status";
import { Strip } from "../parts/strip";
import { Ago, Until, When } from "../parts/when";
import { jobLink, link, runLink } from "../router";
import { count, duration, percent, plural, shortCount, spelled, spokenSchedule } from "../words";
import { Skeleton } from "../parts/skeleton";

export function Overview(): JSX.Element {
  const { glance, problem } = useCell(picture);
  if (!glance) return problem ? <NoPicture /> : <Skeleton rows={4} label="Reading how the jobs are doing" />;
  const nothingYet = glance.total.total === 0 && [...glance.strips.values()].every((strip) => strip.length === 0);
  return (
    <>
      <div class="page-head">
        <h1>{sentence(glance)}</h1>
        {!nothingYet && (
          <p class="muted">
            {count(glance.total.recordsProcessed)} rows deleted by {plural(glance.total.total, "run")};{" "}
            {glance.total.errorCount ? (
              <a href={link("/log", { status: "failures" })}>{plural(glance.total.errorCount, "failure")}</a>
            ) : (
              "no failure"
            )}{" "}
            on record
          </p>
        )}
      </div>
      {nothingYet && <NothingYet glance={glance} />}
      <ul class="jobs">
        {glance.jobs.map((job) => (
          <JobRow
            key={job.name}
            job={job}
            health={glance.health.get(job.name)}
            figures={glance.figures.get(job.name)}
            runs={glance.strips.get(job.name) ?? []}
          />
        ))}
      </ul>
      <Legend />
    </>
  );
}

const ORDER: readonly JobState[] = ["failing", "late", "paused", "running", "waiting", "healthy"];

const STATE_PHRASES: Readonly<Record<JobState, string>> = {
  failing: "failing",
  late: "late",
  paused: "paused",
  running: "running",
  waiting: "waiting for a first run",
  healthy: "healthy",
};

/** The page's headline: "One job is failing, three are healthy." */
export function sentence(glance: Glance): string {
  const states = [...glance.health.values()].map((health) => health.state);
  const groups = ORDER.map((state) => [state, states.filter((other) => other === state).length] as const).filter(
    ([, size]) => size > 0,
  );
  if (groups.length === 1 && groups[0]) return `All ${spelled(groups[0][1])} jobs are ${STATE_PHRASES[groups[0][0]]}`;
  const phrases = groups.map(
    ([state, size], index) =>
      `${spelled(size)}${index ? "" : size === 1 ? " job" : " jobs"} ${size === 1 ? "is" : "are"} ${STATE_PHRASES[state]}`,
  );
  const text = phrases.join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

interface RowProperties {
  readonly job: JobInfo;
  readonly health: Health | undefined;
  readonly figures: Figures | undefined;
  readonly runs: readonly Run[];
}

function JobRow({ job, health, figures, runs }: RowProperties): JSX.Element {
  const last = health?.lastRun;
  const anyRun = Boolean(figures && figures.successCount + figures.errorCount);
  return (
    <li class={`job is-${health?.state ?? "waiting"}`}>
      <div class="job-name">
        {health && <StateBadge state={health.state} />}
        <h2>
          <a href={jobLink(job.name)}>{job.name}</a>
        </h2>
        <p class="muted" title={`${job.schedule} (second, minute, hour, day, month, weekday; UTC)`}>
          {spokenSchedule(job.schedule)}
        </p>
      </div>
      <Strip job={job.name} runs={runs} />
      <dl class="facts">
        <Fact name="Last run">
          {last ? (
            <>
              <a href={runLink(last.id)} class="quiet">
                <Ago at={last.startedAt} />
              </a>
              <small>
                {last.durationMs !== null && duration(last.durationMs)}
                {last.recordsProcessed !== null && `, ${shortCount(last.recordsProcessed)} deleted`}
              </small>
            </>
          ) : (
            <span class="muted">never</span>
          )}
        </Fact>
        <Fact name="Next run">
          {health?.nextDueAt ? (
            <>
              <Until at={health.nextDueAt} />
              <small>
                <When at={health.nextDueAt} />
              </small>
            </>
          ) : (
            <>
              <Unknown />
              <small>{health?.paused ? "until resumed" : "schedule over"}</small>
            </>
          )}
        </Fact>
        <Fact name="Success">{anyRun && figures ? <span class="number">{percent(figures.successRate)}</span> : <Unknown />}</Fact>
        <Fact name="p95">{typeof figures?.p95 === "number" ? <span class="number">{duration(figures.p95)}</span> : <Unknown />}</Fact>
      </dl>
      <JobActs job={job.name} health={health} />
      {health && <Trouble health={health} />}
    </li>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const Unknown = (): JSX.Element => <span class="muted">–</span>;

/** What the state's one word leaves out. */
export function Trouble({ health }: { health: Health }): JSX.Element | null {
  const { running, paused, lastRun } = health;
  const lines: JSX.Element[] = [];
  if (running)
    lines.push(
      <div class="note is-running" key="running">
        <a href={runLink(running.id)}>Run #{running.id}</a>
        <RunningCounts run={running} />
        <CancelButton id={running.id} job={running.jobName} />
      </div>,
    );
  if (paused)
    lines.push(
      <div class="note is-paused" key="paused">
        Paused{paused.by && <> by <span class="name">{paused.by}</span></>} <Ago at={paused.at} />
        {paused.reason && <>: “{paused.reason}”</>}
      </div>,
    );
  if (health.lateSince)
    lines.push(
      <div class="note is-late" key="late">
        A run was due at <When at={health.lateSince} /> and has not started. Look whether the rule is enabled, and at its
        dead letters.
      </div>,
    );
  if (health.consecutiveFailures > 0 && lastRun)
    lines.push(
      <div class="note is-failing" key="failing">
        <StatusBadge run={lastRun} /> <a href={runLink(lastRun.id)}>Run #{lastRun.id}</a>{" "}
        <span class="error-text">{lastRun.errorMessage}</span>{" "}
        {health.consecutiveFailures > 1 && <span class="muted">{spelled(health.consecutiveFailures)} failures in a row</span>}
      </div>,
    );
  return lines.length ? <div class="notes">{lines}</div> : null;
}

function NothingYet({ glance }: { glance: Glance }): JSX.Element {
  const first = [...glance.health.values()]
    .filter((health) => health.nextDueAt)
    .sort((one, other) => Date.parse(one.nextDueAt ?? "") - Date.parse(other.nextDueAt ?? ""))[0];
  return (
    <section class="empty">
      <h2>No job has run yet</h2>
      <p>
        {first?.nextDueAt ? (
          <>
            The first run, of <strong>{first.jobName}</strong>, is due <Until at={first.nextDueAt} />; it shows up here by
            itself.
          </>
        ) : (
          "No run is due by itself: every job is paused, or its schedule is over."
        )}{" "}
        Choose <strong>Run…</strong> at a job to see at once what it would delete, with a dry run that deletes nothing.
      </p>
    </section>
  );
}

export function NoPicture(): JSX.Element {
  return (
    <section class="empty">
      <h2>There is nothing to show yet</h2>
      <p>
        The server has not answered since this page was opened. Is it running? On this machine, <code>make run</code> starts
        it; for a deployed stack, <code>barycenter-jobs proxy</code> does.
      </p>
    </section>
  );
}

function Legend(): JSX.Element {
  const statuses = ["success", "error", "timeout", "cancelled", "skipped", "running"] as const;
  return (
    <p class="legend muted">
      {statuses.map((status) => (
        <StatusBadge key={status} run={{ status, dryRun: false }} />
      ))}
      <span>Height is duration; an outlined mark is a dry run; the newest run is at the right.</span>
    </p>
  );
}
