/** What stands around every view: where one can go, and how fresh the picture is. */

import type { ComponentChildren, JSX } from "preact";
import { OpenAct } from "../acts/open_act";
import { session, signOut } from "../api/session";
import { useCell } from "../cell";
import { useNow } from "../clock";
import { picture, refresh } from "../live";
import { type Theme, theme, zone } from "../preferences";
import { type Route, link, route } from "../router";
import { clock, countdown, span, zoneName } from "../words";
import { Keys } from "./help";
import { Halves, Late, Mark, Moon, Sun } from "./icons";
import { Toasts } from "./toasts";
import { Tooltip } from "./tooltip";

const PLACES = [
  ["/", "Overview", ["", "jobs"]],
  ["/charts", "Charts", ["charts"]],
  ["/log", "Log", ["log", "runs"]],
] as const;

export function Shell({ children }: { children: ComponentChildren }): JSX.Element {
  const current = useCell(route);
  return (
    <>
      <a class="skip" href="#main" onClick={(event: Event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href={link("/")} aria-label="barycenter-jobs, overview">
          <Mark />
          <span>barycenter-jobs</span>
        </a>
        <nav aria-label="Views">
          {PLACES.map(([path, word, heads]) => (
            <a key={path} href={link(path)} aria-current={isAt(current, heads) ? "page" : undefined}>
              {word}
            </a>
          ))}
        </nav>
        <div class="tools">
          <Freshness />
          <ZoneSwitch />
          <ThemeSwitch />
          <Keys />
          <Account />
        </div>
      </header>
      <Stale />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <OpenAct />
      <Toasts />
      <Tooltip />
    </>
  );
}

const isAt = (current: Route, heads: readonly string[]): boolean => heads.includes(current.parts[0] ?? "");

function Freshness(): JSX.Element {
  const { asOf, problem } = useCell(picture);
  const present = useNow();
  const word = problem ? "Stale" : asOf === null ? "Loading" : "Live";
  return (
    <button
      class={`plain freshness ${problem ? "stale" : asOf === null ? "" : "live"}`}
      onClick={() => void refresh()}
      title="Ask the server now (r)"
      aria-label={`${word}${asOf === null ? "" : `, ${span(present - asOf)} old`}. Ask the server now`}
    >
      <span class="pulse" aria-hidden="true" />
      {word}
    </button>
  );
}

/** Says since when the picture is old, and why. */
function Stale(): JSX.Element | null {
  const { asOf, problem, nextTryAt } = useCell(picture);
  const chosenZone = useCell(zone);
  const present = useNow();
  if (!problem) return null;
  return (
    <section class="stale-bar" aria-label="How old the picture is">
      <Late />
      <p role="alert">
        {problem}{" "}
        {asOf !== null && (
          <>What you see is from {clock(asOf, chosenZone, present)} {zoneName(chosenZone)}.</>
        )}
      </p>
      <p class="number">
        {asOf !== null && `${span(present - asOf)} old`}
        {nextTryAt !== null && nextTryAt > present && ` · next try in ${countdown(nextTryAt - present)}`}
      </p>
      <button class="button" onClick={() => void refresh()}>
        Try now
      </button>
    </section>
  );
}

function ZoneSwitch(): JSX.Element {
  const chosen = useCell(zone);
  const other = chosen === "utc" ? "local" : "utc";
  return (
    <button class="plain zone" onClick={() => zone.set(other)} aria-label={`Times are in ${chosen === "utc" ? "UTC" : `local time, ${zoneName("local")}`}. Show them in ${other === "utc" ? "UTC" : "local time"}`} title="UTC or local time">
      {chosen === "utc" ? "UTC" : "Local"}
    </button>
  );
}

const THEMES: Readonly<Record<Theme, { next: Theme; word: string; icon: () => JSX.Element }>> = {
  auto: { next: "light", word: "Colours as the system has them", icon: () => <Halves /> },
  light: { next: "dark", word: "Light colours", icon: () => <Sun /> },
  dark: { next: "auto", word: "Dark colours", icon: () => <Moon /> },
};

function ThemeSwitch(): JSX.Element {
  const chosen = useCell(theme);
  const { next, word, icon } = THEMES[chosen];
  return (
    <button class="plain" onClick={() => theme.set(next)} aria-label={`${word}. Change`} title={word}>
      {icon()}
    </button>
  );
}

function Account(): JSX.Element | null {
  const current = useCell(session);
  if (current.kind !== "signed-in") return null;
  return (
    <button class="plain" onClick={signOut} title={current.name ? `Signed in as ${current.name}` : "Signed in"}>
      Sign out
    </button>
  );
}
