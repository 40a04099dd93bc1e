/** Outcomes and states: a shape, a colour and a word for each, so that none has to be told by colour. */

import type { JSX } from "preact";
import type { JobState, Run, Status } from "../api/types";
import * as icons from "./icons";

export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  running: "Running",
  success: "Succeeded",
  error: "Failed",
  timeout: "Timed out",
  skipped: "Skipped",
  cancelled: "Cancelled",
};

export const STATE_WORDS: Readonly<Record<JobState, string>> = {
  paused: "Paused",
  late: "Late",
  failing: "Failing",
  running: "Running",
  waiting: "Waiting",
  healthy: "Healthy",
};

const STATUS_ICONS = {
  running: icons.Turning,
  success: icons.Check,
  error: icons.Cross,
  timeout: icons.Hourglass,
  skipped: icons.Skipped,
  cancelled: icons.Stopped,
};

const STATE_ICONS = {
  paused: icons.Paused,
  late: icons.Late,
  failing: icons.Cross,
  running: icons.Turning,
  waiting: icons.Waiting,
  healthy: icons.Check,
};

export const failed = (status: Status): boolean => status === "error" || status === "timeout";

export function StatusBadge({ run }: { run: Pick<Run, "status" | "dryRun"> }): JSX.Element {
  const Icon = STATUS_ICONS[run.status];
  return (
    <span class={`badge is-${run.status}`}>
      <Icon />
      {STATUS_WORDS[run.status]}
      {run.dryRun && <span class="tag">dry run</span>}
    </span>
  );
}

export function StateBadge({ state }: { state: JobState }): JSX.Element {
  const Icon = STATE_ICONS[state];
  return (
    <span class={`badge state is-${state}`}>
      <Icon />
      {STATE_WORDS[state]}
    </span>
  );
}
