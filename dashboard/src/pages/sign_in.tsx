import type { JSX } from "preact";
import { signIn } from "../api/session";

export function SignIn({ why }: { why: string | null }): JSX.Element {
  return (
    <section class="empty sign-in">
      <h1>Sign in to see the jobs</h1>
      {why && <p class="refused" role="alert">{why}</p>}
      <p>Your identity provider asks who you are, and leads back to this view.</p>
      <button class="button primary" onClick={() => void signIn()}>
        Sign in
      </button>
    </section>
  );
}
