/** The view is in the address's fragment, so that a link restores it and no server need know of it. */

import { Cell } from "./cell";

export interface Route {
  /** The path's parts: ["runs", "42"]. */
  readonly parts: readonly string[];
  readonly query: ReadonlyMap<string, string>;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function parseRoute(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#?\/?/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { parts, query: new Map(new URLSearchParams(query)) };
}

/** The link to a view; what is empty in its query is left out. */
export function link(path: string, query: Readonly<Record<string, string | null | undefined>> = {}): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const text = new URLSearchParams(given).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

export const runLink = (id: string): string => link(`/runs/${encodeURIComponent(id)}`);
export const jobLink = (name: string): string => link(`/jobs/${encodeURIComponent(name)}`);

export const route = new Cell(parseRoute(location.hash));

addEventListener("hashchange", () => route.set(parseRoute(location.hash)));

/** Go to a view. `replace` leaves no step behind in the browser's history. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", to);
    route.set(parseRoute(to));
  } else {
    location.hash = to;
  }
}
