/** What a page is to the shell. */

export interface Page {
  /** Ends what it began: listeners, keys, commands, the map. */
  close(): void;
  /** Shows another part of itself, as the address says; a page without it is opened anew. */
  turn?(rest: string): void;
}

/** A page's module: makes the page inside an element that is its own. */
export interface PageModule {
  open(place: HTMLElement, rest: string): Page | Promise<Page>;
}
