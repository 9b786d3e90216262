/** Keys: each does something where the focus is, is shown by `?`, and can be changed. */
import { Changes } from "./changes.ts";

export interface Binding {
  /** Names it for good, such as `incident.send`. */
  id: string;
  /** What `KeyboardEvent.key` says, with `Control+`, `Alt+` or `Shift+` in front where needed. */
  key: string;
  /** What it does, for people to read. */
  label: string;
  /** Where it holds: the selector of the region that has the focus; everywhere without one. */
  within?: string;
  run: (event: KeyboardEvent) => void;
}

const KEPT = "nearest.keys";

class Keys extends Changes {
  #bindings: Binding[] = [];
  #changed = kept();

  constructor() {
    super();
    addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** Adds bindings until the returned function is called, as when a page is left. */
  bind(bindings: Binding[]): () => void {
    this.#bindings.push(...bindings);
    this.changed();
    return () => {
      this.#bindings = this.#bindings.filter((each) => !bindings.includes(each));
      this.changed();
    };
  }

  get bindings(): readonly Binding[] {
    return this.#bindings;
  }

  keyOf(binding: Binding): string {
    return this.#changed[binding.id] ?? binding.key;
  }

  /** Gives a binding another key; returns the one that has it already in the same place, and changes nothing then. */
  change(binding: Binding, key: string): Binding | null {
    const other = this.#bindings.find(
      (each) => each !== binding && this.keyOf(each) === key && (!each.within || !binding.within || each.within === binding.within),
    );
    if (other !== undefined) return other;
    this.#changed[binding.id] = key;
    localStorage.setItem(KEPT, JSON.stringify(this.#changed));
    this.changed();
    return null;
  }

  /** Whether a binding has another key than at first. */
  isChanged(binding: Binding): boolean {
    return this.keyOf(binding) !== binding.key;
  }

  reset(): void {
    this.#changed = {};
    localStorage.removeItem(KEPT);
    this.changed();
  }

  #pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const key = nameOf(event);
    // A letter typed into a field is text, and nothing else.
    if (isTyping(event.target) && key.length === 1) return;
    const focus = document.activeElement;
    const fits = this.#bindings.filter((each) => this.keyOf(each) === key && (!each.within || focus?.closest(each.within)));
    // The innermost region wins, and the one that was added last among equals.
    const chosen = fits.reduce<Binding | undefined>((best, each) => (best && depth(best, focus) > depth(each, focus) ? best : each), undefined);
    if (chosen === undefined || (document.querySelector("dialog[open]") && !chosen.within)) return;
    event.preventDefault();
    chosen.run(event);
  }
}

/** How deep the region lies in which a binding holds, of those around the focus; 0 for one that holds everywhere. */
function depth(binding: Binding, focus: Element | null): number {
  let found = binding.within ? (focus?.closest(binding.within) ?? null) : null;
  let steps = 0;
  for (; found !== null; found = found.parentElement) steps += 1;
  return steps;
}

/** What was changed in this browser before; what cannot be read is as good as nothing. */
function kept(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

/** The key of an event as bindings name it. */
export function nameOf(event: KeyboardEvent): string {
  const named = event.key.length > 1 && event.shiftKey ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Control+" : ""}${event.altKey ? "Alt+" : ""}${named}${event.key}`;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input:not([type=checkbox],[type=radio],[type=button],[type=range]), textarea, select") || target.isContentEditable);
}

export const keys = new Keys();
