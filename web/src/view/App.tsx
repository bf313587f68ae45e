import { useEffect, useRef } from "react";
import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { usePage } from "../core/store";
import { t } from "../core/i18n";
import { freePlace, WIDE } from "../core/places";
import { Canvas } from "./Canvas";
import { Components } from "./Components";
import { Dialogs, upload } from "./Dialogs";
import { keepFocus } from "./focus";
import { Guard } from "./Guard";
import { embedded, isOurs } from "./home";
import { Inspector } from "./Inspector";
import { onClipboard, onKey } from "./keys";
import { Notices } from "./Notices";
import { Problems } from "./Problems";
import { RunPanels } from "./RunPanels";
import { RunSettings } from "./RunSettings";
import { TopBar } from "./TopBar";

function Side() {
  const side = usePage((s) => s.side);
  const count = usePage((s) => s.problems.length);
  const document = usePage((s) => s.key);
  const tabs = [["inspector", t("Inspector")], ["problems", count ? `${t("Problems")} (${count})` : t("Problems")], ["run", t("Run settings")]] as const;
  return (
    <aside className="side" aria-label={t("Details")}>
      <div role="tablist" aria-label={t("Details")}>
        {tabs.map(([key, name]) => (
          <button key={key} role="tab" id={`tab-${key}`} aria-selected={side === key} aria-controls="side-panel" onClick={() => usePage.setState({ side: key })}>{name}</button>
        ))}
      </div>
      <div id="side-panel" role="tabpanel" aria-labelledby={`tab-${side}`} tabIndex={0}>
        <Guard name={tabs.find(([key]) => key === side)![1]} key={side}>
          {side === "inspector" ? <Inspector key={document} /> : side === "problems" ? <Problems /> : <RunSettings key={document} />}
        </Guard>
      </div>
      <FieldHelp />
    </aside>
  );
}

// What the field means that has the focus, at a place of its own: help that opened under its field would move all below it.
function FieldHelp() {
  const hint = usePage((s) => s.hint);
  return <p className="field-help" aria-hidden="true">{hint || t("Click a field to read what it means.")}</p>;
}

// What was done, for a screen reader.
function Said() {
  return <p className="visually-hidden" role="status" aria-live="polite" data-testid="said">{usePage((s) => s.said)}</p>;
}

// Another dialog is drawn anew, also where the one before failed.
function GuardedDialogs() {
  const kind = usePage((s) => s.dialog?.kind);
  return <Guard name={t("The dialog")} key={kind}><Dialogs /></Guard>;
}

function Inner() {
  const flow = useReactFlow();
  const theme = usePage((s) => s.theme);
  const language = usePage((s) => s.language);
  const component = usePage((s) => s.component);
  const document = usePage((s) => s.key);
  const blocked = usePage((s) => s.blocked);
  const dialog = usePage((s) => s.dialog !== null);
  const covered = usePage((s) => embedded() && s.dialog !== null);
  const showRun = usePage((s) => s.showRun || Boolean(s.run.watchable));
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = frame.current!;
    const center = () => {
      const canvas = element.querySelector(".canvas")!.getBoundingClientRect();
      const page = usePage.getState();
      const at = flow.screenToFlowPosition({ x: canvas.left + canvas.width / 2 - WIDE / 2, y: canvas.top + canvas.height / 2 - 40 });
      const free = freePlace(page.document, page.catalogue, page.ports, page.level, at);
      const shown = flow.flowToScreenPosition(free);
      // What is put down where nobody looks is lost: rather over others than out of sight.
      const inSight = shown.x > canvas.left && shown.x < canvas.right && shown.y > canvas.top && shown.y < canvas.bottom;
      return inSight ? free : at;
    };
    const key = (e: KeyboardEvent) => void onKey(e, center, () => void flow.fitView({ padding: 0.2, maxZoom: 1 }));
    const clip = (e: ClipboardEvent) => { if (isOurs(element)) onClipboard(e, center); };
    // In a notebook only what happens with the focus inside is the page's.
    const listening: HTMLElement | Window = element.closest<HTMLElement>(".spark-widget") ?? window;
    listening.addEventListener("keydown", key as EventListener, true);
    for (const name of ["copy", "cut", "paste"] as const) window.addEventListener(name, clip);
    // A field is committed when it is left; leaving the page is leaving the field.
    const leave = () => isOurs(element) && (window.document.activeElement as HTMLElement | null)?.blur?.();
    window.addEventListener("pagehide", leave);
    const letGo = keepFocus();
    return () => {
      letGo();
      window.removeEventListener("pagehide", leave);
      listening.removeEventListener("keydown", key as EventListener, true);
      for (const name of ["copy", "cut", "paste"] as const) window.removeEventListener(name, clip);
    };
  }, [flow]);
  return (
    <div
      className="spark-editor" data-theme={theme} lang={language} ref={frame}
      onFocusCapture={(e) => usePage.setState({ hint: (e.target as HTMLElement).closest(".field")?.querySelector(".help")?.textContent ?? "" })}
      onClick={(e) => {
        // A button that was clicked with the mouse gives the keys back to the canvas; one that was pressed keeps them.
        const button = (e.target as HTMLElement).closest?.("button");
        if (e.detail > 0 && button && !button.closest("dialog")) embedded() ? button.closest<HTMLElement>(".spark-widget")?.focus({ preventScroll: true }) : button.blur();
      }}
      onDragOver={(e) => { if (e.dataTransfer.types.includes("Files")) e.preventDefault(); }}
      onDrop={(e) => { const file = e.dataTransfer.files[0]; if (file) { e.preventDefault(); void upload(file); } }}
    >
      <TopBar />
      <main className={showRun ? "with-run" : ""} inert={blocked || covered}>
        <div className="stage">
          <Guard name={t("The graph")} key={component ?? ""}>{component ? <Components id={component} /> : <Canvas key={document} />}</Guard>
          {showRun && <Guard name={t("What is watched")}><RunPanels /></Guard>}
        </div>
        <Side />
      </main>
      {!dialog && <Notices />}
      <Said />
      <GuardedDialogs />
    </div>
  );
}

export function App() {
  return <ReactFlowProvider><Inner /></ReactFlowProvider>;
}
