import type { JSX, RefObject } from "preact";
import { useId } from "preact/hooks";

const LONGEST_REASON = 500; // the API's own limit

/** Where one says why. `reason` has what stands there at any moment, also before the page has drawn it. */
export function ReasonField({ reason }: { reason: RefObject<string> }): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        Reason <span class="muted">(kept in the record)</span>
      </label>
      <input
        id={id}
        type="text"
        autoFocus
        maxLength={LONGEST_REASON}
        autoComplete="off"
        defaultValue={reason.current ?? ""}
        onInput={(event: Event) => {
          reason.current = (event.currentTarget as HTMLInputElement).value;
        }}
      />
    </div>
  );
}
