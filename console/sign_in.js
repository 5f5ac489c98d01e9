// Signs the user in: on a laptop as the demo users, in the cloud on Cognito's own pages.
//
// In the cloud this is OpenID Connect's authorization code flow with PKCE (RFC 7636). Tokens stay in this module's
// memory: no storage that another script or a later user of this browser could read has them. After a reload, Cognito's
// own cookie signs the user in again without a question. Only what the way back must prove is stored until then.

const PENDING = "sign-in"; // key in sessionStorage, which belongs to this tab
const MARGIN_MS = 60_000; // a token is replaced so long before it expires

/**
 * Sign in. If Cognito has to ask the user first, the browser leaves the page, and the promise stays pending.
 *
 * @param config The page's configuration, `config.json`.
 * @returns The users to act as, and how to sign out: null if that makes no sense.
 *   `{users: [{name, role: "operator" | "customer", token(): Promise<string>}], signOut: (() => Promise<void>) | null}`
 */
export async function signIn(config) {
  if (config.sign_in.kind === "cognito") return new Cognito(config.sign_in).signIn();
  const response = await fetch("/users", { cache: "no-store" });
  if (!response.ok) throw new Error(`The demo users are not available (${response.status})`);
  const users = await response.json();
  return { users: users.map(({ name, role, token }) => ({ name, role, token: async () => token })), signOut: null };
}

class Cognito {
  #domain;
  #clientId;
  #scope;
  #callback = `${location.origin}/`;
  #idToken = null;
  #refreshToken = null;
  #replaceAt = 0;
  #refreshing = null;

  constructor({ domain, client_id, scope }) {
    this.#domain = domain;
    this.#clientId = client_id;
    this.#scope = scope;
  }

  async signIn() {
    const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
    const answer = new URLSearchParams(location.search);
    sessionStorage.removeItem(PENDING);
    if (!pending || !(answer.has("code") || answer.has("error"))) return this.#leave();

    history.replaceState(null, "", `/${pending.hash}`); // a reload must not send the code again
    if (answer.get("state") !== pending.state) throw new Error("This sign-in was not started here: reload the page");
    if (answer.has("error")) throw new Error(answer.get("error_description") ?? answer.get("error"));
    const claims = await this.#exchange(answer.get("code"), pending);
    const role = (claims["cognito:groups"] ?? []).includes("operators") ? "operator" : "customer";
    const user = { name: claims.email ?? claims.sub, role, token: () => this.#token() };
    return { users: [user], signOut: () => this.#signOut() };
  }

  /** Go to Cognito's pages. What comes back must have been asked for by this tab: hence state, nonce and verifier. */
  async #leave() {
    const pending = { state: random(), nonce: random(), verifier: random(), hash: location.hash };
    sessionStorage.setItem(PENDING, JSON.stringify(pending));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.#clientId,
      redirect_uri: this.#callback,
      scope: this.#scope,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    });
    location.assign(`${this.#domain}/oauth2/authorize?${query}`);
    return new Promise(() => {});
  }

  /** Exchange the code for tokens; returns the claims of the ID token, which came straight from Cognito over TLS. */
  async #exchange(code, pending) {
    const response = await this.#post("token", {
      grant_type: "authorization_code",
      redirect_uri: this.#callback,
      code,
      code_verifier: pending.verifier,
    });
    if (!response.ok) throw new Error("Cognito did not accept the sign-in: reload the page");
    const tokens = await response.json();
    const claims = JSON.parse(decode(tokens.id_token.split(".")[1]));
    if (claims.nonce !== pending.nonce || claims.aud !== this.#clientId) {
      throw new Error("This token was not made for this sign-in: reload the page");
    }
    this.#keep(tokens);
    return claims;
  }

  async #token() {
    if (Date.now() >= this.#replaceAt) {
      this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null)); // once for calls at the same time
      await this.#refreshing;
    }
    return this.#idToken;
  }

  async #refresh() {
    const response = await this.#post("token", { grant_type: "refresh_token", refresh_token: this.#refreshToken });
    if (response.status >= 500) throw new Error("Cognito is unavailable: try again");
    if (!response.ok) return this.#leave(); // the sign-in has expired or was revoked
    this.#keep(await response.json());
  }

  async #signOut() {
    const token = this.#refreshToken;
    this.#idToken = this.#refreshToken = null;
    await this.#post("revoke", { token }, { mode: "no-cors" }).catch(() => {}); // signs out here even if that fails
    location.assign(`${this.#domain}/logout?${new URLSearchParams({ client_id: this.#clientId, logout_uri: this.#callback })}`);
  }

  #keep({ id_token, refresh_token, expires_in }) {
    this.#idToken = id_token;
    this.#refreshToken = refresh_token ?? this.#refreshToken; // a refresh returns none unless Cognito rotates it
    this.#replaceAt = Date.now() + expires_in * 1000 - MARGIN_MS;
  }

  #post(endpoint, fields, options = {}) {
    const body = new URLSearchParams({ client_id: this.#clientId, ...fields });
    return fetch(`${this.#domain}/oauth2/${endpoint}`, { method: "POST", body, credentials: "omit", ...options });
  }
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const decode = (text) => {
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder().decode(Uint8Array.from(bytes, (each) => each.charCodeAt(0)));
};
