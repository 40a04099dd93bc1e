/** A page of the log as a table; on a narrow screen, as cards. */

import type { JSX } from "preact";
import type { Sort } from "../api/log";
import type { Run } from "../api/types";
import { StatusBadge } from "../parts/status";
import { When } from "../parts/when";
import { jobLink, runLink } from "../router";
import { count, duration } from "../words";

interface TableProperties {
  readonly runs: readonly Run[];
  readonly sort: Sort;
  readonly to: (changes: Record<string, string | null>) => string;
  readonly busy: boolean;
}

export function Table({ runs, sort, to, busy }: TableProperties): JSX.Element | null {
  if (!runs.length) return null;
  const column = (word: string, down: Sort, up?: Sort) => (
    <th scope="col" role="columnheader" class={down === "newest" ? "" : "right"} aria-sort={sort === down ? "descending" : sort === up ? "ascending" : "none"}>
      <a href={to({ sort: sort === down ? (up ?? null) : down === "newest" ? null : down })}>
        {word}
        <span class="arrow" aria-hidden="true">{sort === down ? "↓" : sort === up ? "↑" : ""}</span>
      </a>
    </th>
  );
  return (
    <table class="log" role="table" aria-label="Runs" aria-busy={busy}>
      <thead role="rowgroup">
        <tr role="row">
          <th scope="col" role="columnheader">Run</th>
          <th scope="col" role="columnheader">Status</th>
          <th scope="col" role="columnheader">Job</th>
          {column("Started", "newest", "oldest")}
          {column("Duration", "longest")}
          {column("Deleted", "most")}
          <th scope="col" role="columnheader">Trigger</th>
          <th scope="col" role="columnheader" class="error-column">Error</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {runs.map((run) => (
          <tr key={run.id} role="row">
            <td role="cell" class="number id">
              <a class="row-link" href={runLink(run.id)} aria-label={`Run ${run.id} of ${run.jobName}`}>#{run.id}</a>
            </td>
            <td role="cell" class="status"><StatusBadge run={run} /></td>
            <td role="cell" class="job-cell"><a href={jobLink(run.jobName)}>{run.jobName}</a>{run.methodName === "reconcile" && <span class="tag">reconcile</span>}</td>
            <td role="cell" class="number started"><When at={run.startedAt} /></td>
            <td role="cell" class="number right duration">{run.durationMs === null ? "" : duration(run.durationMs)}</td>
            <td role="cell" class="number right deleted">{run.recordsProcessed === null ? "" : count(run.recordsProcessed)}</td>
            <td role="cell" class="trigger">{run.trigger}{run.attemptNumber > 1 && <span class="tag">attempt {run.attemptNumber}</span>}</td>
            <td role="cell" class="error-column"><span class="error-text clipped" title={run.errorMessage ?? ""}>{run.errorMessage}</span></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
