// Values that were set and that the editor has not confirmed: kept over a reload and a broken line, and sent again.
// Setting a value twice is setting it once; a command that adds or removes something is never sent again.

import type { Command } from "./types";

export interface Entry { number: number; commands: Command[]; join: string | null }

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const NAME = "spark-unsent";
const VALUES = new Set(["configure", "rename", "set_meta", "set_run", "set_input"]);
const TEXTS = new Set(["put_note", "group"]);

export function canBeSentAgain(commands: Command[]): boolean {
  return commands.every((c) => VALUES.has(c.do) || (TEXTS.has(c.do) && typeof c.id === "string"));
}

// The tab's own storage; where a frame has none, what waits lasts as long as the page.
export function tabStorage(): Store {
  try {
    return sessionStorage;
  } catch {
    const kept = new Map<string, string>();
    return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => void kept.set(k, v), removeItem: (k) => void kept.delete(k) };
  }
}

export class Unsent {
  private entries: Entry[] = [];
  private number = 0;

  constructor(private readonly store: Store) {}

  add(document: string, commands: Command[], join: string | null): Entry {
    const entry = { number: ++this.number, commands, join };
    this.entries.push(entry);
    this.write(document);
    return entry;
  }

  done(document: string, entry: Entry): void {
    this.entries = this.entries.filter((e) => e !== entry);
    this.write(document);
  }

  // The last command of a kind that nobody has answered yet.
  last(matches: (command: Command) => boolean): Command | undefined {
    return this.entries.flatMap((e) => e.commands).filter(matches).at(-1);
  }

  // What waits for this document; what waited for another is given up.
  take(document: string): { entries: Entry[]; lost: number } {
    const kept = this.read();
    this.entries = [];
    this.store.removeItem(NAME);
    if (!kept?.entries?.length) return { entries: [], lost: 0 };
    return kept.document === document ? { entries: kept.entries, lost: 0 } : { entries: [], lost: kept.entries.length };
  }

  private read(): { document: string; entries: Entry[] } | null {
    try {
      return JSON.parse(this.store.getItem(NAME) ?? "null") as { document: string; entries: Entry[] } | null;
    } catch {
      return null;
    }
  }

  private write(document: string): void {
    if (this.entries.length) this.store.setItem(NAME, JSON.stringify({ document, entries: this.entries }));
    else this.store.removeItem(NAME);
  }
}
