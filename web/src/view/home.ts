// Where the page lives: the whole window, or an element of a notebook's page that keeps its keys, focus and dialogs inside.

let element: HTMLElement | null = null;

// Of several views of one document it is the one that was used last.
export function liveIn(home: HTMLElement): void {
  element = home;
}

export function embedded(): boolean {
  return element !== null;
}

export function home(): HTMLElement | Document {
  return element ?? document;
}

// Whether the focus is the page's to move; in a notebook it may be in a cell that somebody types into.
export function hasFocus(): boolean {
  return element === null || element.contains(document.activeElement);
}

// Whether an event that the window sees is the page's.
export function isOurs(frame: HTMLElement): boolean {
  return element === null || (frame.closest(".spark-widget") ?? frame).contains(document.activeElement);
}

const ALONE = new Set(["Shift", "Control", "Alt", "Meta"]);

// An element whose keys no listener outside sees, and that sees none of theirs.
export function keepKeys(home: HTMLElement): () => void {
  home.tabIndex = -1;
  // JupyterLab takes keys before anybody else does, except from below this mark.
  home.dataset.lmSuppressShortcuts = "true";
  const use = () => liveIn(home);
  // What is held while the mouse selects passes: the canvas follows it on the window, and alone it is no one's shortcut.
  const keep = (e: KeyboardEvent) => { if (!ALONE.has(e.key)) e.stopPropagation(); };
  const names = ["keydown", "keypress", "keyup"] as const;
  for (const name of names) home.addEventListener(name, keep);
  for (const name of ["focusin", "pointerdown"] as const) home.addEventListener(name, use, true);
  return () => {
    for (const name of names) home.removeEventListener(name, keep);
    for (const name of ["focusin", "pointerdown"] as const) home.removeEventListener(name, use, true);
  };
}
