// What keys do, when no field has them.

import {
  openPalette, copy, duplicate, encapsulate, enter, group, layOut, note, paste, remove, selectedNodes, selectionOnItsWay, up,
} from "../core/actions";
import { apply, ask, openDialog, save, select, stepRun, toggleRun, usePage } from "../core/store";
import { FIELDS, focusFirstField, focusSelected } from "./focus";

const STEP = 10;

export interface Center { (): { x: number; y: number } }

type Act = () => unknown;

// A key does what it says at once; or, where what is selected is still on its way, when that has come.
export async function onKey(event: KeyboardEvent, center: Center, fit: () => void): Promise<void> {
  if (usePage.getState().dialog) return;
  const onItsWay = selectionOnItsWay();
  const act = meant(event, onItsWay ? ["what is on its way"] : selectedNodes(), center, fit);
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  if (!onItsWay) return void (await act());
  await onItsWay;
  // What came in between may have opened a dialog or left nothing selected.
  if (!usePage.getState().dialog) await meant(event, selectedNodes(), center, fit)?.();
}

// What a key means with these nodes selected; undefined if it is not the page's.
function meant(event: KeyboardEvent, chosen: string[], center: Center, fit: () => void): Act | undefined {
  const target = event.target as HTMLElement;
  const { document, level } = usePage.getState();
  const control = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  if (control && event.key === "Enter") return () => toggleRun();
  if (control && key === "s") return () => save();
  if (control && key === "o") return () => openDialog({ kind: "open" });
  if (event.key === "F7") return () => usePage.setState({ side: "problems" });
  if (control && event.key === " ") return openPalette;
  if (target.matches?.(FIELDS)) {
    // The field takes its text back first.
    if (event.key === "Escape" && target.closest(".side")) setTimeout(focusSelected);
    return undefined;
  }
  if (control) {
    if (key === "z") return () => ask(event.shiftKey ? "redo" : "undo");
    if (key === "y") return () => ask("redo");
    if (key === "a") return () => select(Object.keys(document.nodes).filter((k) => (document.nodes[k].parent ?? null) === level));
    if (key === "d") return duplicate;
    return undefined;
  }
  if (event.altKey) return undefined;
  const onButton = target.matches?.("button, a, summary, [role=option]");
  if (event.key === " " && !onButton) return openPalette;
  if (event.key === "Enter" && chosen.length === 1 && !onButton) return async () => { if (!(await enter(chosen[0]))) focusFirstField(); };
  if (event.key === "Escape") return up;
  if (event.key === "Delete" || event.key === "Backspace") return async () => { await remove(); focusSelected(); };
  if (event.key === "?") return () => openDialog({ kind: "help" });
  if (event.key === ".") return () => stepRun(1);
  if (event.key.startsWith("Arrow") && chosen.length && !onButton) return () => nudge(event.key, event.shiftKey ? 10 * STEP : STEP);
  const plain: Record<string, Act> = {
    c: () => chosen.length === 1 && openDialog({ kind: "connect", node: chosen[0] }),
    g: group, b: encapsulate, l: layOut, f: fit,
    n: () => { const at = center(); return note(at.x, at.y); }, i: focusFirstField,
  };
  return event.shiftKey ? undefined : plain[key];
}

async function nudge(key: string, by: number): Promise<void> {
  const { document } = usePage.getState();
  const dx = key === "ArrowLeft" ? -by : key === "ArrowRight" ? by : 0;
  const dy = key === "ArrowUp" ? -by : key === "ArrowDown" ? by : 0;
  const places = Object.fromEntries(selectedNodes().map((k) => [k, [(document.nodes[k].ui?.x ?? 0) + dx, (document.nodes[k].ui?.y ?? 0) + dy]]));
  await apply([{ do: "move", places }], `nudge:${Object.keys(places).join()}`);
}

export function onClipboard(event: ClipboardEvent, center: Center): void {
  const target = event.target as HTMLElement;
  const { dialog, selected } = usePage.getState();
  const onItsWay = selectionOnItsWay();
  if (dialog || target.matches?.(FIELDS)) return;
  if (event.type === "paste") {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!text) return;
    event.preventDefault();
    const at = center();
    void paste(text, at.x, at.y);
    return;
  }
  if (!(selected.length || onItsWay) || String(window.getSelection())) return;
  event.preventDefault();
  void Promise.resolve(onItsWay).then(copy).then((done) => { if (done && event.type === "cut") void remove(); });
}
