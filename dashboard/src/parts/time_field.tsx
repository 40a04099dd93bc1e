/** A field for an instant, in the zone that the user chose. */

import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { Zone } from "../preferences";

/** The browser's field has no zone: what it holds is meant in the chosen one. */
export function toField(instant: number, zone: Zone): string {
  const offset = zone === "utc" ? 0 : -new Date(instant).getTimezoneOffset() * 60_000;
  return new Date(instant + offset).toISOString().slice(0, 16);
}

export function fromField(text: string, zone: Zone): number | null {
  const instant = Date.parse(zone === "utc" ? `${text}Z` : text);
  return Number.isNaN(instant) ? null : instant;
}

interface Properties {
  readonly label: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
}

export function TimeField({ label, value, onInput }: Properties): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="datetime-local"
        value={value}
        onInput={(event: Event) => onInput((event.currentTarget as HTMLInputElement).value)}
      />
    </div>
  );
}
