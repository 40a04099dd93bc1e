/** What a run under way has done until now. How much there is in all, nobody knows before it has ended. */

import type { JSX } from "preact";
import type { Counts } from "../api/types";
import { useNow } from "../clock";
import { count, span } from "../words";

export function RunningCounts({ run }: { run: { startedAt: string; dryRun: boolean; counts: Counts } }): JSX.Element {
  const elapsed = Math.max(0, useNow() - Date.parse(run.startedAt));
  const { deleted, failed, becameLive } = run.counts;
  const rate = elapsed > 2000 && deleted ? ` (${count(deleted / (elapsed / 1000))} a second)` : "";
  return (
    <div class="progress">
      <div class="progress-line" role="progressbar" aria-label="The run is under way" />
      <span class="number">
        {span(elapsed)}
        {run.dryRun ? " · looking" : ` · ${count(deleted)} deleted${rate}`}
        {becameLive > 0 && ` · ${count(becameLive)} became live`}
        {failed > 0 && ` · ${count(failed)} failed`}
      </span>
    </div>
  );
}
