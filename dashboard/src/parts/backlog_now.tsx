/** What has expired in a job's table and what will. Counting costs reads, so it is done when somebody looks. */

import type { JSX } from "preact";
import { ask } from "../api/graphql";
import { useRead } from "../query";
import { count, plural } from "../words";
import { Problem } from "./problem";
import { Skeleton } from "./skeleton";
import { Ago } from "./when";

interface RowCount {
  readonly rows: number;
  readonly exact: boolean;
}

interface Backlog {
  readonly indexed: boolean;
  readonly expired: RowCount | null;
  readonly oldestExpiredAt: string | null;
  readonly expiredByAge: Readonly<Record<"within1Hour" | "within24Hours" | "within7Days" | "longerAgo", RowCount>> | null;
  readonly expiring: Readonly<Record<"within1Hour" | "within24Hours" | "within7Days" | "later", RowCount>> | null;
}

const rows = ({ rows: value, exact }: RowCount): string => `${exact ? "" : "≥ "}${count(value)}`;

export function BacklogNow({ job }: { job: string }): JSX.Element {
  const { data, problem, again } = useRead(`backlog ${job}`, async () => {
    const counts = "{ rows exact }";
    const { backlog } = await ask<{ backlog: Backlog[] }>(
      `query Backlog($job: String) {
        backlog(jobName: $job) {
          indexed expired ${counts} oldestExpiredAt
          expiredByAge { within1Hour ${counts} within24Hours ${counts} within7Days ${counts} longerAgo ${counts} }
          expiring { within1Hour ${counts} within24Hours ${counts} within7Days ${counts} later ${counts} }
        }
      }`,
      { job },
    );
    return { table: backlog[0] ?? null };
  });
  if (problem) return <Problem text={problem} again={again} />;
  if (!data) return <Skeleton rows={1} label="Counting what has expired" />;
  const { table } = data;
  if (!table?.expired || !table.expiredByAge || !table.expiring)
    return <p class="muted">The table has no usable expiry index, so nobody has counted.</p>;
  return (
    <>
      <p>
        <strong>
          {table.expired.exact ? "" : "At least "}
          {plural(table.expired.rows, "row")}
        </strong>{" "}
        {table.expired.rows === 1 ? "has" : "have"} expired and {table.expired.rows === 1 ? "is" : "are"} still there
        {table.oldestExpiredAt && <>, the oldest since <Ago at={table.oldestExpiredAt} /></>}.{" "}
        <button class="link" onClick={again}>
          Count again
        </button>
      </p>
      <table class="ages">
        <thead>
          <tr>
            <td />
            <th scope="col" class="right">within 1 h</th>
            <th scope="col" class="right">1 to 24 h</th>
            <th scope="col" class="right">1 to 7 d</th>
            <th scope="col" class="right">beyond</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Expired</th>
            <td class="right">{rows(table.expiredByAge.within1Hour)}</td>
            <td class="right">{rows(table.expiredByAge.within24Hours)}</td>
            <td class="right">{rows(table.expiredByAge.within7Days)}</td>
            <td class="right">{rows(table.expiredByAge.longerAgo)}</td>
          </tr>
          <tr>
            <th scope="row">Will expire</th>
            <td class="right">{rows(table.expiring.within1Hour)}</td>
            <td class="right">{rows(table.expiring.within24Hours)}</td>
            <td class="right">{rows(table.expiring.within7Days)}</td>
            <td class="right">{rows(table.expiring.later)}</td>
          </tr>
        </tbody>
      </table>
    </>
  );
}
