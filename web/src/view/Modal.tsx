import { useLayoutEffect, useRef, type ReactNode } from "react";
import { openDialog } from "../core/store";
import { focusSelected } from "./focus";
import { t } from "../core/i18n";

// A dialog that keeps the focus and gives it back.
export function Modal({ title, children, wide }: { title: string; children: ReactNode; wide?: boolean }) {
  const frame = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const dialog = frame.current!;
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      // As long as it is open, nothing beside it can take the focus.
      dialog.close();
      if (before?.isConnected && !before.matches("body, .canvas")) before.focus();
      else focusSelected();
    };
  }, []);
  return (
    <dialog
      ref={frame} className={wide ? "wide" : ""} aria-label={title} onCancel={(e) => { e.preventDefault(); openDialog(null); }}
      onClick={(e) => { if (e.target === frame.current) openDialog(null); }} onKeyDown={(e) => e.stopPropagation()}
    >
      <div className="dialog-head">
        <h2>{title}</h2>
        <button onClick={() => openDialog(null)} aria-label={t("Close")}>✕</button>
      </div>
      {children}
    </dialog>
  );
}
