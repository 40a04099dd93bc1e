/** What the charts show, in numbers. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useCell } from "../cell";
import { zone } from "../preferences";
import { count, duration, fullTime } from "../words";
import type { Bucket } from "./buckets";

export function ChartTable({ buckets }: { buckets: readonly Bucket[] }): JSX.Element {
  const chosenZone = useCell(zone);
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}>
      <summary>The same as a table</summary>
      {open && (
        <div class="scrolls" tabIndex={0} role="region" aria-label="The charts as a table">
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col" class="right">Runs</th>
                <th scope="col" class="right">Failures</th>
                <th scope="col" class="right">Deleted</th>
                <th scope="col" class="right">Median</th>
                <th scope="col" class="right">Longest</th>
                <th scope="col" class="right">Backlog</th>
              </tr>
            </thead>
            <tbody>
              {buckets
                .filter((bucket) => bucket.runs.length)
                .map((bucket) => (
                  <tr key={bucket.from}>
                    <td>{fullTime(bucket.from, chosenZone)}</td>
                    <td class="right">{count(bucket.runs.length)}</td>
                    <td class="right">{count(bucket.failures)}</td>
                    <td class="right">{count(bucket.deleted)}</td>
                    <td class="right">{bucket.median === null ? "–" : duration(bucket.median)}</td>
                    <td class="right">{bucket.longest === null ? "–" : duration(bucket.longest)}</td>
                    <td class="right">{bucket.backlog === null ? "–" : count(bucket.backlog)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
