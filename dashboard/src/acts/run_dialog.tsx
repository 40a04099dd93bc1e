/** Run a job now: look first with a dry run, then for real. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/graphql";
import { type WholeRun, WHOLE_RUN_FIELDS } from "../api/types";
import { told } from "../live";
import { Dialog } from "../parts/dialog";
import { Turning } from "../parts/icons";
import { RunningCounts } from "../parts/progress";
import { StatusBadge } from "../parts/status";
import { say } from "../parts/toasts";
import { Ago } from "../parts/when";
import { runLink } from "../router";
import { count, dollars, duration, plural } from "../words";
import { trigger } from "./mutations";
import { ReasonField } from "./reason_field";

const LOOK_EACH_MS = 1000;

interface Properties {
  readonly job: string;
  readonly paused: boolean;
  readonly onClose: () => void;
}

export function RunDialog({ job, paused, onClose }: Properties): JSX.Element {
  const reason = useRef("");
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [started, setStarted] = useState<{ id: string; dryRun: boolean } | null>(null);
  const [run, setRun] = useState<WholeRun | null>(null);
  const underWay = started !== null && (run === null || run.status === "running");
  const looked = run !== null && run.dryRun && run.status === "success";

  const start = async (dryRun: boolean) => {
    setSending(true);
    setProblem(null);
    try {
      const result = await trigger(job, dryRun, reason.current);
      if (!result.success || !result.executionId) {
        setProblem(result.message);
        return;
      }
      setRun(null);
      setStarted({ id: result.executionId, dryRun });
    } catch (error) {
      setProblem(told(error));
    } finally {
      setSending(false);
    }
  };

  useEffect(() => {
    if (!started) return;
    let timer = 0;
    let gone = false;
    const look = async () => {
      try {
        const { jobLog } = await ask<{ jobLog: WholeRun | null }>(
          `query Followed($id: ID!) { jobLog(id: $id) { ${WHOLE_RUN_FIELDS} } }`,
          { id: started.id },
        );
        if (gone) return;
        if (jobLog) setRun(jobLog);
        setProblem(null);
        if (jobLog && jobLog.status !== "running") return;
      } catch (error) {
        if (gone) return;
        setProblem(`${told(error)} The run goes on; what follows may be old.`);
      }
      timer = setTimeout(look, LOOK_EACH_MS);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [started]);

  // Whoever leaves a run to itself keeps a way back to it.
  const leave = () => {
    if (started && underWay) say(`${started.dryRun ? "The dry run" : "The run"} of ${job} goes on.`, { run: started.id });
    onClose();
  };

  return (
    <Dialog title={`Run ${job}`} onClose={leave}>
      {!started && (
        <p>
          A dry run deletes nothing and shows what a run would find. {paused && "The job is paused: it runs once, and stays paused."}
        </p>
      )}
      {started && (
        <section class="followed" aria-live="polite">
          <div class="followed-head">
            {run ? <StatusBadge run={run} /> : <span class="badge is-running"><Turning />Starting</span>}
            <a href={runLink(started.id)} onClick={onClose}>
              Run #{started.id}
            </a>
          </div>
          {run && underWay && <RunningCounts run={run} />}
          {run && !underWay && <Outcome run={run} />}
        </section>
      )}
      {problem && (
        <p class="refused" role="alert">
          {problem}
        </p>
      )}
      {(!started || looked) && <ReasonField reason={reason} />}
      <footer>
        {started && !looked ? (
          <button type="button" class="button" onClick={leave}>
            {underWay ? "Close, and let it run" : "Close"}
          </button>
        ) : (
          <>
            <button type="button" class={`button ${looked ? "primary last" : ""}`} disabled={sending} onClick={() => start(false)}>
              Run for real
            </button>
            <button type="button" class={`button ${looked ? "" : "primary"}`} disabled={sending} onClick={() => start(true)}>
              {looked ? "Dry run again" : "Dry run first"}
            </button>
          </>
        )}
      </footer>
    </Dialog>
  );
}

function Outcome({ run }: { run: WholeRun }): JSX.Element {
  if (run.status !== "success") return <p class="error-text">{run.errorMessage ?? "The run did not do all that it had to."}</p>;
  return (
    <>
      {run.dryRun ? <Found run={run} /> : (
        <p>
          <strong>{plural(run.counts.deleted, "row")} deleted</strong> in {duration(run.durationMs ?? 0)}, for about{" "}
          {dollars(run.usage.costUsd)}.
        </p>
      )}
      {run.warnings.map((warning) => <p key={warning} class="warning">{warning}</p>)}
    </>
  );
}

function Found({ run }: { run: WholeRun }): JSX.Element {
  const found = run.backlog;
  if (!found?.remaining) return <p>Nothing has expired: a run would delete no row.</p>;
  return (
    <>
      <p>
        A run would delete{" "}
        <strong>
          {found.exact ? "" : "at least "}
          {plural(found.remaining, "row")}
        </strong>
        , for about {dollars(run.usage.costUsd)}.
        {found.oldestExpiredAt && <> The oldest expired <Ago at={found.oldestExpiredAt} />.</>}
      </p>
      {run.counts.quarantined > 0 && (
        <p>{count(run.counts.quarantined)} more have an expiry that is no epoch second, and stay.</p>
      )}
      {run.samples.length > 0 && (
        <p class="muted">
          Among them, by hashes of their keys: <span class="mono">{run.samples.join(", ")}</span>
        </p>
      )}
    </>
  );
}
