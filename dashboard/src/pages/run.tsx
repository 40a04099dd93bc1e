/** One run, with everything that is known of it. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { CancelButton } from "../acts/job_acts";
import { open } from "../acts/open_act";
import { attemptsOf } from "../api/attempts";
import { ask } from "../api/graphql";
import { type TtlPart, type WholeRun, WHOLE_RUN_FIELDS } from "../api/types";
import { useCell } from "../cell";
import { picture } from "../live";
import { Play } from "../parts/icons";
import { Problem } from "../parts/problem";
import { RunningCounts } from "../parts/progress";
import { Skeleton } from "../parts/skeleton";
import { StatusBadge } from "../parts/status";
import { useRead } from "../query";
import { jobLink, link, runLink } from "../router";
import { ago, count, dollars, duration, fullTime, plural } from "../words";
import { now } from "../clock";

export function RunPage({ id }: { id: string }): JSX.Element {
  const { glance } = useCell(picture);
  const { data, problem, reading, again } = useRead(`run ${id}`, async () => {
    const answer = await ask<{ jobLog: WholeRun | null }>(
      `query Run($id: ID!) { jobLog(id: $id) { ${WHOLE_RUN_FIELDS} } }`,
      { id },
    );
    return { run: answer.jobLog };
  });

  // The picture tells when a run under way has gone on, or has ended: only then is it read again.
  const live = [...(glance?.health.values() ?? [])].find((health) => health.running?.id === id)?.running;
  const seen = [...(glance?.strips.values() ?? [])].flat().find((run) => run.id === id);
  const run = data?.run;
  const ended = run?.status === "running" && seen !== undefined && seen.status !== "running";
  useEffect(() => {
    if (ended) again();
  }, [ended]);

  if (!data) return problem ? <Problem text={problem} again={again} /> : <Skeleton rows={6} label={`Reading run ${id}`} />;
  if (!run)
    return (
      <section class="empty">
        <h1>The log has no run #{id}</h1>
        <p>
          Its record may have been cleared, or its retention may be over. <a href={link("/log")}>Open the log</a>
        </p>
      </section>
    );
  return <Details run={live ? { ...run, counts: live.counts } : run} reading={reading} paused={Boolean(glance?.health.get(run.jobName)?.paused)} />;
}

function Details({ run, reading, paused }: { run: WholeRun; reading: boolean; paused: boolean }): JSX.Element {
  return (
    <article class="run" aria-busy={reading}>
      <div class="page-head">
        <p class="crumbs">
          <a href={link("/log")}>Log</a> / <a href={jobLink(run.jobName)}>{run.jobName}</a>
        </p>
        <div class="head-line">
          <h1>
            Run #{run.id} <StatusBadge run={run} />
          </h1>
          <div class="acts">
            {run.status === "running" ? (
              <CancelButton id={run.id} job={run.jobName} />
            ) : (
              <button class="button" onClick={() => open({ kind: "run", job: run.jobName, paused })}>
                <Play />
                Run this job…
              </button>
            )}
          </div>
        </div>
      </div>
      {run.status === "running" && <RunningCounts run={run} />}
      {run.errorMessage && (
        <section aria-label="Error" class="error-box">
          <h2>Error</h2>
          <pre tabIndex={0}>{run.errorMessage}</pre>
        </section>
      )}
      {run.warnings.length > 0 && (
        <section aria-label="Warnings" class="warning-box">
          <h2>{plural(run.warnings.length, "warning")}</h2>
          <ul>
            {run.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </section>
      )}
      <div class="columns">
        <section aria-labelledby="what">
          <h2 id="what">What ran</h2>
          <dl class="table">
            <Row name="Job">
              <a href={jobLink(run.jobName)}>{run.jobName}</a>
            </Row>
            <Row name="Method">{run.methodName === "reconcile" ? "reconcile, a scan for rows outside the index" : run.methodName}</Row>
            <Row name="Started">
              <Both at={run.startedAt} />
            </Row>
            <Row name="Ended">{run.completedAt ? <Both at={run.completedAt} /> : <span class="muted">not yet</span>}</Row>
            <Row name="Duration">
              {run.durationMs === null ? <span class="muted">not known yet</span> : `${duration(run.durationMs)}${run.durationMs >= 1000 ? ` (${count(run.durationMs)} ms)` : ""}`}
            </Row>
            <Row name="Trigger">{run.trigger === "manual" ? "manual" : "schedule"}</Row>
            <Row name="Started by">{run.triggeredBy ? <span class="name">{run.triggeredBy}</span> : <None text={run.trigger === "manual" ? "nobody said" : "the schedule"} />}</Row>
            <Row name="Reason">{run.reason ?? <None text="none given" />}</Row>
            <Row name="Cancelled by">{run.cancelledBy ? <span class="name">{run.cancelledBy}</span> : <None text="nobody" />}</Row>
            <Row name="Dry run">{run.dryRun ? "yes, it deleted nothing" : "no"}</Row>
            <Row name="Attempt">
              <span>
                {count(run.attemptNumber)}
                {run.attemptNumber > 1 && <span class="muted">, a repetition after a failure</span>}
              </span>
            </Row>
          </dl>
        </section>
        <section aria-labelledby="counts">
          <h2 id="counts">What became of the rows</h2>
          <dl class="table numbers">
            <CountRow name="Deleted" value={run.counts.deleted} />
            <CountRow name="Became live" value={run.counts.becameLive} note="renewed before the delete, and stayed" />
            <CountRow name="Already gone" value={run.counts.alreadyGone} note="somebody else deleted them" />
            <CountRow name="Failed" value={run.counts.failed} note="could not be deleted, and stayed" />
            <CountRow name="Uncertain" value={run.counts.uncertain} note="an answer was lost" />
            <CountRow name="Quarantined" value={run.counts.quarantined} note="expiry is no epoch second" />
            <CountRow name="Stamped" value={run.counts.stamped} note="got their missing index entry" />
            {run.ttl && <CountRow name="Removed by TTL" value={run.ttl.rows} note={lateness(run.ttl)} />}
            <Row name="Records processed">{run.recordsProcessed === null ? <span class="muted">not known yet</span> : count(run.recordsProcessed)}</Row>
          </dl>
          <h2>What it {run.dryRun ? "would cost" : "cost"}</h2>
          <dl class="table numbers">
            <Row name="Read units">{count(run.usage.readUnits)}</Row>
            <Row name="Write units">{count(run.usage.writeUnits)}</Row>
            <Row name="Cost">{dollars(run.usage.costUsd)}</Row>
          </dl>
          <h2>What {run.dryRun ? "it found" : "is left"}</h2>
          <dl class="table numbers">
            <Row name="Expired rows">
              {run.backlog ? `${run.backlog.exact ? "" : "at least "}${count(run.backlog.remaining)}` : <span class="muted">not known</span>}
            </Row>
            <Row name="Oldest expired">{run.backlog?.oldestExpiredAt ? <Both at={run.backlog.oldestExpiredAt} /> : <None text="–" />}</Row>
            {run.samples.length > 0 && (
              <Row name="Samples">
                <span class="mono">{run.samples.join(" ")}</span>
              </Row>
            )}
          </dl>
        </section>
      </div>
      <Attempts run={run} />
      <nav class="pager" aria-label="Neighbouring runs">
        {Number(run.id) > 1 ? <a class="button" href={runLink(String(Number(run.id) - 1))}>← Run #{Number(run.id) - 1}</a> : <span />}
        <a class="button" href={runLink(String(Number(run.id) + 1))}>Run #{Number(run.id) + 1} →</a>
      </nav>
    </article>
  );
}

/** The other attempts at the same event: the same trigger's repetitions stand beside each other in the job's log. */
function Attempts({ run }: { run: WholeRun }): JSX.Element | null {
  const { data } = useRead(`attempts ${run.id} ${run.status}`, () => attemptsOf(run));
  if (!data || data.length < 2) return null;
  return (
    <section aria-labelledby="attempts">
      <h2 id="attempts">Attempts at this event</h2>
      <ol class="attempts">
        {data.map((other) => (
          <li key={other.id} aria-current={other.id === run.id ? "true" : undefined}>
            <span class="muted">Attempt {other.attemptNumber}</span> <StatusBadge run={other} />{" "}
            <a href={runLink(other.id)}>Run #{other.id}</a>{" "}
            <span class="error-text clipped">{other.errorMessage}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function lateness(ttl: TtlPart): string {
  const told = [ttl.latenessP50Seconds, ttl.latenessP95Seconds, ttl.latenessMaxSeconds];
  const [p50, p95, most] = told.map((seconds) => (seconds === null ? "" : duration(seconds * 1000)));
  const late = p50 ? `half within ${p50} of their expiry, 95 % within ${p95}, all within ${most}` : "since the run before";
  const behind = ttl.behindSeconds ? `; counted ${duration(ttl.behindSeconds * 1000)} late` : "";
  return `${late}${behind}; ${plural(ttl.writeUnitsSaved, "write unit")} saved`;
}

function CountRow({ name, value, note }: { name: string; value: number; note?: string }): JSX.Element {
  return (
    <div class={value ? "" : "nothing"}>
      <dt>
        {name} {note && <small>{note}</small>}
      </dt>
      <dd>{count(value)}</dd>
    </div>
  );
}

const None = ({ text }: { text: string }): JSX.Element => <span class="muted">{text}</span>;

function Both({ at }: { at: string }): JSX.Element {
  const instant = Date.parse(at);
  const [utc, local] = [fullTime(instant, "utc"), fullTime(instant, "local")];
  return (
    <>
      <time dateTime={at}>{utc}</time>
      <small>
        {local === utc ? "" : `${local} here · `}
        {ago(now() - instant)}
      </small>
    </>
  );
}
