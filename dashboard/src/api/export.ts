/** The log as a file, all pages of it, through the REST API's own formats. */

import { type LogFilter, readLogPage } from "./log";
import { Refused, explained, send } from "./graphql";

export type Format = "csv" | "json";

const MOST_PAGES = 1000;

/** Fetch everything that the filter finds; `onProgress` hears how many runs there are so far. */
export async function exported(filter: LogFilter, format: Format, onProgress: (runs: number) => void): Promise<Blob> {
  const ids = filter.text ? await idsOf(filter) : null;
  const records: string[] = [];
  let cursor: string | null = null;
  let idColumn = -1;
  for (let page = 0; page < MOST_PAGES; page++) {
    const response: Response = await send(address(filter, format, cursor));
    if (!response.ok) throw new Refused(response.status, explained(response.status));
    const text = await response.text();
    const read = format === "csv" ? csvRecords(text) : text.split("\n").filter(Boolean);
    const header: string[] = format === "csv" && cursor === null ? read.splice(0, 1) : [];
    if (header[0]) idColumn = fields(header[0]).indexOf("id");
    const idOf = (record: string) =>
      format === "csv" ? fields(record)[idColumn] : String((JSON.parse(record) as { id: number }).id);
    records.push(...header, ...read.filter((record) => !ids || ids.has(idOf(record) ?? "")));
    onProgress(records.length - (format === "csv" ? 1 : 0));
    cursor = response.headers.get("x-next-cursor");
    if (!cursor) break;
  }
  return format === "csv"
    ? new Blob(records, { type: "text/csv" })
    : new Blob([`[\n${records.join(",\n")}\n]\n`], { type: "application/json" });
}

function address(filter: LogFilter, format: Format, cursor: string | null): string {
  const failures = filter.status === "failures";
  const query = new URLSearchParams({ format: format === "csv" ? "csv" : "ndjson", limit: failures ? "500" : "1000" });
  const given = {
    job_id: filter.job,
    status: failures ? "" : filter.status,
    trigger: filter.trigger,
    since: filter.since,
    until: filter.until,
    order: filter.sort === "oldest" ? "asc" : "",
    cursor,
  };
  for (const [name, value] of Object.entries(given)) if (value) query.set(name, value);
  return `api/executions${failures ? "/errors" : ""}?${query}`;
}

/** The REST API searches no text: what the search finds picks its records. */
async function idsOf(filter: LogFilter): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await readLogPage({ ...filter, sort: "newest" }, after, 1000);
    for (const run of found.runs) ids.add(run.id);
    after = found.next;
    if (!after) break;
  }
  return ids;
}

/** Split CSV into its records, line ends included: a quoted field may hold line ends of its own. */
export function csvRecords(text: string): string[] {
  const records: string[] = [];
  let begun = "";
  for (const line of text.split(/(?<=\n)/)) {
    begun += line;
    // Quotes come in pairs: after an odd number of them the field goes on in the next line.
    if ((begun.split('"').length - 1) % 2) continue;
    records.push(begun);
    begun = "";
  }
  return begun ? [...records, begun] : records;
}

function fields(record: string): string[] {
  return (record.match(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n|$)/g) ?? []).map((field) =>
    field.replace(/,$|\r?\n$/, "").replace(/^"|"$/g, "").replace(/""/g, '"'),
  );
}

export function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
