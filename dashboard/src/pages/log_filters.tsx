/** What the log is filtered and sorted by: said by the address, and chosen here. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LogFilter, Sort } from "../api/log";
import { useCell } from "../cell";
import { now } from "../clock";
import { STATUS_WORDS } from "../parts/status";
import { TimeField, fromField, toField } from "../parts/time_field";
import { zone } from "../preferences";
import { link } from "../router";
import { zoneName } from "../words";

export type Query = ReadonlyMap<string, string>;

const HOUR = 3600_000;
const SPANS: Readonly<Record<string, number>> = { "1h": HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR };
const SORTS: Readonly<Record<Sort, string>> = {
  newest: "newest first",
  oldest: "oldest first",
  longest: "longest first",
  most: "most deleted first",
};
const TYPED_MS = 400;

/** Read the filter from the address. What an address says in vain is left out. */
export function filterOf(query: Query): LogFilter {
  const get = (name: string) => query.get(name) ?? "";
  const span = SPANS[get("range")];
  const instant = (name: string) => {
    const at = Date.parse(get(name));
    return Number.isNaN(at) ? "" : new Date(at).toISOString();
  };
  return {
    job: get("job"),
    status: get("status") === "failures" || get("status") in STATUS_WORDS ? get("status") : "",
    trigger: ["schedule", "manual"].includes(get("trigger")) ? get("trigger") : "",
    since: span ? new Date(now() - span).toISOString() : instant("since"),
    until: span ? "" : instant("until"),
    text: get("q").trim(),
    sort: get("sort") in SORTS ? (get("sort") as Sort) : "newest",
  };
}

interface FilterProperties {
  readonly query: Query;
  readonly filter: LogFilter;
  readonly jobs: readonly string[];
  readonly change: (changes: Record<string, string | null>) => void;
}

export function Filters({ query, filter, jobs, change }: FilterProperties): JSX.Element {
  const [text, setText] = useState(filter.text);
  const typing = useRef(0);
  const span = query.get("range") ?? (filter.since || filter.until ? "custom" : "");
  const [custom, setCustom] = useState(span === "custom");
  const search = () => {
    clearTimeout(typing.current);
    if (text.trim() !== filter.text) change({ q: text.trim() });
  };
  useEffect(() => {
    typing.current = setTimeout(search, TYPED_MS);
    return () => clearTimeout(typing.current);
  }, [text]);
  return (
    <form class="filters" role="search" aria-label="Filter the log" onSubmit={(event: Event) => {
      event.preventDefault();
      search();
    }}>
      <div class="field grows">
        <label for="filter-text">Text</label>
        <input
          id="filter-text"
          type="search"
          placeholder="error, reason, who, number"
          value={text}
          onInput={(event: Event) => setText((event.currentTarget as HTMLInputElement).value)}
        />
      </div>
      <Choice label="Job" value={filter.job} any="all jobs" choices={[...new Set([...jobs, ...(filter.job ? [filter.job] : [])])].map((job) => [job, job])} onChange={(job) => change({ job })} />
      <Choice label="Status" value={filter.status} any="any" choices={[["failures", "failed or timed out"], ...Object.entries(STATUS_WORDS).map(([value, word]) => [value, word.toLowerCase()] as const)]} onChange={(status) => change({ status })} />
      <Choice label="Trigger" value={filter.trigger} any="any" choices={[["schedule", "schedule"], ["manual", "manual"]]} onChange={(trigger) => change({ trigger })} />
      <Choice
        label="Time"
        value={custom ? "custom" : span}
        any="any time"
        choices={[["1h", "last hour"], ["24h", "last 24 hours"], ["7d", "last 7 days"], ["30d", "last 30 days"], ["custom", "from … to …"]]}
        onChange={(range) => {
          setCustom(range === "custom");
          if (range !== "custom") change({ range, since: null, until: null });
        }}
      />
      <Choice label="Sort" value={filter.sort === "newest" ? "" : filter.sort} any="newest first" choices={Object.entries(SORTS).slice(1)} onChange={(sort) => change({ sort })} />
      {custom && <Custom filter={filter} change={change} />}
      {[...query.keys()].some((name) => name !== "after") && (
        <a class="button clear" href={link("/log")} onClick={() => { setText(""); setCustom(false); }}>
          Clear
        </a>
      )}
    </form>
  );
}

function Custom({ filter, change }: Pick<FilterProperties, "filter" | "change">): JSX.Element {
  const chosenZone = useCell(zone);
  const shown = (at: string) => (at ? toField(Date.parse(at), chosenZone) : "");
  const set = (name: "since" | "until") => (value: string) => {
    const at = fromField(value, chosenZone);
    const kept = { since: filter.since || null, until: filter.until || null };
    change({ range: null, ...kept, [name]: at === null ? null : new Date(at).toISOString() });
  };
  return (
    <div class="custom-range">
      <TimeField label={`From (${zoneName(chosenZone)})`} value={shown(filter.since)} onInput={set("since")} />
      <TimeField label={`To (${zoneName(chosenZone)})`} value={shown(filter.until)} onInput={set("until")} />
    </div>
  );
}

interface ChoiceProperties {
  readonly label: string;
  readonly value: string;
  readonly any: string;
  readonly choices: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, any, choices, onChange }: ChoiceProperties): JSX.Element {
  const id = `filter-${label.toLowerCase()}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event: Event) => onChange((event.currentTarget as HTMLSelectElement).value)}>
        <option value="">{any}</option>
        {choices.map(([choice, word]) => (
          <option key={choice} value={choice}>
            {word}
          </option>
        ))}
      </select>
    </div>
  );
}
