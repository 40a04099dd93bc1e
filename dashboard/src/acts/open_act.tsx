/** The act that a dialog asks about. It belongs to no view: what is live may take away the button it came from. */

import type { JSX } from "preact";
import { Cell, useCell } from "../cell";
import { CancelDialog, PauseDialog, ResumeDialog } from "./confirm_dialog";
import { RunDialog } from "./run_dialog";

export type Act =
  | { readonly kind: "run"; readonly job: string; readonly paused: boolean }
  | { readonly kind: "pause" | "resume"; readonly job: string }
  | { readonly kind: "cancel"; readonly job: string; readonly id: string };

const current = new Cell<Act | null>(null);

export const open = (act: Act): void => current.set(act);

const close = (): void => current.set(null);

export function OpenAct(): JSX.Element | null {
  const act = useCell(current);
  switch (act?.kind) {
    case "run":
      return <RunDialog job={act.job} paused={act.paused} onClose={close} />;
    case "pause":
      return <PauseDialog job={act.job} onClose={close} />;
    case "resume":
      return <ResumeDialog job={act.job} onClose={close} />;
    case "cancel":
      return <CancelDialog id={act.id} job={act.job} onClose={close} />;
    default:
      return null;
  }
}
