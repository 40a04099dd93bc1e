/**
 * The picture that is kept fresh: one request each few seconds, none while nobody looks, fewer while the server
 * does not answer.
 */

import { Failed, Refused, Unreachable } from "./api/graphql";
import { type Glance, lacksStrips, readGlance, withStrips } from "./api/glance";
import { session } from "./api/session";
import { Cell } from "./cell";
import { now } from "./clock";

const CALM_MS = 5000;
const BUSY_MS = 2000; // while a run is under way
const LONGEST_MS = 60_000;

export interface Picture {
  readonly glance: Glance | null;
  /** When the glance was true. */
  readonly asOf: number | null;
  /** Why there is no newer one; null while all is well. */
  readonly problem: string | null;
  readonly nextTryAt: number | null;
}

export const picture = new Cell<Picture>({ glance: null, asOf: null, problem: null, nextTryAt: null });

let timer = 0;
let failures = 0;
let asking: Promise<void> | null = null;

/** Ask now, and from now on. Returns once the picture is what the server says. */
export function refresh(): Promise<void> {
  clearTimeout(timer);
  asking ??= look().finally(() => {
    asking = null;
    schedule();
  });
  return asking;
}

function schedule(): void {
  clearTimeout(timer);
  if (document.hidden || !mayAsk()) return;
  const busy = [...(picture.get().glance?.health.values() ?? [])].some((health) => health.running);
  const wait = failures ? Math.min(LONGEST_MS, CALM_MS * 2 ** (failures - 1)) : busy ? BUSY_MS : CALM_MS;
  if (failures) picture.set({ ...picture.get(), nextTryAt: now() + wait });
  timer = setTimeout(refresh, wait);
}

function mayAsk(): boolean {
  const { kind } = session.get();
  return kind === "open" || kind === "signed-in";
}

async function look(): Promise<void> {
  if (!mayAsk()) return;
  const before = picture.get().glance;
  try {
    const glance = await readGlance(before);
    const lacking = lacksStrips(glance, before);
    failures = 0;
    picture.set({ glance, asOf: now(), problem: null, nextTryAt: null });
    if (lacking) picture.set({ ...picture.get(), glance: await withStrips(glance) });
  } catch (error) {
    failures += 1;
    picture.set({ ...picture.get(), problem: told(error) });
  }
}

/** Return what an error of the API says. What is none of those is a bug of this page, and surfaces. */
export function told(error: unknown): string {
  if (error instanceof Unreachable || error instanceof Refused || error instanceof Failed) return error.message;
  throw error;
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : void refresh()));
addEventListener("online", () => void refresh());
session.watch(() => void refresh());
