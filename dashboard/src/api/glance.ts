/** What the overview shows, in one request that costs the same however long the history is. */

import { ask } from "./graphql";
import { COUNT_FIELDS, type Figures, type Health, type JobInfo, RUN_FIELDS, type Run } from "./types";

export const STRIP_LENGTH = 36;
const NEWEST = 20;

export interface Glance {
  readonly jobs: readonly JobInfo[];
  readonly health: ReadonlyMap<string, Health>;
  readonly figures: ReadonlyMap<string, Figures>;
  readonly total: Figures;
  /** Recent runs of each job, the oldest first. */
  readonly strips: ReadonlyMap<string, readonly Run[]>;
}

const FIGURES = "total successCount errorCount successRate p95 recordsProcessed";

const GLANCE = `query Glance {
  availableJobs { name description schedule }
  jobHealth {
    jobName state nextDueAt lateSince lateSeconds consecutiveFailures
    paused { by at reason }
    running { ${RUN_FIELDS} counts { ${COUNT_FIELDS} } }
    lastRun { ${RUN_FIELDS} }
  }
  jobStats { ${FIGURES} byJob { jobName ${FIGURES} } }
  jobLogs(limit: ${NEWEST}) { ${RUN_FIELDS} }
}`;

interface GlanceAnswer {
  availableJobs: JobInfo[];
  jobHealth: Health[];
  jobStats: Omit<Figures, "jobName"> & { byJob: Figures[] };
  jobLogs: Run[];
}

/**
 * Return how everything is. Strips grow out of the newest runs of all jobs; they are read anew, job by job,
 * only where so many runs started since `before` that some of them are not among these.
 */
export async function readGlance(before: Glance | null): Promise<Glance> {
  const answer = await ask<GlanceAnswer>(GLANCE);
  const newest = answer.jobLogs;
  const strips = before && joins(before, newest) ? merged(before.strips, newest) : null;
  return {
    jobs: answer.availableJobs,
    health: new Map(answer.jobHealth.map((health) => [health.jobName, health])),
    figures: new Map(answer.jobStats.byJob.map((figures) => [figures.jobName ?? "", figures])),
    total: { jobName: null, ...answer.jobStats },
    strips: strips ?? merged(new Map(), newest),
  };
}

/** Whether the strips of a first glance lack runs that the log has. */
export function lacksStrips(glance: Glance, before: Glance | null): boolean {
  const shown = [...glance.strips.values()].reduce((sum, strip) => sum + strip.length, 0);
  return (!before || !joins(before, newestOf(glance))) && shown < glance.total.total;
}

/** Return the glance with strips of each job read from the log, in one request. */
export async function withStrips(glance: Glance): Promise<Glance> {
  const names = glance.jobs.map((job) => job.name);
  const fields = names.map(
    (_, index) => `job${index}: jobLogs(jobName: $job${index}, limit: ${STRIP_LENGTH}) { ${RUN_FIELDS} }`,
  );
  const parameters = names.map((_, index) => `$job${index}: String!`).join(", ");
  const answer = await ask<Record<string, Run[]>>(
    `query Strips(${parameters}) { ${fields.join("\n")} }`,
    Object.fromEntries(names.map((name, index) => [`job${index}`, name])),
  );
  const read = new Map(names.map((name, index) => [name, [...(answer[`job${index}`] ?? [])].reverse()]));
  return { ...glance, strips: merged(read, newestOf(glance)) };
}

const newestOf = (glance: Glance): Run[] => [...glance.strips.values()].flat();

function joins(before: Glance, newest: readonly Run[]): boolean {
  const known = new Set(newestOf(before).map((run) => run.id));
  return newest.length < NEWEST ? newest.length >= Math.min(known.size, NEWEST) : newest.some((run) => known.has(run.id));
}

/** Return the strips with these runs in them, in place of what was known of the same runs before. */
export function merged(
  strips: ReadonlyMap<string, readonly Run[]>,
  runs: readonly Run[],
  length = STRIP_LENGTH,
): ReadonlyMap<string, readonly Run[]> {
  const byJob = new Map([...strips].map(([job, strip]) => [job, new Map(strip.map((run) => [run.id, run]))]));
  for (const run of runs) {
    if (!byJob.has(run.jobName)) byJob.set(run.jobName, new Map());
    byJob.get(run.jobName)?.set(run.id, run);
  }
  return new Map(
    [...byJob].map(([job, byId]) => [
      job,
      [...byId.values()].sort((one, other) => Number(one.id) - Number(other.id)).slice(-length),
    ]),
  );
}
