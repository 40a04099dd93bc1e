/** The log by pages, under any filter. */

import { ask } from "./graphql";
import { type Run, RUN_FIELDS, type Status } from "./types";

export const PAGE_SIZE = 50;

export type Sort = "newest" | "oldest" | "longest" | "most";

export interface LogFilter {
  readonly job: string;
  /** A status, "failures" for those that failed in either way, or "" for all. */
  readonly status: string;
  readonly trigger: string;
  /** ISO 8601, or "" for no limit. */
  readonly since: string;
  readonly until: string;
  readonly text: string;
  readonly sort: Sort;
}

export interface LogPage {
  readonly runs: readonly Run[];
  /** The cursor of the next page; null after the last. */
  readonly next: string | null;
  /** How many runs were read to find these, where that is more than these. */
  readonly examined: number | null;
}

/** Whether the log has a key for the filter, so that reading by it reads nothing else. */
export const isKeyed = (filter: LogFilter): boolean => !filter.trigger && !filter.text && filter.sort === "newest";

export function readLogPage(filter: LogFilter, after: string | null, size = PAGE_SIZE): Promise<LogPage> {
  return isKeyed(filter) ? readByKey(filter, after, size) : search(filter, after, size);
}

async function readByKey(filter: LogFilter, after: string | null, size: number): Promise<LogPage> {
  const { jobLogs } = await ask<{ jobLogs: (Run & { cursor: string })[] }>(
    `query Log($job: String, $failures: Boolean, $status: String, $since: String, $until: String, $after: String) {
      jobLogs(
        jobName: $job, onlyFailures: $failures, status: $status, since: $since, until: $until, after: $after
        limit: ${size + 1}
      ) { ${RUN_FIELDS} cursor }
    }`,
    {
      job: filter.job || null,
      failures: filter.status === "failures",
      status: filter.status && filter.status !== "failures" ? filter.status : null,
      since: filter.since || null,
      until: filter.until || null,
      after,
    },
  );
  // One more than a page tells whether there is another.
  const runs = jobLogs.slice(0, size);
  return { runs, next: jobLogs.length > size ? (runs.at(-1)?.cursor ?? null) : null, examined: null };
}

interface Node {
  readonly id: number;
  readonly jobName: string;
  readonly methodName: string;
  readonly startedAt: string;
  readonly status: Status;
  readonly trigger: "schedule" | "manual";
  readonly triggeredBy: string | null;
  readonly attemptNumber: number;
  readonly durationMs: number | null;
  readonly recordsProcessed: number | null;
  readonly dryRun: boolean;
  readonly errorMessage: string | null;
  readonly backlogRemaining: number | null;
  readonly backlogExact: boolean | null;
  readonly oldestExpiredAt: string | null;
}

interface Found {
  jobExecution: {
    findMany: {
      nodes: Node[];
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
      examined: number;
    };
  };
}

const ORDERS: Readonly<Record<Sort, Record<string, "ASC" | "DESC">>> = {
  newest: { startedAt: "DESC" },
  oldest: { startedAt: "ASC" },
  longest: { durationMs: "DESC" },
  most: { recordsProcessed: "DESC" },
};

async function search(filter: LogFilter, after: string | null, size: number): Promise<LogPage> {
  const { jobExecution } = await ask<Found>(
    `query Search($filter: JobExecutionFilterInput, $order: JobExecutionOrderInput, $after: String) {
      jobExecution {
        findMany(filter: $filter, orderBy: $order, pagination: { cursor: { cursor: $after, limit: ${size} } }) {
          nodes {
            id jobName methodName startedAt status trigger triggeredBy attemptNumber durationMs recordsProcessed
            dryRun errorMessage backlogRemaining backlogExact oldestExpiredAt
          }
          pageInfo { hasNextPage endCursor }
          examined
        }
      }
    }`,
    { filter: conditions(filter), order: ORDERS[filter.sort], after },
  );
  const { nodes, pageInfo, examined } = jobExecution.findMany;
  return { runs: nodes.map(asRun), next: pageInfo.hasNextPage ? pageInfo.endCursor : null, examined };
}

function asRun({ backlogRemaining, backlogExact, oldestExpiredAt, ...node }: Node): Run {
  return {
    ...node,
    id: String(node.id),
    backlog: backlogRemaining === null ? null : { remaining: backlogRemaining, exact: backlogExact ?? false, oldestExpiredAt },
  };
}

function conditions(filter: LogFilter): Record<string, unknown> {
  return {
    ...(filter.job ? { jobName: { eq: filter.job } } : {}),
    ...(filter.status === "failures" ? { status: { is_in: ["error", "timeout"] } } : {}),
    ...(filter.status && filter.status !== "failures" ? { status: { eq: filter.status } } : {}),
    ...(filter.trigger ? { trigger: { eq: filter.trigger } } : {}),
    ...(filter.since || filter.until
      ? { startedAt: { ...(filter.since ? { gte: filter.since } : {}), ...(filter.until ? { lt: filter.until } : {}) } }
      : {}),
    ...(filter.text ? { or: textConditions(filter.text) } : {}),
  };
}

/** The API tells upper from lower case; whoever types a word into a search box seldom does. */
function textConditions(text: string): Record<string, unknown>[] {
  const spellings = [...new Set([text, text.toLowerCase(), text.charAt(0).toUpperCase() + text.slice(1)])];
  const fields = ["errorMessage", "reason", "triggeredBy", "cancelledBy", "jobName"];
  const found: Record<string, unknown>[] = fields.flatMap((field) =>
    spellings.map((spelling) => ({ [field]: { contains: spelling } })),
  );
  const id = /^#?(\d{1,9})$/.exec(text)?.[1];
  return id ? [{ id: { eq: Number(id) } }, ...found] : found;
}
