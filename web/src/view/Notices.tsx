import { dismiss, usePage } from "../core/store";
import { t } from "../core/i18n";

// What the user is told: on the page, or, while a dialog lies on it, in the dialog, since behind it nobody reads or reaches it.
export function Notices() {
  const notices = usePage((s) => s.notices);
  return (
    <div className="notices" aria-live="polite">
      {notices.map((n) => (
        <div key={n.id} className={`notice ${n.kind}`} role={n.kind === "error" ? "alert" : "status"}>
          <span>{n.text}</span><button type="button" onClick={() => dismiss(n.id)} aria-label={t("Close")}>✕</button>
        </div>
      ))}
    </div>
  );
}
