// Where the keys go: to a node, to its first field, or to the canvas. Focus never falls to the page's body.

import { selectedNodes } from "../core/actions";
import { usePage } from "../core/store";
import { home } from "./home";

function nodeElement(id: string): HTMLElement | null {
  return home().querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
}

export function focusNode(id: string): boolean {
  const element = nodeElement(id);
  element?.focus({ preventScroll: true });
  return element !== null;
}

// The selected node, or else the canvas.
export function focusSelected(): void {
  const chosen = selectedNodes();
  if (chosen.length && focusNode(chosen[0])) return;
  home().querySelector<HTMLElement>(".canvas")?.focus({ preventScroll: true });
}

export function focusFirstField(): void {
  usePage.setState({ side: "inspector" });
  requestAnimationFrame(() => {
    const field = home().querySelector<HTMLElement>(".side .field input, .side .field select") ?? home().querySelector<HTMLElement>("#node-name");
    field?.focus();
    if (field instanceof HTMLInputElement && field.type === "text") field.select();
  });
}
