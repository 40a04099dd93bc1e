import type { JSX } from "preact";

/** What stands where data will be, of the same size, so that nothing jumps. */
export function Skeleton({ rows, label }: { rows: number; label: string }): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} />
      ))}
    </div>
  );
}
