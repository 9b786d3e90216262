/** The line in which commands are typed: it completes them, does them, and says what came of it. */
import { html, render, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { ref } from "lit-html/directives/ref.js";
import { allCommands, readLine, type Later } from "./command.ts";
import { session } from "./session.ts";
import { Suggestions, type Suggested } from "./suggestions.ts";
import { words } from "./words.ts";

// Places are asked for at the service; a fast typist need not ask for each letter.
const PAUSE_MS = 80;
const MOST_KEPT = 50;
// What was done needs no more than a look; a refusal stays until something else is typed, or Escape.
const SEEN_MS = 6000;

let holder: HTMLElement | null = null;
/** Where the focus was, to which it goes back. */
let from: HTMLElement | null = null;
let text = "";
let result: { said: string; bad: boolean } = { said: "", bad: false };
let asked = 0;
let pause: ReturnType<typeof setTimeout> | null = null;
/** What was typed before, the newest last; `back` counts from there. */
const lines: string[] = [];
let back = 0;
/** Whose words they are. */
let by = "";
const suggestions = new Suggestions<string>("command-list", () => draw(), take);

session.listen(() => {
  const name = session.who?.name ?? "";
  if (name === by) return;
  // What one person typed is not the next one's to read, or to do by Enter.
  by = name;
  lines.length = 0;
  [text, back, result] = ["", 0, { said: "", bad: false }];
  draw();
});

/** Where the line is; it draws itself. */
export function commandLine(): TemplateResult {
  return html`<div class="command" role="search" aria-label=${words.command.label} ${ref(mount)}></div>`;
}

/** Goes to the line, from wherever the focus is. */
export function focusCommand(): void {
  const active = document.activeElement;
  if (active instanceof HTMLElement && !holder?.contains(active)) from = active;
  input()?.focus();
}

const input = (): HTMLInputElement | null => holder?.querySelector("input") ?? null;

function mount(element: Element | undefined): void {
  if (!(element instanceof HTMLElement) || element === holder) return;
  holder = element;
  draw();
}

function draw(): void {
  if (holder === null) return;
  const { command } = words;
  render(
    html`<input
        role="combobox"
        aria-label=${command.label}
        aria-autocomplete="list"
        aria-expanded=${suggestions.open}
        aria-controls=${suggestions.id}
        aria-activedescendant=${suggestions.active}
        aria-keyshortcuts="/"
        placeholder=${command.placeholder}
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
        .value=${live(text)}
        @input=${typed}
        @keydown=${pressed}
        @focus=${() => complete()}
        @blur=${() => suggestions.close()}
      />${suggestions.list(command.suggestions)}
      <span class="hidden-text" role="status">${suggestions.open ? command.count(suggestions.items.length) : ""}</span>
      <output class=${result.said === "" ? "" : result.bad ? "bad" : "good"} role=${result.bad ? "alert" : "status"}>${result.said}</output>`,
    holder,
  );
}

function typed(event: Event): void {
  text = (event.target as HTMLInputElement).value;
  result = { said: "", bad: false };
  back = 0;
  draw();
  complete();
}

/** Looks for what may come next, once no more is typed for a moment. */
function complete(): void {
  if (pause !== null) clearTimeout(pause);
  const mine = ++asked;
  pause = setTimeout(async () => {
    const found = await find(text.trimStart().replace(/^\//, "")).catch(() => []);
    if (mine === asked && document.activeElement === input()) suggestions.show(found);
  }, PAUSE_MS);
}

async function find(line: string): Promise<Suggested<string>[]> {
  const known = /\s/.test(line) ? readLine(line) : null;
  if (known === null) {
    const first = line.trim().toLowerCase();
    const fitting = allCommands().filter((each) => each.name.startsWith(first));
    return fitting.map((each) => ({ value: `${each.name} `, text: each.example, hint: each.label }));
  }
  const next = (await known.command.complete?.(known.rest)) ?? [];
  // What is typed to its end needs no completion.
  return next.filter((each) => each.line.trim() !== line.trim()).map((each) => ({ value: each.line, text: each.line, hint: each.hint }));
}

function take(line: string): void {
  text = line;
  draw();
  const field = input();
  field?.setSelectionRange(text.length, text.length);
  complete();
}

function pressed(event: KeyboardEvent): void {
  const done = press(event);
  if (!done) return;
  event.preventDefault();
  event.stopPropagation();
}

/** Does what a key says; false leaves it to the field. */
function press(event: KeyboardEvent): boolean {
  const { chosen } = suggestions;
  if (event.key === "ArrowDown") suggestions.move(1);
  else if (event.key === "ArrowUp") up();
  else if (event.key === "Enter" && chosen !== undefined) suggestions.takeAt(suggestions.at);
  else if (event.key === "Enter") void run();
  else if (event.key === "Tab" && !event.shiftKey && suggestions.open && text.trim() !== "") suggestions.takeAt(Math.max(suggestions.at, 0));
  else if (event.key === "Escape") escape();
  else return false;
  return true;
}

/** Through the suggestions, and from the line itself back to what was typed before. */
function up(): void {
  if (suggestions.open && suggestions.at >= 0) return suggestions.move(-1);
  const line = lines[lines.length - 1 - back];
  if (line === undefined) return;
  back += 1;
  text = line;
  suggestions.close();
}

function escape(): void {
  if (suggestions.open) return suggestions.close();
  text = "";
  result = { said: "", bad: false };
  draw();
  if (from?.isConnected) from.focus();
  else document.querySelector<HTMLElement>("#page")?.focus();
}

async function run(): Promise<void> {
  const line = text.trim().replace(/^\//, "");
  if (line === "") return;
  asked += 1;
  suggestions.close();
  if (lines.at(-1) !== line) lines.push(line);
  if (lines.length > MOST_KEPT) lines.shift();
  back = 0;
  const known = readLine(line);
  if (known === null) return tell(words.command.unknown(line), true);
  tell(words.command.running, false);
  try {
    const said = await known.command.run(known.rest);
    // Unless the next one is being typed already.
    if (text.trim().replace(/^\//, "") === line) text = "";
    if (typeof said === "object") await tellLater(said);
    else tell(said ?? "", false);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error), true);
  }
}

/** Says what is done while that is still what the line says; a refusal that comes so late stands in the list of actions. */
async function tellLater({ meanwhile, done }: Later): Promise<void> {
  tell(meanwhile, false);
  const told = result;
  const said = await done.catch(() => null);
  if (said !== null && result === told) tell(said, false);
}

function tell(said: string, bad: boolean): void {
  const told = { said, bad };
  result = told;
  draw();
  if (bad) return;
  setTimeout(() => {
    if (result !== told) return;
    result = { said: "", bad: false };
    draw();
  }, SEEN_MS);
}
