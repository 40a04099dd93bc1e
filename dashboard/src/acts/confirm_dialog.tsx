/** An act that is asked about once more, with room for a reason. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { told } from "../live";
import { Dialog } from "../parts/dialog";
import { say } from "../parts/toasts";
import { cancel, pause, resume } from "./mutations";
import { ReasonField } from "./reason_field";

interface Properties {
  readonly title: string;
  readonly text: string;
  readonly verb: string;
  readonly run?: string;
  readonly act: (reason: string) => Promise<{ success: boolean; message: string }>;
  readonly onClose: () => void;
}

function ConfirmDialog({ title, text, verb, run, act, onClose }: Properties): JSX.Element {
  const reason = useRef("");
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const submit = async (event: Event) => {
    event.preventDefault();
    setSending(true);
    setProblem(null);
    try {
      const result = await act(reason.current);
      if (!result.success) {
        setProblem(result.message);
        return;
      }
      say(result.message, run ? { run } : {});
      onClose();
    } catch (error) {
      setProblem(told(error));
    } finally {
      setSending(false);
    }
  };

  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <p>{text}</p>
        <ReasonField reason={reason} />
        {problem && (
          <p class="refused" role="alert">
            {problem}
          </p>
        )}
        <footer>
          <button type="button" class="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" class="button primary" disabled={sending}>
            {verb}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

export function PauseDialog({ job, onClose }: { job: string; onClose: () => void }): JSX.Element {
  return (
    <ConfirmDialog
      title={`Pause ${job}`}
      text="The job does not run by itself until somebody resumes it. A run that is under way goes on."
      verb="Pause"
      act={(reason) => pause(job, reason)}
      onClose={onClose}
    />
  );
}

export function ResumeDialog({ job, onClose }: { job: string; onClose: () => void }): JSX.Element {
  return (
    <ConfirmDialog
      title={`Resume ${job}`}
      text="The job runs by itself again, from the next time that it is due."
      verb="Resume"
      act={(reason) => resume(job, reason)}
      onClose={onClose}
    />
  );
}

export function CancelDialog({ id, job, onClose }: { id: string; job: string; onClose: () => void }): JSX.Element {
  return (
    <ConfirmDialog
      title={`Cancel run #${id}`}
      text={`The run of ${job} stops within seconds. What it has deleted stays deleted; the next run takes up the rest.`}
      verb="Cancel the run"
      run={id}
      act={(reason) => cancel(id, reason)}
      onClose={onClose}
    />
  );
}
