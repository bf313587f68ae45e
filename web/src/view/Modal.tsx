import { useLayoutEffect, useRef, type ReactNode } from "react";
import { openDialog } from "../core/store";
import { forgetWish, giveBack, moveFocus } from "./focus";
import { embedded, hasFocus } from "./home";
import { t } from "../core/i18n";
import { Notices } from "./Notices";

// A dialog that keeps the focus and gives it back. In a notebook it covers the page, not the notebook, and takes no focus
// from a cell.
export function Modal({ title, children, wide }: { title: string; children: ReactNode; wide?: boolean }) {
  const frame = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const dialog = frame.current!;
    const inside = embedded();
    forgetWish();
    // `show` would take the focus, wherever it is.
    if (inside) dialog.open = true;
    else dialog.showModal();
    if (hasFocus()) (dialog.querySelector<HTMLElement>("[data-first]") ?? (inside ? dialog.querySelector<HTMLElement>("button") : null))?.focus();
    return () => {
      // As long as it is open, nothing beside it can take the focus.
      const ours = hasFocus();
      // The browser gives the focus back by itself, and not where it belongs.
      moveFocus(() => dialog.close());
      if (ours) giveBack(before);
    };
  }, []);
  const cover = embedded();
  return (
    <>
    {cover && <div className="cover" onClick={() => openDialog(null)} />}
    <dialog
      ref={frame} className={wide ? "wide" : ""} aria-label={title} onCancel={(e) => { e.preventDefault(); openDialog(null); }}
      onClick={(e) => { if (e.target === frame.current) openDialog(null); }} onKeyDown={(e) => { e.stopPropagation(); if (cover && e.key === "Escape") openDialog(null); }}
    >
      <div className="dialog-head">
        <h2>{title}</h2>
        <button onClick={() => openDialog(null)} aria-label={t("Close")}>✕</button>
      </div>
      <Notices />
      {children}
    </dialog>
    </>
  );
}
