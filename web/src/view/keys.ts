// What keys do, when no field has them.

import { openPalette, copy, encapsulate, enter, group, layOut, note, paste, remove, selectedNodes, up } from "../core/actions";
import { apply, ask, openDialog, save, select, stepRun, toggleRun, usePage } from "../core/store";
import { whileWaiting } from "../core/typed";
import { FIELDS, focusFirstField, focusSelected } from "./focus";

const STEP = 10;

export interface Center { (): { x: number; y: number } }

export async function onKey(event: KeyboardEvent, center: Center, fit: () => void): Promise<void> {
  const target = event.target as HTMLElement;
  const { dialog, document, level } = usePage.getState();
  if (dialog) return;
  const control = event.ctrlKey || event.metaKey;
  if (control && event.key === "Enter") return take(event, () => toggleRun());
  if (control && event.key.toLowerCase() === "s") return take(event, () => save());
  if (control && event.key.toLowerCase() === "o") return take(event, () => openDialog({ kind: "open" }));
  if (event.key === "F7") return take(event, () => usePage.setState({ side: "problems" }));
  if (control && event.key === " ") return take(event, () => openPalette());
  if (target.matches?.(FIELDS)) {
    // The field takes its text back first.
    if (event.key === "Escape" && target.closest(".side")) setTimeout(focusSelected);
    return;
  }
  if (control) {
    const key = event.key.toLowerCase();
    if (key === "z") return take(event, () => ask(event.shiftKey ? "redo" : "undo"));
    if (key === "y") return take(event, () => ask("redo"));
    if (key === "a") return take(event, () => select(Object.keys(document.nodes).filter((k) => (document.nodes[k].parent ?? null) === level)));
    if (key === "d") return take(event, () => duplicate());
    return;
  }
  if (event.altKey) return;
  const onButton = target.matches?.("button, a, summary, [role=option]");
  const chosen = selectedNodes();
  if (event.key === " " && !onButton) return take(event, () => openPalette());
  if (event.key === "Enter" && chosen.length === 1 && !onButton) return take(event, async () => { if (!(await enter(chosen[0]))) focusFirstField(); });
  if (event.key === "Escape") return take(event, () => up());
  if (event.key === "Delete" || event.key === "Backspace") return take(event, async () => { await remove(); focusSelected(); });
  if (event.key === "?") return take(event, () => openDialog({ kind: "help" }));
  if (event.key === ".") return take(event, () => stepRun(1));
  if (event.key.startsWith("Arrow") && chosen.length && !onButton) return take(event, () => nudge(event.key, event.shiftKey ? 10 * STEP : STEP));
  const plain: Record<string, () => unknown> = {
    c: () => chosen.length === 1 && openDialog({ kind: "connect", node: chosen[0] }),
    g: () => group(), b: () => encapsulate(), l: () => layOut(), f: () => fit(),
    n: () => { const at = center(); return note(at.x, at.y); }, i: () => focusFirstField(),
  };
  const found = plain[event.key.toLowerCase()];
  if (found && !event.shiftKey) await take(event, found);
}

async function take(event: Event, action: () => unknown): Promise<void> {
  event.preventDefault();
  event.stopPropagation();
  await action();
}

async function nudge(key: string, by: number): Promise<void> {
  const { document } = usePage.getState();
  const dx = key === "ArrowLeft" ? -by : key === "ArrowRight" ? by : 0;
  const dy = key === "ArrowUp" ? -by : key === "ArrowDown" ? by : 0;
  const places = Object.fromEntries(selectedNodes().map((k) => [k, [(document.nodes[k].ui?.x ?? 0) + dx, (document.nodes[k].ui?.y ?? 0) + dy]]));
  await apply([{ do: "move", places }], `nudge:${Object.keys(places).join()}`);
}

async function duplicate(): Promise<void> {
  const { document, level } = usePage.getState();
  const ids = selectedNodes();
  if (!ids.length) return;
  const still = whileWaiting();
  const data = await ask<object>("copy", { ids });
  const x = Math.min(...ids.map((k) => document.nodes[k].ui?.x ?? 0)) + 40;
  const y = Math.min(...ids.map((k) => document.nodes[k].ui?.y ?? 0)) + 40;
  if (!data) return;
  const done = await apply([{ do: "paste", data, x, y, parent: level }]);
  const made = done?.results[0]?.ids;
  if (made && still()) select(made);
}

export function onClipboard(event: ClipboardEvent, center: Center): void {
  const target = event.target as HTMLElement;
  const { dialog, selected } = usePage.getState();
  if (dialog || target.matches?.(FIELDS)) return;
  if (event.type === "paste") {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!text) return;
    event.preventDefault();
    const at = center();
    void paste(text, at.x, at.y);
    return;
  }
  if (!selected.length || String(window.getSelection())) return;
  event.preventDefault();
  void copy().then((done) => { if (done && event.type === "cut") void remove(); });
}
