/** The attempts at one event. */

import { ask } from "./graphql";
import { type Run, RUN_FIELDS } from "./types";

// Lambda repeats a failed asynchronous invocation after one minute, and once more after two; the attempts
// themselves may take fifteen minutes each.
const NEAR_MS = 40 * 60_000;

/**
 * Return this run and the other attempts at its event, in their order.
 *
 * The log numbers attempts and does not name the event: each attempt but the first follows, in its job's log, a
 * failed one of the same trigger with the number before its own.
 */
export async function attemptsOf(run: Run): Promise<readonly Run[]> {
  const at = Date.parse(run.startedAt);
  const { jobLogs } = await ask<{ jobLogs: Run[] }>(
    `query Attempts($job: String, $since: String, $until: String) {
      jobLogs(jobName: $job, since: $since, until: $until, limit: 200) { ${RUN_FIELDS} }
    }`,
    { job: run.jobName, since: new Date(at - NEAR_MS).toISOString(), until: new Date(at + NEAR_MS).toISOString() },
  );
  const inOrder = [...jobLogs].sort((one, other) => Number(one.id) - Number(other.id));
  const index = inOrder.findIndex((other) => other.id === run.id);
  if (index < 0) return [run];
  const before = chain([...inOrder.slice(0, index)].reverse(), run, -1).reverse();
  return [...before, run, ...chain(inOrder.slice(index + 1), run, 1)];
}

function chain(candidates: readonly Run[], from: Run, step: 1 | -1): Run[] {
  const found: Run[] = [];
  let current = from;
  for (const candidate of candidates) {
    const [earlier, later] = step > 0 ? [current, candidate] : [candidate, current];
    const repeats =
      earlier.trigger === later.trigger &&
      earlier.triggeredBy === later.triggeredBy &&
      later.attemptNumber === earlier.attemptNumber + 1 &&
      (earlier.status === "error" || earlier.status === "timeout");
    if (!repeats) continue;
    found.push(candidate);
    current = candidate;
  }
  return found;
}
