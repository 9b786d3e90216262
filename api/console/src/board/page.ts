/** The board: lists, the chosen incident, and the map beside them, which nothing depends on. */
import { html, render } from "lit-html";
import { force, type Force } from "../force.ts";
import { keys } from "../keys.ts";
import type { Picked } from "../map/road-map.ts";
import type { Page } from "../page.ts";
import { picture } from "../picture.ts";
import { words } from "../words.ts";
import { openBoardMap, type BoardMap } from "./board-map.ts";
import { openCall } from "./call.ts";
import { openClosing } from "./closing.ts";
import { boardCommands } from "./commands.ts";
import { openIncident, type IncidentPanel } from "./incident.ts";
import { openLists, type Lists } from "./lists.ts";
import { openPlan } from "./plan.ts";

export async function open(place: HTMLElement, rest: string): Promise<Page> {
  const [rules, leave] = await Promise.all([force(), picture.open()]);
  return new Board(place, rules, rest, leave);
}

/** What stands in the column beside the lists in place of the incident, while it is being filled in. */
type Side = "call" | "plan" | "closing";
type Place = { lat: number; lon: number };

const REGIONS = ["#lists", "#side", "#map"];

class Board implements Page {
  #lists: Lists;
  #map: BoardMap | null = null;
  #panel: IncidentPanel | null = null;
  #side: Side | null = null;
  #open: { close(): void } | null = null;
  #unit: string | null = null;
  #picked: Place | null = null;
  #closed = false;
  #ends: (() => void)[];

  constructor(
    readonly place: HTMLElement,
    readonly rules: Force,
    rest: string,
    leave: () => void,
  ) {
    render(frame(), place);
    this.#lists = openLists(this.#part("#lists"), {
      rules,
      onIncident: (id) => this.go(id),
      onUnit: (callsign) => this.chooseUnit(callsign),
      onCall: () => void this.openSide("call"),
      onPlan: () => void this.openSide("plan"),
      onClosing: () => void this.openSide("closing"),
    });
    const commands = boardCommands({
      openCall: () => void this.openSide("call"),
      openPlan: () => void this.openSide("plan"),
      openIncident: (id, callsign) => this.go(id, callsign),
      openUnit: (callsign) => this.#goUnit(callsign),
    });
    this.#ends = [
      leave,
      () => commands.close(),
      keys.bind([{ id: "board.region", key: "F6", label: words.board.keyRegion, run: () => this.#nextRegion() }]),
    ];
    void this.#openMap();
    this.turn(rest);
  }

  /** Shows what the address names. */
  turn(rest: string): void {
    if (rest === "") return this.#closeIncident();
    this.#closeSide();
    if (this.#panel?.chosen.id === rest) return this.#panel.focus();
    this.#panel?.close();
    // What is not laid out takes no focus.
    this.place.querySelector(".board")?.classList.add("with-side");
    this.#panel = openIncident(this.#part("#incident"), rest, {
      rules: this.rules,
      onWay: (way) => this.#map?.route(way === null || way.coordinates.length === 0 ? null : [{ name: way.callsign, coordinates: way.coordinates }]),
      onIncident: (id) => this.go(id),
      onLeft: () => this.#lists.focus({ incident: rest }),
    }, true);
    this.#chosen();
  }

  /** Chooses an incident, by the address: going back and sending somebody the address work then. */
  go(incident_id: string, callsign?: string): void {
    this.#closeSide();
    const hash = `#/board/${encodeURIComponent(incident_id)}`;
    if (location.hash === hash) this.#panel?.focus(callsign);
    else location.hash = hash;
  }

  chooseUnit(callsign: string): void {
    this.#unit = this.#unit === callsign ? null : callsign;
    this.#chosen();
  }

  /** Opens a form in place of the incident, which stays as it is behind it. */
  async openSide(side: Side, closure?: string): Promise<void> {
    const at = this.#picked;
    this.#closeSide();
    this.#side = side;
    this.#part("#incident").hidden = true;
    this.#part("#aside").hidden = false;
    this.#part("#aside").setAttribute("aria-label", words.board.asides[side]);
    this.#layOut();
    // One element for each: a form that comes late is not drawn over the next one.
    const place = this.#part("#aside").appendChild(document.createElement("div"));
    const opened = await this.#begin(side, place, at, closure);
    if (place.isConnected) this.#open = opened;
    else opened.close();
  }

  close(): void {
    this.#closed = true;
    this.#open?.close();
    this.#panel?.close();
    for (const end of this.#ends) end();
    this.#lists.close();
    this.#map?.close();
  }

  #begin(side: Side, place: HTMLElement, at: Place | null, closure?: string): { close(): void } | Promise<{ close(): void }> {
    const onLeft = (): void => this.#leaveSide();
    if (side === "plan") return openPlan(place, { onIncident: (id) => this.go(id), onLeft });
    if (side === "call") return openCall(place, { map: () => this.#map, ...(at === null ? {} : { at }), onMade: (id) => this.go(id), onLeft });
    const onChanged = (): void => this.#panel?.chosen.again();
    return openClosing(place, { map: this.#map, ...(closure === undefined ? {} : { closure }), onChanged, onLeft });
  }

  #leaveSide(): void {
    this.#closeSide();
    if (this.#panel === null) this.#lists.focus({});
    else this.#panel.focus();
  }

  #closeSide(): void {
    this.#open?.close();
    this.#open = null;
    this.#side = null;
    this.#pick(null);
    this.#part("#aside").replaceChildren();
    this.#part("#aside").hidden = true;
    this.#part("#incident").hidden = false;
    this.#layOut();
  }

  #closeIncident(): void {
    this.#panel?.close();
    this.#panel = null;
    this.#chosen();
  }

  #chosen(): void {
    const incident = this.#panel?.chosen.id ?? null;
    this.#lists.choose({ incident, unit: this.#unit });
    this.#map?.choose({ incident, unit: this.#unit });
    this.#layOut();
  }

  #goUnit(callsign: string): void {
    this.#unit = callsign;
    this.#chosen();
    this.#lists.focus({ unit: callsign });
  }

  #layOut(): void {
    this.place.querySelector(".board")?.classList.toggle("with-side", this.#panel !== null || this.#side !== null);
  }

  async #openMap(): Promise<void> {
    const map = await openBoardMap(this.#part("#map"), { onPick: (picked) => this.#onPick(picked) });
    if (this.#closed) return map.close();
    this.#map = map;
    this.#chosen();
  }

  #onPick(picked: Picked): void {
    if (picked.kind === "incident") this.go(picked.name);
    else if (picked.kind === "unit") this.#goUnit(picked.name);
    else if (picked.kind === "closure") void this.openSide("closing", picked.name);
    else if (picked.kind === "place" && this.#side === null) this.#pick({ lat: picked.lat, lon: picked.lon });
  }

  /** Marks where the next call will be, as the map was clicked: the form opens when it is asked for. */
  #pick(place: Place | null): void {
    if (place === null && this.#picked === null) return;
    this.#picked = place;
    const point = place === null ? null : { type: "Feature" as const, properties: { kind: "point", label: words.board.pickedHere }, geometry: { type: "Point" as const, coordinates: [place.lon, place.lat] } };
    this.#map?.setPoints(point === null ? null : { type: "FeatureCollection", features: [point] });
  }

  #nextRegion(): void {
    const here = REGIONS.findIndex((each) => this.#part(each).contains(document.activeElement));
    for (let on = 1; on <= REGIONS.length; on += 1) if (this.#focusRegion(REGIONS[(here + on) % REGIONS.length]!)) return;
  }

  /** Goes to a region; false where there is nothing to go to, as where there is no map. */
  #focusRegion(region: string): boolean {
    if (region === "#lists") this.#lists.focus({});
    else if (region === "#side" && this.#side === null) this.#panel?.focus();
    else this.#part(region === "#side" ? "#aside" : region).querySelector<HTMLElement>("[tabindex='0'], canvas, button, input")?.focus();
    return this.#part(region).contains(document.activeElement);
  }

  #part(selector: string): HTMLElement {
    return this.place.querySelector<HTMLElement>(selector)!;
  }
}

const frame = () => html`
  <div class="board">
    <section id="lists" class="lists" aria-label=${words.board.lists}></section>
    <div id="side" class="side">
      <section id="incident" class="incident" aria-label=${words.board.incident}></section>
      <section id="aside" class="aside" hidden></section>
    </div>
    <div id="map" class="board-map"></div>
  </div>
`;
