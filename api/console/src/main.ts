/** Starts the console: who is signed in decides which pages there are, the address which is shown. */
import { html, render } from "lit-html";
import { Problem } from "./http.ts";
import { outbox } from "./outbox.ts";
import type { Page, PageModule } from "./page.ts";
import { session } from "./session.ts";
import { drawShell, type PageName } from "./shell.ts";
import "./theme.ts";
import { words } from "./words.ts";

/** Each page with the operation without which it is of no use, and its module, loaded when it is first opened. */
const PAGES: Record<PageName, { needs: string; load: () => Promise<PageModule> }> = {
  board: { needs: "unitAssigned", load: () => import("./board/page.ts") },
  audit: { needs: "replays", load: () => import("./audit/page.ts") },
  plan: { needs: "scenarios", load: () => import("./plan/page.ts") },
  supervise: { needs: "supervision", load: () => import("./supervise/page.ts") },
};

const ASK_AGAIN_MS = 2000;
const root = document.querySelector<HTMLElement>("#console")!;
let open: { name: PageName; rest: string; by: string; page: Page | null } | null = null;

function allowed(): PageName[] {
  return (Object.keys(PAGES) as PageName[]).filter((name) => session.may(PAGES[name].needs));
}

/** The page that the address asks for, and what stands behind its name: `#/board/N-1`. */
function asked(): { name: PageName | undefined; rest: string } {
  const [, name = "", ...rest] = location.hash.split("/");
  const pages = allowed();
  return pages.includes(name as PageName) ? { name: name as PageName, rest: decodeURIComponent(rest.join("/")) } : { name: pages[0], rest: "" };
}

async function show(): Promise<void> {
  if (session.who === null) {
    leave();
    drawShell(root, { pages: [], current: undefined });
    return;
  }
  const { name, rest } = asked();
  const place = drawShell(root, { pages: allowed(), current: name });
  if (name === undefined || place === null) return leave();
  if (open?.name === name && open.rest === rest && open.by === session.who.name) return;
  if (open?.name === name && open.by === session.who.name && open.page?.turn !== undefined) {
    open.rest = rest;
    return open.page.turn(rest);
  }
  leave();
  const opened = { name, rest, by: session.who.name, page: null as Page | null };
  open = opened;
  await begin(opened, place);
}

async function begin(opened: NonNullable<typeof open>, place: HTMLElement): Promise<void> {
  const holder = document.createElement("div");
  holder.className = `page page-${opened.name}`;
  // Told by its own name: another page may have taken the place by the time this one is there.
  const notice = document.createElement("div");
  place.replaceChildren(holder, notice);
  render(html`<p class="notice" role="status">${words.shell.loading}</p>`, notice);
  try {
    const module = await PAGES[opened.name].load();
    const page = await module.open(holder, opened.rest);
    if (open === opened) opened.page = page;
    else page.close();
    notice.remove();
  } catch (error) {
    if (open !== opened) return;
    const why = error instanceof Problem || error instanceof Error ? error.message : String(error);
    // Where the service was renewed, this console's other parts are gone with it; what was asked for survives a reload.
    const retry = () => location.reload();
    render(
      html`<p class="notice bad" role="alert">${words.shell.failed(why)} <button @click=${retry}>${words.shell.again}</button></p>`,
      notice,
    );
  }
}

function leave(): void {
  open?.page?.close();
  open = null;
}

/** Asks who is signed in until the service answers; meanwhile it can be tried by signing in. */
async function ask(): Promise<void> {
  try {
    await session.load();
  } catch {
    setTimeout(() => session.who === null && void ask(), ASK_AGAIN_MS);
  }
}

async function start(): Promise<void> {
  await ask();
  outbox.begin();
  session.listen(() => void show());
  addEventListener("hashchange", () => void show());
  await show();
}

void start();
