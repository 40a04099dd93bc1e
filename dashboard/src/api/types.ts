/** What the API answers, as far as this page asks for it. See graphql/schema.graphql. */

export type Status = "running" | "success" | "error" | "timeout" | "skipped" | "cancelled";
export type JobState = "paused" | "late" | "failing" | "running" | "waiting" | "healthy";

export interface JobInfo {
  readonly name: string;
  readonly description: string;
  readonly schedule: string;
}

export interface Counts {
  readonly deleted: number;
  readonly becameLive: number;
  readonly alreadyGone: number;
  readonly failed: number;
  readonly uncertain: number;
  readonly quarantined: number;
  readonly stamped: number;
}

export interface Usage {
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly costUsd: number;
}

export interface Backlog {
  readonly remaining: number;
  readonly oldestExpiredAt: string | null;
  readonly exact: boolean;
}

/** A run as lists, strips and charts need it. */
export interface Run {
  readonly id: string;
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
  readonly backlog: Backlog | null;
}

/** What DynamoDB's TTL removed since the run before. */
export interface TtlPart {
  readonly rows: number;
  readonly latenessP50Seconds: number | null;
  readonly latenessP95Seconds: number | null;
  readonly latenessMaxSeconds: number | null;
  readonly writeUnitsSaved: number;
  readonly behindSeconds: number;
}

/** A run with everything that the API knows of it. */
export interface WholeRun extends Run {
  readonly completedAt: string | null;
  readonly success: boolean | null;
  readonly reason: string | null;
  readonly cancelledBy: string | null;
  readonly counts: Counts;
  /** Null where TTL does not go first. */
  readonly ttl: TtlPart | null;
  readonly usage: Usage;
  readonly samples: readonly string[];
  readonly warnings: readonly string[];
}

export interface RunningRun extends Run {
  readonly counts: Counts;
}

export interface Pause {
  readonly by: string | null;
  readonly at: string;
  readonly reason: string | null;
}

export interface Health {
  readonly jobName: string;
  readonly state: JobState;
  readonly nextDueAt: string | null;
  readonly lateSince: string | null;
  readonly lateSeconds: number | null;
  readonly consecutiveFailures: number;
  readonly paused: Pause | null;
  readonly running: RunningRun | null;
  readonly lastRun: Run | null;
}

export interface Figures {
  readonly jobName: string | null;
  readonly total: number;
  readonly successCount: number;
  readonly errorCount: number;
  readonly successRate: number;
  readonly p95: number | null;
  readonly recordsProcessed: number;
}

export const RUN_FIELDS = `
  id jobName methodName startedAt status trigger triggeredBy attemptNumber durationMs recordsProcessed dryRun
  errorMessage backlog { remaining oldestExpiredAt exact }`;

export const COUNT_FIELDS = "deleted becameLive alreadyGone failed uncertain quarantined stamped";

export const WHOLE_RUN_FIELDS = `${RUN_FIELDS}
  completedAt success reason cancelledBy counts { ${COUNT_FIELDS} } usage { readUnits writeUnits costUsd }
  ttl { rows latenessP50Seconds latenessP95Seconds latenessMaxSeconds writeUnitsSaved behindSeconds }
  samples warnings`;
