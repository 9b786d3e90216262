/** A new incident, typed while somebody calls: nothing of it is lost until the service has it or somebody clears it. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { force, type Force } from "../force.ts";
import { Problem, type Fault } from "../http.ts";
import { keys } from "../keys.ts";
import { now } from "../now.ts";
import { GivenUp, outbox } from "../outbox.ts";
import { session } from "../session.ts";
import { clock, timeOfDay } from "../time.ts";
import { words } from "../words.ts";
import { addressOf, bodyOf, emptyDraft, isEmpty, keepDraft, putBack, readDraft, whenRestored, type Draft } from "./call-draft.ts";
import { PlaceField, type PlaceMap } from "./place-field.ts";

export type { PlaceMap } from "./place-field.ts";

export interface CallChoice {
  /** The map once it is there, which may be later than the form; null where there is none: a place can still be typed. */
  map: () => PlaceMap | null;
  /** A place that was picked on the map before the form was opened. */
  at?: { lat: number; lon: number };
  /** Told the number of the incident as soon as the service has it. */
  onMade(incident_id: string): void;
  /** Asked to take the form away: it was left, or sent. What is typed and not sent is kept. */
  onLeft(): void;
}

type Field = "grade" | "place" | "address" | "type" | "tags" | "needs" | "units_needed" | "phone" | "people" | "on_road" | "received_at";
type Text = "address" | "type" | "phone" | "people";

/** Opens the form inside an element. */
export async function openCall(place: HTMLElement, choice: CallChoice): Promise<{ close(): void }> {
  return new Call(place, choice, await force());
}

class Call {
  readonly #by = session.who?.name ?? "";
  #draft: Draft;
  #faults = new Map<Field, string>();
  #other = "";
  /** What stands here was typed before. */
  #kept: boolean;
  #waiting = false;
  #closed = false;
  readonly #field: PlaceField;
  readonly #ends: (() => void)[];

  constructor(
    readonly place: HTMLElement,
    readonly choice: CallChoice,
    readonly rules: Force,
  ) {
    this.#draft = readDraft(this.#by);
    this.#kept = !isEmpty(this.#draft);
    this.#draw();
    this.#field = new PlaceField(this.#part(".call-place"), {
      map: choice.map,
      typed: this.#draft.typed,
      chosen: this.#draft.place,
      isLocked: () => this.#waiting,
      onChange: (typed, chosen) => this.#change({ typed, place: chosen }, "place"),
    });
    if (choice.at !== undefined) this.#field.picked(choice.at.lat, choice.at.lon);
    const timer = setInterval(() => this.#tick(), 1000);
    this.#ends = [this.#bind(), whenRestored(() => this.#reload()), outbox.listen(() => this.#draw()), () => clearInterval(timer)];
    this.#part<HTMLElement>(`input[name=grade]${this.#draft.grade === "" ? "" : ":checked"}`).focus();
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends) end();
    this.#field.close();
  }

  #bind(): () => void {
    const within = ".call";
    const { call } = words;
    return keys.bind([
      { id: "call.send", key: "Control+Enter", label: call.send, within, run: () => void this.#send() },
      { id: "call.map", key: "Alt+m", label: call.onMap, within, run: () => void this.#field.pick() },
      { id: "call.leave", key: "Escape", label: call.leave, within, run: () => this.choice.onLeft() },
    ]);
  }

  #tick(): void {
    this.#draw();
    this.#field.draw();
  }

  #part<E extends Element>(selector: string): E {
    return this.place.querySelector<E>(selector)!;
  }

  #change(changes: Partial<Draft>, field: Field): void {
    // What is being sent stays as it is: what was typed on now would be lost with the form.
    if (this.#waiting) return this.#draw();
    const began = this.#draft.received_at === "" ? { received_at: new Date(now()).toISOString() } : {};
    this.#draft = { ...this.#draft, ...began, ...changes };
    this.#faults.delete(field);
    this.#kept = false;
    keepDraft(this.#by, this.#draft);
    this.#draw();
  }

  #reload(): void {
    this.#draft = readDraft(this.#by);
    this.#kept = !isEmpty(this.#draft);
    this.#field.set(this.#draft.typed, this.#draft.place);
    this.#draw();
  }

  #clear(): void {
    if (this.#waiting) return;
    this.#draft = emptyDraft();
    keepDraft(this.#by, this.#draft);
    this.#faults.clear();
    this.#other = "";
    this.#field.fault("");
    this.#reload();
    this.#part<HTMLElement>("input[name=grade]").focus();
  }

  async #send(): Promise<void> {
    if (this.#waiting) return;
    if (!this.#isWhole()) return this.#toFault();
    const sent = this.#draft;
    const grade = this.rules.grades.find((each) => each.grade === sent.grade)?.label ?? sent.grade;
    this.#waiting = true;
    // From here on the outbox keeps it; kept twice, it could be sent twice.
    keepDraft(this.#by, emptyDraft());
    this.#tick();
    try {
      const made = await outbox.act<{ incident_id: string }>("/v1/incidents", bodyOf(sent), words.call.label(grade, sent.place?.name ?? ""));
      if (!this.#closed) this.choice.onMade(made.incident_id);
    } catch (error) {
      this.#refused(error, sent);
    }
  }

  /** What was refused, or given up, stands in the form again; where that was left, a refusal stays in the list of actions. */
  #refused(error: unknown, sent: Draft): void {
    this.#waiting = false;
    if (this.#closed && error instanceof Problem) return;
    if (isEmpty(readDraft(this.#by))) putBack(this.#by, sent);
    if (this.#closed) return;
    outbox.seen(error);
    if (error instanceof Problem) this.#tell(error);
    else this.#other = error instanceof GivenUp ? words.call.notSent : String(error);
    this.#toFault();
  }

  #tell(problem: Problem): void {
    this.#other = "";
    for (const fault of problem.faults) this.#note(fault);
    if (problem.slug === "outside-network") this.#faults.set("place", problem.message);
    else if (problem.faults.length === 0) this.#other = problem.message;
    this.#field.fault(this.#faults.get("place") ?? "");
  }

  #note(fault: Fault): void {
    const text = words.call.fault(fault.value, fault.accepted, fault.hint);
    const field = fieldOf(fault);
    if (field === null) this.#other = [this.#other, `${fault.field} ${text}`].join(" ").trim();
    else this.#faults.set(field, [this.#faults.get(field) ?? "", text].join(" ").trim());
  }

  /** Looks for what no call can be without. */
  #isWhole(): boolean {
    this.#faults.clear();
    this.#other = "";
    if (this.#draft.grade === "") this.#faults.set("grade", words.call.needsGrade);
    if (this.#draft.place === null) this.#faults.set("place", this.#draft.typed.trim() === "" ? words.call.needsPlace : words.call.needsChoice);
    this.#field.fault(this.#faults.get("place") ?? "");
    return this.#faults.size === 0;
  }

  #toFault(): void {
    this.#draw();
    const [field] = this.#faults.keys();
    if (field === "place") this.#field.focus();
    else this.place.querySelector<HTMLElement>(field === undefined ? "button.primary" : `[name=${field}]`)?.focus();
  }

  #draw(): void {
    if (this.#closed) return;
    const { call } = words;
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.#send();
    };
    render(
      html`<div class="call">
        <h2 id="call-title">${call.title}</h2>
        <form novalidate @submit=${submit}>
          ${this.#summary()} ${this.#received()} ${this.#grades()}
          <div class="call-place"></div>
          ${this.#text("address", call.address, "street-address")} ${this.#text("type", call.type)} ${this.#boxes("tags")}
          <div class="pair">${this.#text("phone", call.phone, "tel")} ${this.#text("people", call.people)}</div>
          ${this.#more()}
          <div class="in-row buttons">
            <button class="primary" aria-disabled=${this.#waiting}>${call.send} <kbd>${call.sendKey}</kbd></button>
            <button type="button" @click=${() => this.choice.onLeft()}>${call.leave}</button>
            <button type="button" @click=${() => this.#clear()}>${call.clear}</button>
          </div>
        </form>
      </div>`,
      this.place,
    );
  }

  #summary(): TemplateResult {
    const { call } = words;
    const count = this.#faults.size;
    const waits = this.#waiting && outbox.actions.some((each) => each.path === "/v1/incidents" && each.state === "waiting");
    return html`
      <p role="alert" class=${count > 0 || this.#other !== "" ? "bad" : ""}>${count > 0 ? call.faults(count) : ""} ${this.#other}</p>
      <p role="status">${waits ? call.waits : this.#waiting ? call.sending : this.#kept ? call.kept : ""}</p>
    `;
  }

  #received(): TemplateResult | typeof nothing {
    const { received_at } = this.#draft;
    if (received_at === "") return nothing;
    const ago_s = Math.max((now() - Date.parse(received_at)) / 1000, 0);
    const again = (): void => this.#change({ received_at: new Date(now()).toISOString() }, "received_at");
    return html`<p class="received">
      ${words.call.received(timeOfDay(received_at, this.rules.time_zone, true), clock(ago_s))}
      <button type="button" @click=${again}>${words.call.receivedNow}</button> ${this.#fault("received_at")}
    </p>`;
  }

  #grades(): TemplateResult {
    const one = ({ grade, label }: Force["grades"][number]) => html`<label>
      <input type="radio" name="grade" value=${grade} .checked=${live(this.#draft.grade === grade)} @change=${() => this.#change({ grade }, "grade")} /> ${label}
    </label>`;
    return html`<fieldset role="radiogroup" aria-required="true" aria-invalid=${this.#faults.has("grade")} aria-describedby=${this.#described("grade")}>
      <legend>${words.call.grade}</legend>
      ${this.rules.grades.map(one)} ${this.#fault("grade")}
    </fieldset>`;
  }

  #text(name: Text, label: string, autocomplete = ""): TemplateResult {
    const input = (event: Event): void => this.#change({ [name]: (event.target as HTMLInputElement).value }, name);
    const hint = name === "address" ? addressOf(this.#draft) : "";
    return html`<label class="text"
      >${label}
      <input
        name=${name}
        type=${autocomplete === "tel" ? "tel" : "text"}
        autocomplete="off"
        placeholder=${hint}
        ?readonly=${this.#waiting}
        .value=${live(this.#draft[name])}
        aria-invalid=${this.#faults.has(name)}
        aria-describedby=${this.#described(name)}
        @input=${input}
      />${this.#fault(name)}</label
    >`;
  }

  #boxes(name: "tags" | "needs"): TemplateResult {
    const rows = name === "tags" ? this.rules.tags.map(({ tag, label }) => ({ value: tag, label })) : this.rules.skills.map(({ skill, label }) => ({ value: skill, label }));
    const held = this.#draft[name];
    const toggle = (value: string) => () => this.#change({ [name]: held.includes(value) ? held.filter((each) => each !== value) : [...held, value] }, name);
    return html`<fieldset class="boxes" aria-describedby=${this.#described(name)}>
      <legend>${words.call[name]}</legend>
      ${rows.map(({ value, label }) => html`<label><input type="checkbox" name=${name} .checked=${live(held.includes(value))} @change=${toggle(value)} /> ${label}</label>`)}
      ${this.#fault(name)}
    </fieldset>`;
  }

  #more(): TemplateResult {
    const { call } = words;
    const count = (event: Event): void => this.#change({ units_needed: Number((event.target as HTMLInputElement).value) }, "units_needed");
    const road = (event: Event): void => this.#change({ on_road: (event.target as HTMLInputElement).checked }, "on_road");
    return html`${this.#boxes("needs")}
      <div class="pair">
        <label class="text"
          >${call.unitsNeeded}
          <input name="units_needed" type="number" min="1" max="50" ?readonly=${this.#waiting} .value=${live(String(this.#draft.units_needed))} aria-invalid=${this.#faults.has("units_needed")} aria-describedby=${this.#described("units_needed")} @input=${count} />
          ${this.#fault("units_needed")}</label
        >
        <label><input name="on_road" type="checkbox" .checked=${live(this.#draft.on_road)} @change=${road} /> ${call.onRoad}</label>
      </div>`;
  }

  #described(field: Field): string | typeof nothing {
    return this.#faults.has(field) ? `call-${field}-fault` : nothing;
  }

  #fault(field: Field): TemplateResult | typeof nothing {
    const text = this.#faults.get(field);
    return text === undefined ? nothing : html`<span class="fault bad" id="call-${field}-fault">${text}</span>`;
  }
}

/** The field of the form in which a fault of the service is mended; null where there is none for it. */
function fieldOf(fault: Fault): Field | null {
  const name = /^[a-z_]+/.exec(fault.field)?.[0] ?? /^\/([a-z_]+)/.exec(fault.where)?.[1] ?? "";
  if (["lat", "lon", "easting", "northing"].includes(name)) return "place";
  const fields: readonly string[] = ["grade", "address", "type", "tags", "needs", "units_needed", "phone", "people", "on_road", "received_at"];
  return fields.includes(name) ? (name as Field) : null;
}
