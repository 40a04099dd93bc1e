/** The log: any part of it, page by page. Its address holds the whole view. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Format, download, exported } from "../api/export";
import { type LogFilter, isKeyed, readLogPage } from "../api/log";
import { useCell } from "../cell";
import { now } from "../clock";
import { picture, told } from "../live";
import { Download, Newer, Older } from "../parts/icons";
import { Problem } from "../parts/problem";
import { Skeleton } from "../parts/skeleton";
import { say } from "../parts/toasts";
import { useRead } from "../query";
import { go, link } from "../router";
import { count, plural } from "../words";
import { Filters, type Query, filterOf } from "./log_filters";
import { Table } from "./log_table";

export function LogPage({ query }: { query: Query }): JSX.Element {
  const { glance } = useCell(picture);
  const filter = filterOf(query);
  const after = query.get("after") ?? null;
  const key = JSON.stringify([...query].sort());
  const { data, problem, reading, again } = useRead(`log ${key}`, () => readLogPage(filterOf(query), after));

  // The live picture tells when there is something new; only then is a page that shows the newest read again.
  const newest = [...(glance?.strips.values() ?? [])]
    .flat()
    .sort((one, other) => Number(other.id) - Number(one.id))
    .slice(0, 10)
    .map((run) => `${run.id}${run.status}`)
    .join();
  const isLive = isKeyed(filter) && !after && !filter.until;
  const seen = useRef("");
  useEffect(() => {
    if (isLive && seen.current && newest !== seen.current) again();
    seen.current = newest;
  }, [newest, isLive]);

  const to = (changes: Record<string, string | null>) =>
    link("/log", { ...Object.fromEntries(query), after: null, ...changes });
  const change = (changes: Record<string, string | null>) => go(to(changes), { replace: true });
  const filtered = [...query.keys()].some((name) => name !== "after" && name !== "sort");

  return (
    <>
      <div class="page-head head-line">
        <h1>Log</h1>
        <Exports filter={filter} />
      </div>
      <Filters key={query.get("q")} query={query} filter={filter} jobs={glance?.jobs.map((job) => job.name) ?? []} change={change} />
      {problem && <Problem text={problem} again={again} />}
      {!data && !problem && <Skeleton rows={8} label="Reading the log" />}
      {data && (
        <>
          <Table runs={data.runs} sort={filter.sort} to={to} busy={reading} />
          {!data.runs.length && (
            <section class="empty">
              <h2>{filtered ? "No run matches" : "The log is empty"}</h2>
              <p>
                {data.next ? (
                  "None among those that were looked at; older runs may match."
                ) : filtered ? (
                  <a href={link("/log")}>Show all runs</a>
                ) : (
                  <>Runs show up here as soon as there are any. <a href={link("/")}>Start one from the overview</a></>
                )}
              </p>
            </section>
          )}
          <nav class="pager" aria-label="Pages of the log">
            {after ? (
              <>
                <button class="button" onClick={() => history.back()}>
                  <Newer />
                  Back
                </button>
                <a class="button" href={to({})}>
                  First page
                </a>
              </>
            ) : (
              <span class="muted">
                {plural(data.runs.length, "run")}
                {data.examined !== null && data.examined > data.runs.length && ` found among ${count(data.examined)}`}
                {!isLive && data.runs.length > 0 && <> · not live <button class="link" onClick={again}>Read again</button></>}
              </span>
            )}
            {data.next && (
              <a class="button" href={to({ after: data.next })}>
                {filter.sort === "newest" ? "Older" : "More"}
                <Older />
              </a>
            )}
          </nav>
        </>
      )}
    </>
  );
}

function Exports({ filter }: { filter: LogFilter }): JSX.Element {
  const [progress, setProgress] = useState<string | null>(null);
  const save = async (format: Format) => {
    setProgress("Reading…");
    try {
      let runs = 0;
      const blob = await exported(filter, format, (soFar) => {
        runs = soFar;
        setProgress(`${count(soFar)} runs…`);
      });
      download(blob, `executions-${new Date(now()).toISOString().slice(0, 19).replace(/:/g, "")}.${format}`);
      say(`${plural(runs, "run")} exported as ${format.toUpperCase()}.`);
    } catch (error) {
      say(`Nothing was exported. ${told(error)}`, { good: false });
    } finally {
      setProgress(null);
    }
  };
  return (
    <div class="acts" role="group" aria-label="Export what the filter finds">
      {progress && <span class="muted" role="status">{progress}</span>}
      {(["csv", "json"] as const).map((format) => (
        <button key={format} class="button" disabled={progress !== null} onClick={() => save(format)} aria-label={`Export as ${format.toUpperCase()}`}>
          <Download />
          {format.toUpperCase()}
        </button>
      ))}
    </div>
  );
}
