/** Requests to the GraphQL API of the server that this page came from. */

import { learnTime } from "../clock";
import { accessToken, signInAgain } from "./session";

const PATIENCE_MS = 29_000; // API Gateway's own is 30 seconds

const LONGEST_ADDRESS = 6000; // API Gateway takes 10,240 bytes of address and headers together

/** Nobody answered. */
export class Unreachable extends Error {}

/** Somebody answered, and it was no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The API ran the request and says what was wrong with it. */
export class Failed extends Error {}

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** Send a request and return its response, whatever its status. Raises Unreachable. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const token = await accessToken();
  const headers = { ...init.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    throw new Unreachable(
      error instanceof DOMException ? "The server has not answered in time." : "The server cannot be reached.",
    );
  }
  learnTime(response.headers.get("date"));
  if (response.status === 401 && token) signInAgain();
  return response;
}

/** Return the data of a query or a mutation. Raises Unreachable, Refused and Failed. */
export async function ask<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const response = await send(...request(query.replace(/\s+/g, " "), variables));
  const answer = await read<T>(response);
  if (answer?.errors?.length) throw new Failed(answer.errors.map((error) => error.message).join("; "));
  if (!response.ok || !answer?.data) throw new Refused(response.status, explained(response.status));
  return answer.data;
}

/** Queries go by GET: IAM lets those who may only look do nothing else, and tells by the method. */
function request(query: string, variables: Record<string, unknown>): [path: string, init: RequestInit] {
  const accept = "application/json";
  const address = `admin/jobs?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`;
  if (query.startsWith("query") && address.length < LONGEST_ADDRESS) return [address, { headers: { accept } }];
  const headers = { accept, "content-type": "application/json" };
  return ["admin/jobs", { method: "POST", headers, body: JSON.stringify({ query, variables }) }];
}

async function read<T>(response: Response): Promise<Answer<T> | null> {
  try {
    return (await response.json()) as Answer<T>;
  } catch {
    return null; // a proxy's page, or an answer cut short
  }
}

export function explained(status: number): string {
  if (status === 401) return "The server does not know who you are. Sign in again.";
  if (status === 403)
    return "The server lets nobody in without AWS credentials or a token. A browser cannot sign with AWS credentials: open this page through “barycenter-jobs proxy”.";
  if (status === 429) return "The server is asked too often right now.";
  if (status >= 500) return `The server has trouble of its own (HTTP ${status}).`;
  return `The server answered HTTP ${status} where this page expected data.`;
}
