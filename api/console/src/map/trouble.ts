/** What is shown where the map cannot be, or is not whole: it never fails in silence. */
import { html, nothing, render } from "lit-html";

/** Words over the map, or in its place. */
export class Trouble {
  readonly #place: HTMLElement;
  readonly #said = new Map<string, string>();

  constructor(frame: HTMLElement) {
    this.#place = document.createElement("div");
    this.#place.className = "map-trouble";
    this.#place.setAttribute("role", "alert");
    frame.append(this.#place);
  }

  /** Says something until it is `over`; `about` names the trouble. */
  say(about: string, text: string): void {
    this.#said.set(about, text);
    this.#draw();
  }

  over(about: string): void {
    if (this.#said.delete(about)) this.#draw();
  }

  #draw(): void {
    const said = [...this.#said.values()];
    render(said.length === 0 ? nothing : said.map((text) => html`<p class="notice bad">${text}</p>`), this.#place);
  }
}
