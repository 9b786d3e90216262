/**
 * Where it is: a street or a crossing by its names, tolerant of spelling, coordinates, a grid reference, or a place chosen on
 * the map. What was found has to be chosen, is shown on the map, and is said in words before anything is sent.
 */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { at, get } from "../http.ts";
import type { RoadMap } from "../map/road-map.ts";
import { Suggestions, type Suggested } from "../suggestions.ts";
import { words } from "../words.ts";
import type { Chosen } from "./call-draft.ts";

/** What the field does with the map; the board's map has all of it. */
export type PlaceMap = Pick<RoadMap, "choosePlace" | "stopChoosing" | "look" | "setPoints">;

export interface PlaceChoice {
  /** The map once it is there; null where there is none: a place can still be typed. */
  map: () => PlaceMap | null;
  typed: string;
  chosen: Chosen | null;
  /** Whether the field is only shown, as while it is being sent. */
  isLocked(): boolean;
  /** Told what stands in the field and what was chosen, whenever one of them changes. */
  onChange(typed: string, chosen: Chosen | null): void;
}

/** A place as `GET /v1/places` tells it. */
export interface Found {
  kind: "street" | "crossing" | "coordinates" | "grid";
  name: string;
  lat: number;
  lon: number;
  score: number;
  meets: string[];
  length_m: number | null;
  away_m: number | null;
}

const PAUSE_MS = 120;
const DECIMALS = 5;
const ZOOM = 15.5;

/** Asks for places by what was typed, the likeliest first. */
export async function findPlaces(text: string): Promise<Found[]> {
  return (await get<{ places: Found[] }>(at("/v1/places?q=", text.trim()))).places;
}

/** A place in degrees, as it is read out. */
export function degrees(lat: number, lon: number): string {
  return `${lat.toFixed(DECIMALS)}, ${lon.toFixed(DECIMALS)}`;
}

/** What tells a place that was found from others of its name. */
export function hintOf(found: Found): string {
  const { call } = words;
  const parts = [call.kinds[found.kind]];
  if (found.meets.length > 0) parts.push(call.meets(found.meets.slice(0, 3)));
  if (found.length_m !== null) parts.push(call.long(found.length_m));
  return parts.join(" · ");
}

/** The field, drawn into an element that is its own. */
export class PlaceField {
  #typed: string;
  #chosen: Chosen | null;
  #fault = "";
  #said = "";
  #asked = 0;
  #pause: ReturnType<typeof setTimeout> | null = null;
  #picking = false;
  #closed = false;
  #shownOn: PlaceMap | null = null;
  readonly #list = new Suggestions<Found>("call-places", () => this.draw(), (found) => this.#take(found));

  constructor(
    readonly place: HTMLElement,
    readonly choice: PlaceChoice,
  ) {
    this.#typed = choice.typed;
    this.#chosen = choice.chosen;
    this.draw();
  }

  focus(): void {
    this.place.querySelector("input")?.focus();
  }

  /** Takes a place that was picked on the map. */
  picked(lat: number, lon: number): void {
    const name = degrees(lat, lon);
    this.#choose({ lat, lon, name, kind: "map" }, this.#typed === "" ? name : this.#typed);
  }

  /** Says what is not accepted about the place; nothing, where it is empty. */
  fault(text: string): void {
    this.#fault = text;
    this.draw();
  }

  /** Begins anew with another text and place. */
  set(typed: string, chosen: Chosen | null): void {
    this.#typed = typed;
    this.#chosen = chosen;
    this.#said = "";
    // What is being looked for is of another text.
    this.#asked += 1;
    this.#show();
    this.#list.show([]);
  }

  close(): void {
    this.#closed = true;
    if (this.#pause !== null) clearTimeout(this.#pause);
    if (this.#picking) this.choice.map()?.stopChoosing();
    this.choice.map()?.setPoints(null);
  }

  /** Lets the place be chosen on the map, with the mouse or with the arrows. */
  async pick(): Promise<void> {
    const map = this.choice.map();
    if (map === null || this.#picking || this.choice.isLocked()) return;
    this.#picking = true;
    this.draw();
    const found = await map.choosePlace();
    this.#picking = false;
    if (this.#closed) return;
    if (found === null || this.choice.isLocked()) this.draw();
    else this.picked(found.lat, found.lon);
    this.focus();
  }

  draw(): void {
    const { call } = words;
    // A map that comes later than the field is shown what was chosen by then.
    if (this.choice.map() !== this.#shownOn) this.#show();
    const described = `call-place-hint call-place-said${this.#fault === "" ? "" : " call-place-fault"}`;
    render(
      html`<div class="place-field">
        <label for="call-place">${call.place}</label>
        <div class="in-row">
          <div class="combobox">
            <input
              id="call-place"
              role="combobox"
              aria-required="true"
              aria-autocomplete="list"
              aria-expanded=${this.#list.open}
              aria-controls=${this.#list.id}
              aria-activedescendant=${this.#list.active}
              aria-describedby=${described}
              aria-invalid=${this.#fault !== ""}
              autocomplete="off"
              spellcheck="false"
              ?readonly=${this.choice.isLocked()}
              .value=${live(this.#typed)}
              @input=${this.#input}
              @keydown=${this.#pressed}
              @blur=${() => this.#list.close()}
            />${this.#list.list(call.found)}
          </div>
          ${this.#mapButton()}
        </div>
        <small id="call-place-hint">${call.placeHint}</small>
        <p id="call-place-said" role="status" class=${this.#chosen === null ? "" : "chosen-place"}>${this.#picking ? call.picking : this.#told()}</p>
        ${this.#fault === "" ? nothing : html`<p id="call-place-fault" class="bad">${this.#fault}</p>`}
      </div>`,
      this.place,
    );
  }

  #mapButton(): TemplateResult | typeof nothing {
    if (this.choice.map() === null) return nothing;
    return html`<button type="button" @click=${() => void this.pick()} aria-pressed=${this.#picking}>${words.call.onMap}</button>`;
  }

  #told(): string {
    const { call } = words;
    if (this.#chosen === null) return this.#said;
    return call.chosen(this.#chosen.name, call.kinds[this.#chosen.kind], degrees(this.#chosen.lat, this.#chosen.lon));
  }

  #input = (event: Event): void => {
    if (this.choice.isLocked()) return this.draw();
    this.#typed = (event.target as HTMLInputElement).value;
    // What was chosen belongs to what stood there.
    this.#chosen = null;
    this.#said = "";
    this.#fault = "";
    this.choice.map()?.setPoints(null);
    this.choice.onChange(this.#typed, null);
    // What was found belongs to what stood there, too: Enter takes none of it.
    this.#list.show([]);
    this.#look();
  };

  #look(): void {
    if (this.#pause !== null) clearTimeout(this.#pause);
    const mine = ++this.#asked;
    this.#pause = setTimeout(() => void this.#find(mine), PAUSE_MS);
  }

  async #find(mine: number): Promise<void> {
    if (this.#typed.trim() === "") return this.#list.show([]);
    let found: Found[] = [];
    let said: string;
    try {
      found = await findPlaces(this.#typed);
      said = found.length === 0 ? words.call.nothingFound : words.call.choose(found.length);
    } catch (error) {
      said = words.call.cannotLook(error instanceof Error ? error.message : String(error));
    }
    if (mine !== this.#asked || this.#closed || this.#chosen !== null || this.choice.isLocked()) return;
    this.#said = said;
    this.#list.show(found.map((each): Suggested<Found> => ({ value: each, text: each.name, hint: hintOf(each) })));
  }

  #pressed = (event: KeyboardEvent): void => {
    // Together with another key it is one of the form.
    if (event.ctrlKey || event.metaKey || event.altKey || this.choice.isLocked() || !this.#press(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** Does what a key says; false leaves it to the form, such as Enter where the place is chosen. */
  #press(key: string): boolean {
    if (key === "ArrowDown") this.#list.move(1);
    else if (key === "ArrowUp" && this.#list.open) this.#list.move(-1);
    else if (key === "Escape" && this.#list.open) this.#list.close();
    else if (key === "Enter" && this.#list.chosen !== undefined) this.#list.takeAt(this.#list.at);
    else if (key === "Enter" && this.#chosen === null && this.#list.items.length === 1) this.#list.takeAt(0);
    else if (key === "Enter" && this.#chosen === null && this.#typed.trim() !== "") this.#list.move(1);
    else return false;
    return true;
  }

  #take(found: Found): void {
    const { lat, lon, name, kind } = found;
    this.#choose({ lat, lon, name, kind }, this.#typed);
  }

  #choose(chosen: Chosen, typed: string): void {
    this.#chosen = chosen;
    this.#typed = typed;
    this.#fault = "";
    this.#list.items = [];
    this.#list.close();
    this.#show();
    this.choice.onChange(typed, chosen);
  }

  /** Shows on the map what was chosen. */
  #show(): void {
    const map = this.choice.map();
    this.#shownOn = map;
    if (map === null) return;
    if (this.#chosen === null) return map.setPoints(null);
    const { lat, lon, name } = this.#chosen;
    const geometry: GeoJSON.Point = { type: "Point", coordinates: [lon, lat] };
    map.setPoints({ type: "FeatureCollection", features: [{ type: "Feature", geometry, properties: { kind: "place", label: name } }] });
    if (this.#chosen.kind !== "map") map.look({ lat, lon, zoom: ZOOM });
  }
}
