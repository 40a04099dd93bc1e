/** The buttons of a job and of a run under way. */

import type { JSX } from "preact";
import type { Health } from "../api/types";
import { Pause, Play, Stop } from "../parts/icons";
import { open } from "./open_act";

export function JobActs({ job, health }: { job: string; health: Health | undefined }): JSX.Element {
  const paused = Boolean(health?.paused);
  return (
    <div class="acts">
      <button class="button" onClick={() => open({ kind: "run", job, paused })} aria-label={`Run ${job} now`}>
        <Play />
        Run…
      </button>
      <button
        class="button"
        onClick={() => open({ kind: paused ? "resume" : "pause", job })}
        aria-label={`${paused ? "Resume" : "Pause"} ${job}`}
      >
        {paused ? <Play /> : <Pause />}
        {paused ? "Resume" : "Pause"}
      </button>
    </div>
  );
}

export function CancelButton({ id, job }: { id: string; job: string }): JSX.Element {
  return (
    <button class="button" onClick={() => open({ kind: "cancel", id, job })} aria-label={`Cancel run ${id} of ${job}`}>
      <Stop />
      Cancel
    </button>
  );
}
