/** What surrounds every page: pages, who is signed in, the state of the connection, the command line. */
import { html, nothing, render } from "lit-html";
import { drawHelp, helpKey } from "./help.ts";
import { drawConnection, unwarn, warn } from "./connection.ts";
import { commandLine, focusCommand } from "./command-line.ts";
import { isCall } from "./board/call-draft.ts";
import { keys } from "./keys.ts";
import { outbox } from "./outbox.ts";
import { session } from "./session.ts";
import { cancelOver, drawOver, drawSignIn } from "./sign-in.ts";
import { theme, type Choice } from "./theme.ts";
import { words } from "./words.ts";

export type PageName = "board" | "audit" | "plan" | "supervise";

export interface Shown {
  pages: PageName[];
  current: PageName | undefined;
}

keys.bind([
  { id: "shell.command", key: "/", label: words.command.label, run: focusCommand },
  { id: "shell.help", key: "?", label: words.keys.title, run: helpKey },
]);

/** Draws it, and returns the element that is the page's; null where nobody is signed in. */
export function drawShell(root: HTMLElement, shown: Shown): HTMLElement | null {
  if (session.who === null) {
    render(html`<main class="sign-in"><div><h1>${words.shell.product}</h1><div id="sign-in"></div></div></main>`, root);
    drawSignIn(root.querySelector<HTMLElement>("#sign-in")!);
    return null;
  }
  render(frame(shown), root);
  drawConnection(root.querySelector<HTMLElement>("#connection")!);
  drawHelp(root.querySelector<HTMLElement>("#help")!);
  drawOver(root.querySelector<HTMLDialogElement>("#over")!);
  return root.querySelector<HTMLElement>("#page");
}

const frame = ({ pages, current }: Shown) => html`
  <a class="skip" href="#page" @click=${skip}>${words.shell.skip}</a>
  <header class="bar">
    <h1>${words.shell.product}</h1>
    <nav aria-label=${words.shell.pagesLabel}>
      ${pages.map((name) => html`<a href=${`#/${name}`} aria-current=${name === current ? "page" : nothing}>${words.shell.pages[name]}</a>`)}
    </nav>
    ${commandLine()}
    <span class="who">${session.who?.name}</span>
    <select aria-label=${words.shell.theme} .value=${theme.choice} @change=${chooseTheme}>
      ${(Object.keys(words.shell.themes) as Choice[]).map((name) => html`<option value=${name} ?selected=${name === theme.choice}>${words.shell.themes[name]}</option>`)}
    </select>
    <button @click=${helpKey} aria-keyshortcuts="?">${words.shell.help}</button>
    <button @click=${signOut}>${words.shell.signOut}</button>
  </header>
  <div id="connection"></div>
  <main id="page" tabindex="-1">${current === undefined ? html`<p class="notice">${words.shell.noPage}</p>` : nothing}</main>
  <div id="help"></div>
  <dialog id="over" aria-label=${words.signIn.title} @cancel=${cancelOver}></dialog>
`;

function skip(event: Event): void {
  // The address says which page is shown, so the link must not change it.
  event.preventDefault();
  document.querySelector<HTMLElement>("#page")?.focus();
}

async function signOut(): Promise<void> {
  const name = session.who?.name ?? "";
  // What a caller said is not kept for whoever comes next.
  const calls = outbox.refusedOf(name).filter((each) => isCall(each.path)).length;
  if (calls > 0 && !confirm(words.connection.forgetCalls(calls))) return;
  try {
    await session.signOut();
    outbox.forget(name);
    unwarn(words.connection.signOutFailed);
  } catch {
    // Whoever leaves must know that the next one at this place would be them.
    warn(words.connection.signOutFailed);
  }
}

function chooseTheme(event: Event): void {
  theme.choose((event.target as HTMLSelectElement).value as Choice);
}
