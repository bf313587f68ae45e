// A box that moves between press and release takes no click: what appears by itself waits until the pointer is up.

import { useRef, useSyncExternalStore } from "react";

let pressed = false;
const watchers = new Set<() => void>();

function turn(now: boolean): void {
  if (pressed === now) return;
  pressed = now;
  for (const watcher of [...watchers]) watcher();
}

if (typeof window !== "undefined") {
  window.addEventListener("pointerdown", () => turn(true), true);
  // The click comes after the release: a moment later it has been given.
  for (const end of ["pointerup", "pointercancel", "dragend"]) window.addEventListener(end, () => setTimeout(() => turn(false)), true);
  window.addEventListener("blur", () => turn(false));
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

// A value as it was when the pointer went down, for as long as it is down.
export function useStill<T>(value: T): T {
  const down = useSyncExternalStore(watch, () => pressed);
  const last = useRef(value);
  if (!down) last.current = value;
  return last.current;
}
