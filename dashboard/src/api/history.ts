/** The runs of a span of time, page by page, for the charts. */

import { ask } from "./graphql";
import { type Run, RUN_FIELDS } from "./types";

const PAGE = 1000; // the API's most
export const MOST_RUNS = 20_000;

export interface History {
  /** The oldest first. */
  readonly runs: readonly Run[];
  /** False where there are more runs than a chart should ask for. */
  readonly complete: boolean;
}

type Page = { jobLogs: (Run & { cursor: string })[] };

/** Read the runs of a job that started in a span, the newest pages first; `onPage` hears how many there are so far. */
export async function readHistory(
  job: string,
  since: number,
  until: number,
  onPage: (runs: number) => void,
): Promise<History> {
  const runs: Run[] = [];
  let after: string | null = null;
  while (runs.length < MOST_RUNS) {
    const { jobLogs }: Page = await ask<Page>(
      `query History($job: String, $since: String, $until: String, $after: String) {
        jobLogs(jobName: $job, since: $since, until: $until, after: $after, limit: ${PAGE}) { ${RUN_FIELDS} cursor }
      }`,
      { job, since: new Date(since).toISOString(), until: new Date(until).toISOString(), after },
    );
    runs.push(...jobLogs);
    onPage(runs.length);
    if (jobLogs.length < PAGE) return { runs: runs.reverse(), complete: true };
    after = jobLogs.at(-1)?.cursor ?? null;
  }
  return { runs: runs.reverse(), complete: false };
}
