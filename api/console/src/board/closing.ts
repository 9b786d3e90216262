/** Closing a road, drawn on the map or by its name, and lifting what is closed; times change at once. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { force } from "../force.ts";
import { at, get, Problem } from "../http.ts";
import { network } from "../network.ts";
import { outbox } from "../outbox.ts";
import { picture } from "../picture.ts";
import { dayAndTime, momentAt } from "../time.ts";
import { words } from "../words.ts";
import { closeRoad } from "./close-road.ts";
import type { RoadMap } from "../map/road-map.ts";
import { pendingAt } from "./pending.ts";

/** What the form does with the map; the board's map has all of it. */
export type ShapeMap = Pick<RoadMap, "works" | "drawShape" | "stopChoosing" | "setDrawn" | "bring">;

export interface ClosingChoice {
  /** Null where there is no map: a road can still be closed by its name. */
  map: ShapeMap | null;
  /** A closure that was picked on the map, to be looked at first. */
  closure?: string;
  /** Told when a road was closed or opened again, as soon as the service has it. */
  onChanged?: () => void;
  /** Asked to take the panel away. */
  onLeft: () => void;
}

type Where = "line" | "polygon" | "road";

// What is left of the usual speed.
const FACTORS = [0, 0.1, 0.25, 0.5, 0.75] as const;

/** Opens the panel inside an element. */
export function openClosing(place: HTMLElement, choice: ClosingChoice): { close(): void } {
  return new Closing(place, choice);
}

class Closing {
  #where: Where;
  #shape: GeoJSON.Geometry | null = null;
  #problem: Problem | null = null;
  #said = "";
  // Until it is known whose clocks count, nothing can be asked for.
  #busy = true;
  #roads: string[] = [];
  #asked = 0;
  #closed = false;
  #zone = "UTC";
  #profiles: string[] = [];
  readonly #map: ShapeMap | null;
  readonly #unlisten: () => void;

  constructor(
    readonly place: HTMLElement,
    readonly choice: ClosingChoice,
  ) {
    this.#map = choice.map?.works ? choice.map : null;
    this.#where = this.#map === null ? "road" : "line";
    this.#unlisten = picture.listen(() => this.#draw());
    this.#draw();
    void this.#learn();
    const first = choice.closure === undefined ? "input[name=name]" : `button[data-closure="${CSS.escape(choice.closure)}"]`;
    place.querySelector<HTMLElement>(first)?.focus();
  }

  close(): void {
    this.#closed = true;
    this.#unlisten();
    this.#map?.stopChoosing();
    this.#map?.setDrawn(null);
    render(nothing, this.place);
  }

  async #learn(): Promise<void> {
    try {
      const [rules, roads] = await Promise.all([force(), network()]);
      this.#zone = rules.time_zone;
      this.#profiles = Object.keys(roads.profiles);
      this.#busy = false;
      this.#draw();
    } catch (error) {
      this.#say(words.shell.failed(error instanceof Error ? error.message : String(error)));
    }
  }

  #draw(): void {
    if (!this.#closed) render(this.#view(), this.place);
  }

  #view(): TemplateResult {
    const told = words.map.closing;
    return html`
      <section class="closing" aria-labelledby="closing-title">
        <h2 id="closing-title">${told.title}</h2>
        <form @submit=${this.#submitted} @keydown=${this.#left}>
          <label>${told.name} <input name="name" required maxlength="200" autocomplete="off" /></label>
          ${this.#wheres()}
          <label>${told.factor}
            <select name="factor">${FACTORS.map((factor) => html`<option value=${factor}>${told.factors(factor)}</option>`)}</select>
          </label>
          <label>${told.profile}
            <select name="profile">
              <option value="">${told.everybody}</option>
              ${this.#profiles.map((name) => html`<option value=${name}>${told.profiles(name)}</option>`)}
            </select>
          </label>
          <label>${told.until(this.#zone)} <input name="until" type="datetime-local" /></label>
          ${this.#faults()}
          <p class="closing-actions">
            <button class="primary" ?disabled=${this.#busy}>${told.submit}</button>
            <button type="button" @click=${this.choice.onLeft}>${told.leave}</button>
          </p>
        </form>
        <p role="status">${this.#said}</p>
        ${this.#list()}
      </section>
    `;
  }

  #wheres(): TemplateResult {
    const told = words.map.closing;
    const ways: Where[] = this.#map === null ? ["road"] : ["line", "polygon", "road"];
    return html`
      <fieldset>
        <legend>${told.where}</legend>
        ${ways.map((way) => html`<label><input type="radio" name="where" value=${way} .checked=${way === this.#where} @change=${() => this.#choose(way)} /> ${told.wheres[way]}</label>`)}
        ${this.#where === "road" ? this.#road() : this.#shapeButtons(this.#where)}
      </fieldset>
    `;
  }

  #road(): TemplateResult {
    return html`
      <label>${words.map.closing.road} <input name="road" required autocomplete="off" list="closing-roads" @input=${this.#searched} /></label>
      <datalist id="closing-roads">${this.#roads.map((name) => html`<option value=${name}></option>`)}</datalist>
    `;
  }

  #shapeButtons(kind: "line" | "polygon"): TemplateResult {
    const told = words.map.closing;
    return html`
      <button type="button" data-draw @click=${() => void this.#drawShape(kind)}>${this.#shape === null ? told.draw[kind] : told.drawAgain}</button>
      <span role="status">${this.#shape === null ? "" : told.drawn}</span>
      ${kind === "line" ? html`<label><input type="checkbox" name="along" /> ${told.along}</label>` : nothing}
    `;
  }

  #faults(): TemplateResult | typeof nothing {
    if (this.#problem === null) return nothing;
    const faults = this.#problem.faults;
    return html`
      <div class="bad notice" role="alert">
        <p>${this.#problem.message}</p>
        ${faults.length === 0 ? nothing : html`<ul>${faults.map((each) => html`<li>${words.map.closing.fault(each.field, each.value, each.accepted, each.hint)}</li>`)}</ul>`}
      </div>
    `;
  }

  #list(): TemplateResult {
    const told = words.map.closing;
    const closures = picture.closures.features;
    if (closures.length === 0) return html`<p>${told.none}</p>`;
    return html`
      <h3>${told.inForce}</h3>
      <ul class="closures">${closures.map((each) => this.#item(each))}</ul>
    `;
  }

  #item({ id, geometry, properties }: GeoJSON.Feature): TemplateResult {
    const told = words.map.closing;
    const name = String(properties?.["name"] ?? id);
    const until = properties?.["to"] ? told.item.until(dayAndTime(String(properties["to"]), this.#zone)) : told.item.open;
    const factor = told.factors(Number(properties?.["factor"] ?? 0));
    const profile = properties?.["profile"] ? told.profiles(String(properties["profile"])) : "";
    return html`
      <li>
        <span>${name}</span> <span>${[factor, profile, until].filter((each) => each !== "").join(" · ")}</span>
        ${this.#map === null ? nothing : html`<button type="button" aria-label=${told.showLabel(name)} @click=${() => this.#map!.bring(boxOf(geometry))}>${told.show}</button>`}
        ${typeof id === "string"
          ? html`<button type="button" data-closure=${id} aria-label=${told.liftLabel(name)} @click=${() => void this.#lift(id, name)}>${told.lift}</button>`
          : html`<span>${told.fixed}</span>`}
      </li>
    `;
  }

  #choose(where: Where): void {
    if (where !== this.#where) this.#keep(null);
    this.#where = where;
    this.#draw();
  }

  #keep(shape: GeoJSON.Geometry | null): void {
    this.#shape = shape;
    this.#map?.setDrawn(shape);
  }

  async #drawShape(kind: "line" | "polygon"): Promise<void> {
    this.#keep(null);
    this.#draw();
    const shape = (await this.#map?.drawShape(kind)) ?? null;
    if (this.#closed) return;
    this.#keep(shape);
    this.#draw();
    // Back to where it was begun: on to the next field, or to draw it again.
    this.place.querySelector<HTMLElement>("[data-draw]")?.focus();
  }

  #searched = (event: Event): void => void this.#search((event.target as HTMLInputElement).value);

  async #search(text: string): Promise<void> {
    const asked = (this.#asked += 1);
    if (text.trim().length < 2) return;
    try {
      const { places } = await get<{ places: { kind: string; name: string }[] }>(at("/v1/places?q=", text));
      if (asked !== this.#asked) return;
      this.#roads = [...new Set(places.filter((each) => each.kind === "street").map((each) => each.name))];
      this.#draw();
    } catch {
      // Names are a help: without them the service still says whether it knows the road.
    }
  }

  #left = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.choice.onLeft();
  };

  #submitted = (event: Event): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    if (this.#where !== "road" && this.#shape === null) {
      this.#say(words.map.closing.notDrawn);
      form.querySelector<HTMLElement>("[data-draw]")?.focus();
      return;
    }
    const told = new FormData(form);
    const name = text(told, "name");
    const feature = featureOf(told, this.#shape, this.#zone);
    void this.#do(closeRoad(name, feature, words.map.closing.closing(name)), () => {
      form.reset();
      this.#keep(null);
      this.#say(words.map.closing.closed(name));
    });
  };

  #lift(id: string, name: string): Promise<void> {
    const path = at("/v1/closures/", id, "/lift");
    if (pendingAt([path]) !== undefined) return Promise.resolve();
    const lifted = outbox.act(path, {}, words.map.closing.lifting(name));
    return this.#do(lifted, () => this.#say(words.map.closing.lifted(name)));
  }

  async #do(acted: Promise<unknown>, done: () => void): Promise<void> {
    this.#busy = true;
    this.#problem = null;
    this.#say("");
    try {
      await acted;
      if (!this.#closed) done();
      this.choice.onChanged?.();
    } catch (error) {
      // What was given up while it waited is in nobody's way; where the panel was left, a refusal stays in the list of actions.
      if (error instanceof Problem && !this.#closed) {
        this.#problem = error;
        outbox.seen(error);
      }
    } finally {
      this.#busy = false;
      this.#draw();
    }
  }

  #say(said: string): void {
    this.#said = said;
    this.#draw();
  }
}

/** The feature that is asked for: a shape, or a road by its name. */
function featureOf(told: FormData, shape: GeoJSON.Geometry | null, zone: string): GeoJSON.Feature<GeoJSON.Geometry | null> {
  const until = text(told, "until");
  const properties = {
    name: text(told, "name"),
    factor: Number(told.get("factor")),
    ...(text(told, "profile") === "" ? {} : { profile: text(told, "profile") }),
    ...(until === "" ? {} : { to: momentAt(until, zone) }),
    ...(shape === null ? { road: text(told, "road") } : {}),
    ...(shape?.type === "LineString" && told.get("along") !== null ? { direction: "along" } : {}),
  };
  return { type: "Feature", geometry: shape, properties };
}

function text(told: FormData, name: string): string {
  return String(told.get(name) ?? "").trim();
}

/** The box around a closure, west, south, east, north. */
function boxOf(geometry: GeoJSON.Geometry): [number, number, number, number] {
  const places = (geometry as GeoJSON.MultiLineString).coordinates.flat();
  const [lons, lats] = [places.map((each) => each[0]!), places.map((each) => each[1]!)];
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
