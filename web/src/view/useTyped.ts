import { useEffect, useReducer, useRef, useState, type KeyboardEvent } from "react";
import { usePage } from "../core/store";
import { holdsText, Typed, type Send } from "../core/typed";
import { focusField } from "./focus";

type Box = HTMLInputElement | HTMLTextAreaElement;

// How the page calls a field.
function nameOf(box: Box | null): string {
  return box?.labels?.[0]?.firstChild?.textContent?.trim() ?? box?.getAttribute("aria-label") ?? "";
}

// The text of a field: what the document says, or what is being typed. Sent when the field is left, with Enter, and when the
// field gives way to something else; what was typed for a document goes into no other.
export function useTyped(shown: string, send: Send) {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [typed] = useState(() => new Typed(redraw));
  const latest = useRef(send);
  latest.current = send;
  const box = useRef<Box>(null);
  const [now] = useState((): Send => (text, waiting) => latest.current(text, waiting));
  useEffect(() => {
    const { key } = usePage.getState();
    const end = holdsText({
      send: () => typed.commit(now), name: () => nameOf(box.current), text: () => typed.draft ?? "", lead: () => { if (box.current) focusField(box.current); },
    });
    return () => {
      end();
      if (usePage.getState().key === key) typed.commit(now);
    };
  }, [typed, now]);
  useEffect(() => { typed.changed(); }, [typed, shown]);
  const type = (text: string | null) => typed.type(text);
  return {
    type,
    typing: typed.draft !== null,
    props: {
      ref: (element: Box | null) => { box.current = element; },
      value: typed.draft ?? shown,
      "data-own": typed.own,
      onChange: (e: { target: { value: string } }) => type(e.target.value),
      onBlur: () => typed.leave(now),
      // Escape takes back what was not sent.
      onKeyDown: (e: KeyboardEvent) => { if (e.key === "Enter") typed.commit(now); else if (e.key === "Escape") type(null); },
    },
  };
}

// Whether all of these are still there.
export function stillThere(ids: string[]): boolean {
  const { nodes, edges, notes, groups } = usePage.getState().document;
  return ids.every((id) => id in nodes || id in edges || id in notes || id in groups);
}
