/** Name and password, or the identity provider; also in a dialog over the page, where a session is over or about to end. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { get, Problem } from "./http.ts";
import { outbox } from "./outbox.ts";
import { session } from "./session.ts";
import { words } from "./words.ts";

const PROVIDER = "/v1/session/oidc";
let hasProvider = false;
let asked = false;
let sending = false;
let told = "";
/** Somebody whose session is about to end asked to begin a new one. */
let staying = false;

/** Draws the form into the page of its own that nobody signed in sees. */
export function drawSignIn(place: HTMLElement): void {
  askForProvider(() => drawSignIn(place));
  const waiting = outbox.pending.length;
  render(
    form(words.signIn.title, waiting > 0 ? words.connection.leavePending(waiting) : "", "", () => drawSignIn(place), nothing),
    place,
  );
  if (document.activeElement === document.body) place.querySelector<HTMLElement>("input[name=name]")?.focus();
}

/** Draws the form into the dialog over the page, where it is needed, and opens or closes that. */
export function drawOver(dialog: HTMLDialogElement): void {
  if (!session.ended && !staying) {
    if (dialog.open) dialog.close();
    return;
  }
  askForProvider(() => drawOver(dialog));
  const { signIn } = words;
  const leave = html`<button type="button" @click=${() => stay(false)}>${signIn.cancel}</button>`;
  const [title, why] = session.ended ? [signIn.titleOver, signIn.ended] : [signIn.titleStay, signIn.stay];
  render(form(title, why, session.who?.name ?? "", () => drawOver(dialog), session.ended ? nothing : leave), dialog);
  if (dialog.open) return;
  dialog.showModal();
  dialog.querySelector<HTMLElement>("input[name=password]")?.focus();
}

/** Asks for the password before the session ends. */
export function askAgain(): void {
  stay(true);
}

/** Leaves the dialog by Escape, unless the session is over: nothing can be done then but to sign in. */
export function cancelOver(event: Event): void {
  event.preventDefault();
  if (!session.ended) stay(false);
}

function stay(wanted: boolean): void {
  staying = wanted;
  told = "";
  session.changed();
}

function form(title: string, why: string, name: string, draw: () => void, more: TemplateResult | typeof nothing): TemplateResult {
  const { signIn } = words;
  return html`<form class="sign-in-form" @submit=${(event: SubmitEvent) => void submit(event, draw)}>
    <h2>${title}</h2>
    ${why === "" ? nothing : html`<p>${why}</p>`}
    <p role="alert">${told}</p>
    <label>${signIn.name} <input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" value=${name} required /></label>
    <label>${signIn.password} <input name="password" type="password" autocomplete="current-password" required /></label>
    <div class="in-row"><button class="primary" aria-disabled=${live(String(sending))}>${sending ? signIn.sending : signIn.submit}</button>${more}</div>
    ${hasProvider ? html`<a class="button" href=${PROVIDER}>${signIn.provider}</a>` : nothing}
  </form>`;
}

async function submit(event: SubmitEvent, draw: () => void): Promise<void> {
  event.preventDefault();
  if (sending) return;
  const place = event.target as HTMLFormElement;
  const given = new FormData(place);
  sending = true;
  told = "";
  draw();
  try {
    staying = false;
    await session.signIn(String(given.get("name")), String(given.get("password")));
    place.reset();
  } catch (error) {
    staying = !session.ended && session.who !== null;
    told = !(error instanceof Problem) ? words.signIn.unreachable : error.status === 401 ? words.signIn.refused : error.message;
    place.querySelector<HTMLElement>("input[name=password]")?.focus();
  } finally {
    sending = false;
    if (place.isConnected) draw();
  }
}

/** Asks once whether an identity provider vouches for people here. */
function askForProvider(draw: () => void): void {
  if (asked) return;
  asked = true;
  get<{ provider: boolean }>("/v1/session/ways").then(
    (ways) => {
      hasProvider = ways.provider;
      if (hasProvider) draw();
    },
    () => {
      // Without an answer there is the password; the next time it is asked again.
      asked = false;
    },
  );
}
