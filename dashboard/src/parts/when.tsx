/** Instants: in the zone that the user chose, in both zones on hover. */

import type { JSX } from "preact";
import { useCell } from "../cell";
import { now, useNow } from "../clock";
import { zone } from "../preferences";
import { ago, clock, countdown, fullTime } from "../words";

const bothZones = (instant: number): string => `${fullTime(instant, "utc")}\n${fullTime(instant, "local")}`;

export function When({ at, full = false }: { at: string; full?: boolean }): JSX.Element {
  const chosen = useCell(zone);
  const instant = Date.parse(at);
  return (
    <time dateTime={at} title={bothZones(instant)}>
      {full ? fullTime(instant, chosen) : clock(instant, chosen, now())}
    </time>
  );
}

export function Ago({ at }: { at: string }): JSX.Element {
  const present = useNow();
  const instant = Date.parse(at);
  return (
    <time dateTime={at} title={bothZones(instant)}>
      {ago(present - instant)}
    </time>
  );
}

export function Until({ at }: { at: string }): JSX.Element {
  const left = Date.parse(at) - useNow();
  return (
    <time dateTime={at} title={bothZones(Date.parse(at))} class="number">
      {left > 0 ? `in ${countdown(left)}` : "any moment"}
    </time>
  );
}
