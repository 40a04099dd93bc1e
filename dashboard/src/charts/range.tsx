/** Which span of time the charts show: up to now, or between two instants. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useCell } from "../cell";
import { now } from "../clock";
import { TimeField, fromField, toField } from "../parts/time_field";
import { zone } from "../preferences";
import { go, link } from "../router";
import { zoneName } from "../words";

const HOUR = 3600_000;
const RANGES = { "1h": HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR } as const;
const NAMES = { "1h": "1 h", "24h": "24 h", "7d": "7 d", "30d": "30 d" } as const;
type Named = keyof typeof RANGES;

export interface Range {
  readonly key: string;
  readonly since: number;
  readonly until: number;
  /** Whether it ends now, and so moves on. */
  readonly moving: boolean;
}

export function rangeOf(query: ReadonlyMap<string, string>): Range {
  const [since, until] = [Date.parse(query.get("since") ?? ""), Date.parse(query.get("until") ?? "")];
  if (since < until) return { key: `${since}-${until}`, since, until, moving: false };
  const asked = query.get("range") ?? "";
  const named = (asked in RANGES ? asked : "24h") as Named;
  return { key: named, since: now() - RANGES[named], until: now(), moving: true };
}

export function RangePicker({ path, query }: { path: string; query: ReadonlyMap<string, string> }): JSX.Element {
  const chosenZone = useCell(zone);
  const current = rangeOf(query);
  const [custom, setCustom] = useState(false);
  const shown = custom || !current.moving;
  return (
    <div class="range">
      <div class="segments" role="group" aria-label="Range">
        {(Object.keys(RANGES) as Named[]).map((name) => (
          <a
            key={name}
            href={link(path, { range: name })}
            aria-current={!shown && current.key === name ? "true" : undefined}
            onClick={() => setCustom(false)}
          >
            {NAMES[name]}
          </a>
        ))}
        <button aria-expanded={shown} class={shown ? "current" : ""} onClick={() => setCustom(true)}>
          Custom
        </button>
      </div>
      {shown && <CustomRange key={chosenZone + current.key} path={path} range={current} />}
    </div>
  );
}

function CustomRange({ path, range }: { path: string; range: Range }): JSX.Element {
  const chosenZone = useCell(zone);
  const [from, setFrom] = useState(toField(range.since, chosenZone));
  const [to, setTo] = useState(toField(range.until, chosenZone));
  const [since, until] = [fromField(from, chosenZone), fromField(to, chosenZone)];
  const wrong = since === null || until === null ? "Give both times." : since >= until ? "The end must be later than the start." : null;
  return (
    <form
      class="custom-range"
      onSubmit={(event: Event) => {
        event.preventDefault();
        if (!wrong && since && until) go(link(path, { since: new Date(since).toISOString(), until: new Date(until).toISOString() }));
      }}
    >
      <TimeField label={`From (${zoneName(chosenZone)})`} value={from} onInput={setFrom} />
      <TimeField label={`To (${zoneName(chosenZone)})`} value={to} onInput={setTo} />
      <button class="button" disabled={wrong !== null}>
        Show
      </button>
      {wrong && <p class="error-text" role="alert">{wrong}</p>}
    </form>
  );
}
