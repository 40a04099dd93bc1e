import { render } from "preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { session, startSession } from "./api/session";
import { useCell } from "./cell";
import { picture } from "./live";
import { Shell } from "./parts/shell";
import { Skeleton } from "./parts/skeleton";
import { hideTooltip } from "./parts/tooltip";
import { ChartsPage, JobPage } from "./pages/charts";
import { LogPage } from "./pages/log";
import { Overview } from "./pages/overview";
import { RunPage } from "./pages/run";
import { SignIn } from "./pages/sign_in";
import { type Route, link, route } from "./router";
import "./style";

function View({ at }: { at: Route }): JSX.Element {
  const [head, name] = at.parts;
  if (head === undefined) return <Overview />;
  if (head === "charts") return <ChartsPage query={at.query} />;
  if (head === "log") return <LogPage query={at.query} />;
  if (head === "jobs" && name) return <JobPage key={name} name={name} query={at.query} />;
  if (head === "runs" && name) return <RunPage key={name} id={name} />;
  return (
    <section class="empty">
      <h1>There is no such view</h1>
      <p>
        <a href={link("/")}>Go to the overview</a>
      </p>
    </section>
  );
}

function App(): JSX.Element {
  const at = useCell(route);
  const current = useCell(session);
  const { glance } = useCell(picture);
  const place = at.parts.join("/");

  // A new view begins at its top, and screen readers hear of it.
  useEffect(() => {
    hideTooltip();
    scrollTo(0, 0);
  }, [place]);

  const troubled = [...(glance?.health.values() ?? [])].filter(({ state }) => state === "failing" || state === "late").length;
  useEffect(() => {
    const where = { "": "Overview", charts: "Charts", log: "Log", runs: `Run #${at.parts[1]}`, jobs: at.parts[1] }[at.parts[0] ?? ""];
    document.title = `${troubled ? `(${troubled}) ` : ""}${where ?? "Not found"} · barycenter-jobs`;
  }, [place, troubled]);

  return (
    <Shell>
      {current.kind === "starting" ? (
        <Skeleton rows={4} label="Loading" />
      ) : current.kind === "signed-out" ? (
        <SignIn why={current.why} />
      ) : (
        <View at={at} />
      )}
    </Shell>
  );
}

const root = document.getElementById("page");
if (!root) throw new Error("index.html has no element for the page");
render(<App />, root);
void startSession();
