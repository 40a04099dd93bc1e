/** What an operator may do, and what came of it. */

import { ask } from "../api/graphql";
import type { Pause } from "../api/types";
import { refresh } from "../live";

export interface Triggered {
  readonly success: boolean;
  readonly message: string;
  readonly executionId: string | null;
}

export interface Controlled {
  readonly success: boolean;
  readonly message: string;
  readonly paused: Pause | null;
}

export interface Cancelled {
  readonly success: boolean;
  readonly message: string;
}

const given = (reason: string): string | null => reason.trim() || null;

export async function trigger(jobName: string, dryRun: boolean, reason: string): Promise<Triggered> {
  const { triggerJob } = await ask<{ triggerJob: Triggered }>(
    `mutation Trigger($jobName: String!, $dryRun: Boolean, $reason: String) {
      triggerJob(jobName: $jobName, dryRun: $dryRun, reason: $reason) { success message executionId }
    }`,
    { jobName, dryRun, reason: given(reason) },
  );
  void refresh();
  return triggerJob;
}

export async function pause(jobName: string, reason: string): Promise<Controlled> {
  const { pauseJob } = await ask<{ pauseJob: Controlled }>(
    `mutation Pause($jobName: String!, $reason: String) {
      pauseJob(jobName: $jobName, reason: $reason) { success message paused { by at reason } }
    }`,
    { jobName, reason: given(reason) },
  );
  void refresh();
  return pauseJob;
}

export async function resume(jobName: string, reason: string): Promise<Controlled> {
  const { resumeJob } = await ask<{ resumeJob: Controlled }>(
    `mutation Resume($jobName: String!, $reason: String) {
      resumeJob(jobName: $jobName, reason: $reason) { success message paused { by at reason } }
    }`,
    { jobName, reason: given(reason) },
  );
  void refresh();
  return resumeJob;
}

export async function cancel(id: string, reason: string): Promise<Cancelled> {
  const { cancelRun } = await ask<{ cancelRun: Cancelled }>(
    `mutation Cancel($id: ID!, $reason: String) { cancelRun(id: $id, reason: $reason) { success message } }`,
    { id, reason: given(reason) },
  );
  void refresh();
  return cancelRun;
}
