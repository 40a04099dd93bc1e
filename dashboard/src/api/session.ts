/**
 * Signing in with OpenID Connect: the authorization code flow with PKCE (RFC 7636), as a public client.
 *
 * Tokens stay in this tab's session storage: a reload keeps them, closing the tab forgets them, and the page's
 * policy lets no other script run that could read them.
 */

import { Cell } from "../cell";
import { expired, fromBase64Url, pkce, randomText } from "./pkce";

export interface Configuration {
  readonly issuer: string | null;
  readonly clientId: string | null;
  /** Where the issuer's token endpoint is, if not at its own origin: the page's policy lets it ask there too. */
  readonly tokenOrigin: string | null;
  readonly scope: string;
}

interface Tokens {
  readonly access: string;
  readonly refresh: string | null;
  readonly endsAt: number;
  readonly name: string | null;
}

interface Attempt {
  readonly state: string;
  readonly verifier: string;
  readonly view: string;
}

interface Metadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly end_session_endpoint?: string;
}

export type Session =
  | { readonly kind: "starting" }
  | { readonly kind: "open" } // this server needs no signing in
  | { readonly kind: "signed-out"; readonly why: string | null }
  | { readonly kind: "signed-in"; readonly name: string | null };

export const session = new Cell<Session>({ kind: "starting" });

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];
const KEPT = "barycenter-jobs.tokens";
const ATTEMPT = "barycenter-jobs.attempt";

let configuration: Configuration = { issuer: null, clientId: null, tokenOrigin: null, scope: "" };
let tokens: Tokens | null = null;
let renewing: Promise<void> | null = null;

/** Find out whether this server wants its users signed in, and finish a signing in that is under way. */
export async function startSession(): Promise<void> {
  const told = document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content;
  if (told) configuration = JSON.parse(told) as Configuration;
  if (!configuration.issuer || !configuration.clientId) {
    session.set({ kind: "open" });
    return;
  }
  if (new URLSearchParams(location.search).has("state")) return finish();
  tokens = kept();
  if (!tokens && (await isSignedFor())) {
    session.set({ kind: "open" });
    return;
  }
  session.set(tokens ? { kind: "signed-in", name: tokens.name } : { kind: "signed-out", why: null });
}

/** Whether somebody in between signs requests: the proxy on this machine does, where it was given a token. */
async function isSignedFor(): Promise<boolean> {
  if (!LOOPBACK.includes(location.hostname)) return false;
  try {
    const address = `admin/jobs?${new URLSearchParams({ query: "query Probe { __typename }" })}`;
    return (await fetch(address, { headers: { accept: "application/json" } })).ok;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return false;
  }
}

/** Leave for the issuer's own page. It leads back here, to the view that is open now. */
export async function signIn(): Promise<void> {
  try {
    const { authorization_endpoint: endpoint } = await metadata();
    const { verifier, challenge } = await pkce();
    const attempt: Attempt = { state: randomText(), verifier, view: location.hash };
    sessionStorage.setItem(ATTEMPT, JSON.stringify(attempt));
    const address = new URL(endpoint);
    const parameters = {
      response_type: "code",
      client_id: configuration.clientId ?? "",
      redirect_uri: redirectUri(),
      scope: configuration.scope,
      state: attempt.state,
      code_challenge: challenge,
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
    location.assign(address);
  } catch (error) {
    session.set({ kind: "signed-out", why: problem(error) });
  }
}

export function signOut(): void {
  forget();
  session.set({ kind: "signed-out", why: null });
}

/** The API does not take the token any more. */
export function signInAgain(): void {
  if (session.get().kind !== "signed-in") return;
  forget();
  session.set({ kind: "signed-out", why: "Your session is over." });
}

/** Return the token to send, a fresh one where the issuer gave what renews it; null where none is needed. */
export async function accessToken(): Promise<string | null> {
  if (tokens && expired(tokens.endsAt)) {
    renewing ??= renew().finally(() => (renewing = null));
    await renewing;
  }
  return tokens?.access ?? null;
}

async function finish(): Promise<void> {
  const answer = new URLSearchParams(location.search);
  const attempt = JSON.parse(sessionStorage.getItem(ATTEMPT) ?? "null") as Attempt | null;
  sessionStorage.removeItem(ATTEMPT);
  // The code leaves the address at once, before anything can copy it from there.
  history.replaceState(null, "", `${location.pathname}${attempt?.view ?? ""}`);
  dispatchEvent(new HashChangeEvent("hashchange"));
  try {
    if (!attempt || answer.get("state") !== attempt.state)
      throw new Error("This answer belongs to no signing in of this tab. Please try again.");
    if (answer.has("iss") && answer.get("iss") !== configuration.issuer)
      throw new Error("The answer came from another issuer than the one that was asked.");
    if (answer.has("error")) throw new Error(answer.get("error_description") ?? `The issuer says: ${answer.get("error")}`);
    await exchange({
      grant_type: "authorization_code",
      code: answer.get("code") ?? "",
      redirect_uri: redirectUri(),
      code_verifier: attempt.verifier,
    });
    session.set({ kind: "signed-in", name: tokens?.name ?? null });
  } catch (error) {
    forget();
    session.set({ kind: "signed-out", why: problem(error) });
  }
}

async function renew(): Promise<void> {
  const refresh = tokens?.refresh;
  if (!refresh) return signInAgain();
  try {
    await exchange({ grant_type: "refresh_token", refresh_token: refresh });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    signInAgain();
  }
}

interface TokenAnswer {
  readonly access_token?: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
  readonly expires_in?: number;
}

async function exchange(grant: Record<string, string>): Promise<void> {
  const { token_endpoint: endpoint } = await metadata();
  const body = new URLSearchParams({ ...grant, client_id: configuration.clientId ?? "" });
  const response = await fetch(endpoint, { method: "POST", body, headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`The issuer gave no token (HTTP ${response.status}).`);
  const answer = (await response.json()) as TokenAnswer;
  // API Gateway verifies signed tokens only. Where the access token is opaque, the identity token stands in.
  const access = [answer.access_token, answer.id_token].find((token) => token?.split(".").length === 3);
  if (!access) throw new Error("The issuer gave no token that the API can verify (a JWT).");
  tokens = {
    access,
    refresh: answer.refresh_token ?? tokens?.refresh ?? null,
    endsAt: Date.now() + (answer.expires_in ?? 300) * 1000,
    name: subject(answer.id_token ?? access),
  };
  sessionStorage.setItem(KEPT, JSON.stringify(tokens));
}

/** Who a token is about, to show it; whether that is true is for the API to verify. */
function subject(token: string): string | null {
  try {
    const claims = JSON.parse(fromBase64Url(token.split(".")[1] ?? "")) as Record<string, unknown>;
    const name = claims.preferred_username ?? claims.email ?? claims.name ?? claims.sub;
    return typeof name === "string" ? name : null;
  } catch {
    return null;
  }
}

async function metadata(): Promise<Metadata> {
  const response = await fetch(`${configuration.issuer?.replace(/\/$/, "")}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`The issuer ${configuration.issuer} describes itself with HTTP ${response.status}.`);
  const found = (await response.json()) as Metadata;
  if (found.issuer !== configuration.issuer) throw new Error(`The issuer calls itself ${found.issuer}.`);
  const { origin } = new URL(found.token_endpoint);
  if (origin !== new URL(found.issuer).origin && origin !== configuration.tokenOrigin)
    throw new Error(`The issuer gives tokens at ${origin}, which this page may not ask. Deploy with PageTokenOrigin=${origin}.`);
  return found;
}

function kept(): Tokens | null {
  const found = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Tokens | null;
  return found && (found.refresh || !expired(found.endsAt)) ? found : null;
}

function forget(): void {
  tokens = null;
  sessionStorage.removeItem(KEPT);
}

const redirectUri = (): string => `${location.origin}${location.pathname}`;

function problem(error: unknown): string {
  if (error instanceof TypeError) return `The issuer ${configuration.issuer} cannot be reached from this page.`;
  if (error instanceof Error) return error.message;
  throw error;
}
