/** Whether the picture is followed, how old it is, what is not yet confirmed, and when the session ends. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { isCall, restoreCall } from "./board/call-draft.ts";
import { rulesChanged } from "./force.ts";
import { outbox, type Action } from "./outbox.ts";
import { picture } from "./picture.ts";
import { reach } from "./reach.ts";
import { session } from "./session.ts";
import { askAgain } from "./sign-in.ts";
import { clock } from "./time.ts";
import { words } from "./words.ts";

// Long enough to end what is being typed, and to find one's password.
const WARN_S = 300;
// What is answered sooner than this is not worth a line that comes and goes.
const SHOWN_AFTER_MS = 1500;

let holder: HTMLElement | null = null;
let said = "";
let warning = "";
let wasLost = false;
/** Another's action of which was asked once whether it is given up. */
let asking: string | null = null;

/** Draws it into an element, now and whenever something changes. */
export function drawConnection(place: HTMLElement): void {
  if (holder === null) begin();
  holder = place;
  draw();
}

/** Tells it to whoever listens to the page. */
export function announce(text: string): void {
  said = text;
  draw();
}

/** Shows something that went wrong where nobody else shows it, until it is dismissed. */
export function warn(text: string): void {
  warning = text;
  draw();
}

/** Takes a warning away that no longer holds; any other stays. */
export function unwarn(text: string): void {
  if (warning === text) warn("");
}

function begin(): void {
  reach.begin();
  reach.listen(changed);
  picture.listen(changed);
  outbox.listen(draw);
  outbox.onConfirmed.add((action) => {
    // What is answered at once is shown where it was asked for.
    if (action.tries > 1) announce(words.connection.confirmed(action.label));
  });
  setInterval(draw, 1000);
}

function changed(): void {
  const { lost } = reach;
  if (lost === wasLost) return;
  wasLost = lost;
  if (!lost && (picture.stream === null || picture.connection === "live")) {
    outbox.again();
    void askForRules();
    said = words.connection.back;
  } else said = "";
  draw();
}

/** A service that was away may have come back with another profile. */
async function askForRules(): Promise<void> {
  try {
    if (await rulesChanged()) warn(words.connection.newRules);
  } catch {
    // It is gone again, and asked when it is back.
  }
}

function draw(): void {
  if (holder === null || !holder.isConnected || session.who === null) return;
  render(
    html`<section aria-label=${words.connection.label} class="connection">
      <p class="hidden-text" role="status">${said}</p>
      ${reach.lost && !session.ended ? lost() : nothing} ${unkept()} ${warned()} ${expiring()} ${actions()}
    </section>`,
    holder,
  );
}

const lost = (): TemplateResult => html`
  <div class="banner bad">
    <strong role="alert">${words.connection.lost}</strong>
    ${picture.stream === null ? nothing : html`<span class="age">${age()}</span>`}
    <span>${words.connection.kept}</span>
  </div>
`;

function age(): string {
  const age_s = Math.floor(picture.age_ms() / 1000);
  return Number.isFinite(age_s) ? words.connection.age(clock(age_s)) : words.connection.never;
}

function unkept(): TemplateResult | typeof nothing {
  if (outbox.kept || outbox.pending.length === 0) return nothing;
  return html`<div class="banner bad"><span role="alert">${words.connection.unkept}</span></div>`;
}

function warned(): TemplateResult | typeof nothing {
  if (warning === "") return nothing;
  return html`<div class="banner bad">
    <span role="alert">${warning}</span>
    <button @click=${() => warn("")}>${words.shell.dismiss}</button>
  </div>`;
}

function expiring(): TemplateResult | typeof nothing {
  const left_s = session.left_s;
  if (left_s === null || left_s > WARN_S || session.ended) return nothing;
  return html`<div class="banner warn">
    <span role="timer">${words.connection.expires(clock(Math.max(Math.ceil(left_s), 0)))}</span>
    <button @click=${askAgain}>${words.connection.stay}</button>
  </div>`;
}

function actions(): TemplateResult | typeof nothing {
  const shown = outbox.actions.filter(isWorthALine);
  if (shown.length === 0) return nothing;
  return html`<ul class="actions" aria-label=${words.connection.actions}>
    ${repeat(shown, (action) => action.key, line)}
  </ul>`;
}

function isWorthALine(action: Action): boolean {
  return action.state !== "sending" || action.tries > 1 || Date.now() - action.asked_at > SHOWN_AFTER_MS;
}

function line(action: Action): TemplateResult {
  const mine = action.by === session.who?.name;
  const over = isOver(action);
  const asked = words.connection.asked(clock(Math.max((Date.now() - action.asked_at) / 1000, 0)));
  return html`<li class=${over ? "bad" : "warn"}>
    <strong>${action.label}</strong>
    <span role=${over ? "alert" : nothing}>${mine || over ? state(action) : words.connection.others(action.by)}</span>
    <small>${asked}</small>
    ${buttons(action, mine)}
  </li>`;
}

function isOver({ state }: Action): boolean {
  return state === "refused" || state === "lapsed";
}

function state(action: Action): string {
  if (action.state === "refused") return words.connection.refused(action.problem ?? "");
  if (action.state === "lapsed") return action.problem ?? "";
  if (action.state === "held") return action.tries > 0 ? words.connection.heldLate : words.connection.held;
  if (action.state === "waiting" && action.tries > 0 && !reach.lost) return words.connection.tried;
  return words.connection[action.state];
}

function buttons(action: Action, mine: boolean): TemplateResult {
  const { connection } = words;
  const over = isOver(action);
  const drop = (): void => outbox.drop(action.key);
  const ask = (): void => {
    asking = action.key;
    draw();
  };
  const restore = (): void => {
    if (!restoreCall(action.by, action.body)) return warn(connection.restoreBlocked);
    unwarn(connection.restoreBlocked);
    drop();
  };
  const one = (label: string, run: () => void) => html`<button aria-label=${connection.named(label, action.label)} @click=${run}>${label}</button>`;
  return html`
    ${action.state === "held" && mine ? one(connection.send, () => outbox.release(action.key)) : nothing}
    ${over && mine && action.body !== null && isCall(action.path) ? one(connection.restore, restore) : nothing}
    ${over || mine ? one(over ? connection.seen : connection.giveUp, drop) : asking === action.key ? one(connection.giveUpOthers(action.by), drop) : one(connection.giveUp, ask)}
  `;
}
