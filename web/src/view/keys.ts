// What keys do, when no field has them.

import {
  openPalette, copy, duplicate, encapsulate, enter, group, layOut, note, paste, remove, selectedNodes, selectedPlaced, selectionHasCome, selectionIsOnItsWay, up,
} from "../core/actions";
import { apply, ask, openDialog, save, select, stepRun, toggleRun, usePage } from "../core/store";
import { FIELDS, focusFirstField, focusNote, focusSelected, isForField, OF_THE_DOCUMENT, TEXTS } from "./focus";
import { embedded } from "./home";

const STEP = 10;

export interface Center { (): { x: number; y: number } }

// What a key does: to the page, whatever is selected; to what is selected, or to the selection itself; or that too, and what is typed next goes into a
// dialog or a field.
interface Meaning { does: () => unknown; to: "page" | "selection" | "field" }

// Keys that wait for what is being added, pasted or encapsulated, in the order in which they were pressed.
const waiting: (() => Meaning | undefined)[] = [];

// A key does what it means at once; where it is meant for what is still on its way, when that has come.
export async function onKey(event: KeyboardEvent, center: Center, fit: () => void): Promise<void> {
  if (usePage.getState().dialog) return whileDialog(event);
  const mean = (chosen: string[]) => meaning(event, chosen, center, fit);
  const late = waiting.length > 0 || selectionIsOnItsWay();
  const found = mean(late ? ["what is on its way"] : selectedNodes());
  if (!found) return;
  event.preventDefault();
  event.stopPropagation();
  if (!late || (!waiting.length && found.to === "page")) return void (await found.does());
  waiting.push(() => mean(selectedNodes()));
  if (waiting.length === 1) await follow();
}

// A dialog has its keys. One that was opened just now may not have them yet: nor has a notebook around the page.
function whileDialog(event: KeyboardEvent): void {
  if (!embedded() || (event.target as HTMLElement).closest?.("dialog")) return;
  event.stopPropagation();
  if (event.key === "Escape") openDialog(null);
}

// Does what waits, one key after the other, each when all that is to be selected before it has come. What was not selected
// after all, for it was refused or the user went elsewhere, is not what the keys were meant for: then they do nothing.
async function follow(): Promise<void> {
  try {
    while (waiting.length) {
      const selected = await selectionHasCome();
      // A new node takes the keys as soon as it is drawn.
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
      if (!selected || usePage.getState().dialog || isForField() || window.document.activeElement?.matches(FIELDS)) return;
      const found = waiting.shift()!();
      void found?.does();
      if (found?.to === "field") return;
    }
  } finally {
    // Whatever fails, the next key begins anew.
    waiting.length = 0;
  }
}

// What a key means with these nodes selected; undefined if it is not the page's.
function meaning(event: KeyboardEvent, chosen: string[], center: Center, fit: () => void): Meaning | undefined {
  const target = event.target as HTMLElement;
  const { document, level, component, selected } = usePage.getState();
  const control = event.ctrlKey || event.metaKey;
  // What a browser fills in by itself comes without a key.
  const key = (event.key ?? "").toLowerCase();
  const page = (does: () => unknown): Meaning => ({ does, to: "page" });
  const selection = (does: () => unknown): Meaning => ({ does, to: "selection" });
  const field = (does: () => unknown): Meaning => ({ does, to: "field" });
  if (control && key === "enter") return page(() => toggleRun());
  if (control && key === "s") return page(() => (event.shiftKey ? openDialog({ kind: "save" }) : save()));
  if (control && key === "o") return page(() => openDialog({ kind: "open" }));
  if (key === "f7") return page(() => usePage.setState({ side: "problems" }));
  if (control && key === " ") return page(openPalette);
  const typed = target.matches?.(TEXTS) && !target.matches(OF_THE_DOCUMENT);
  if (control && key === "z" && !typed) return page(() => ask(event.shiftKey ? "redo" : "undo"));
  if (control && key === "y" && !typed) return page(() => ask("redo"));
  if (target.matches?.(FIELDS)) {
    // The field takes its text back first.
    if (key === "escape" && target.closest(".side")) setTimeout(focusSelected);
    return undefined;
  }
  if (control) {
    if (component) return undefined;
    const here = (table: Record<string, { parent?: string | null }>) => Object.keys(table).filter((k) => (table[k].parent ?? null) === level);
    if (key === "a") return selection(() => select([...here(document.nodes), ...here(document.notes)]));
    if (key === "d") return selection(duplicate);
    return undefined;
  }
  if (event.altKey) return undefined;
  // Inside a neuron its parts are looked at; what is selected lies on the canvas, which nobody sees.
  if (component && !["escape", "?", "."].includes(key)) return undefined;
  const onButton = target.matches?.("button, a, summary, [role=option]");
  if (key === " " && !onButton) return page(openPalette);
  // The text of a note is what it has inside, and its first field.
  if ((key === "enter" || (key === "i" && !event.shiftKey)) && selected.length === 1 && selected[0] in document.notes && !onButton) return field(() => focusNote(selected[0]));
  if (key === "enter" && chosen.length === 1 && !onButton) return field(async () => { if (!(await enter(chosen[0]))) focusFirstField(); });
  if (key === "escape") return page(up);
  if (key === "delete" || key === "backspace") return selection(async () => { await remove(); focusSelected(); });
  if (key === "?") return page(() => openDialog({ kind: "help" }));
  if (key === ".") return page(() => stepRun(1));
  if (key.startsWith("arrow") && (chosen.length || selectedPlaced().length) && !onButton) return selection(() => nudge(event.key, event.shiftKey ? 10 * STEP : STEP));
  const plain: Record<string, Meaning> = {
    c: field(() => chosen.length === 1 && openDialog({ kind: "connect", node: chosen[0] })),
    g: selection(group), b: selection(encapsulate), l: page(layOut), f: page(fit),
    n: field(() => { const at = center(); return note(at.x, at.y); }), i: field(focusFirstField),
  };
  return event.shiftKey ? undefined : plain[key];
}

async function nudge(key: string, by: number): Promise<void> {
  const { document } = usePage.getState();
  const dx = key === "ArrowLeft" ? -by : key === "ArrowRight" ? by : 0;
  const dy = key === "ArrowUp" ? -by : key === "ArrowDown" ? by : 0;
  const places = Object.fromEntries(selectedPlaced().map((k) => {
    const place = (document.nodes[k] ?? document.notes[k]).ui;
    return [k, [(place?.x ?? 0) + dx, (place?.y ?? 0) + dy]];
  }));
  await apply([{ do: "move", places }], `nudge:${Object.keys(places).join()}`);
}

export function onClipboard(event: ClipboardEvent, center: Center): void {
  const target = event.target as HTMLElement;
  const { dialog, selected, component } = usePage.getState();
  const late = selectionIsOnItsWay();
  if (dialog || component || target.matches?.(FIELDS)) return;
  if (event.type === "paste") {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!text) return;
    event.preventDefault();
    const at = center();
    void paste(text, at.x, at.y);
    return;
  }
  if (!(selected.length || late) || String(window.getSelection())) return;
  event.preventDefault();
  const there = late ? selectionHasCome() : Promise.resolve(true);
  void there.then((yes) => yes && copy()).then((done) => { if (done && event.type === "cut") void remove(); });
}
