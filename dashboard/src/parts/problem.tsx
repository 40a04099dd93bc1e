import type { JSX } from "preact";

/** Why a view has no data, and what to do about it. */
export function Problem({ text, again }: { text: string; again: () => void }): JSX.Element {
  return (
    <section class="problem" role="alert">
      <p>{text}</p>
      <button class="button" onClick={again}>
        Try again
      </button>
    </section>
  );
}
