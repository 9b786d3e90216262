/** Commands that are typed: pages add theirs, and the command line completes them. */

export interface Suggestion {
  /** The whole line with this completed. */
  line: string;
  /** What it is, for people to read. */
  hint: string;
}

/** What is said of a command that takes long, and what will be when it is done. */
export interface Later {
  meanwhile: string;
  done: Promise<string>;
}

export type Said = string | Later | void;

export interface Command {
  /** Its first word, such as `send`. */
  name: string;
  /** How it is written, such as `send B12 to 103`. */
  example: string;
  label: string;
  /** What may come next after what was typed behind the name. */
  complete?: (rest: string) => Suggestion[] | Promise<Suggestion[]>;
  /** Does it; what it throws is shown beside the line. */
  run: (rest: string) => Said | Promise<Said>;
}

const commands = new Map<string, Command>();

/** Adds commands until the returned function is called. */
export function addCommands(added: Command[]): () => void {
  for (const each of added) commands.set(each.name, each);
  return () => {
    for (const each of added) if (commands.get(each.name) === each) commands.delete(each.name);
  };
}

export function allCommands(): Command[] {
  return [...commands.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The command of a line and what stands behind its name; null where the first word is none. */
export function readLine(line: string): { command: Command; rest: string } | null {
  const text = line.trim().replace(/^\//, "");
  const [name = ""] = text.split(/\s+/, 1);
  const command = commands.get(name.toLowerCase());
  return command === undefined ? null : { command, rest: text.slice(name.length).trim() };
}
