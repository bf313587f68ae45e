import { goTo, isToDo, openDialog, save, setTheme, usePage, ask, chooseLanguage } from "../core/store";
import { openPalette } from "../core/actions";
import { trail } from "../core/graph";
import { LANGUAGES, t } from "../core/i18n";
import { embedded } from "./home";
import { RunBar } from "./RunBar";

export function TopBar() {
  const { document, level, file, dirty, can_undo, can_redo, online, theme, language } = usePage();
  const { undrafted, broken, blocked } = usePage();
  const problems = usePage((s) => s.problems.length);
  const dialog = usePage((s) => embedded() && s.dialog !== null);
  const calm = usePage((s) => s.problems.every((p) => isToDo(p, s.tried)));
  return (
    <header className="top" inert={dialog}>
      <div className="top-row">
        <span className="brand" aria-label="Spark">✦ Spark</span>
        <nav className="trail" aria-label={t("Where you are")}>
          {trail(document, level).map((part, i, all) => (
            <span key={part.key ?? "top"}>
              {i > 0 && <span aria-hidden="true"> / </span>}
              <button onClick={() => goTo(part.key)} aria-current={i === all.length - 1 ? "page" : undefined}>{part.name}</button>
            </span>
          ))}
          <span className="file" title={file ?? t("no file yet")}>{file ?? ""}{dirty ? <b className="unsaved" title={undrafted ?? t("A draft of it is kept.")}> {t("unsaved")}</b> : <span className="visually-hidden">{file ? t("saved") : t("no file yet")}</span>}</span>
        </nav>
        <div className="buttons" inert={blocked}>
          <button onClick={() => openDialog({ kind: "gallery" })}>{t("Gallery")}</button>
          <button onClick={() => openDialog({ kind: "open" })}>{t("Open")}</button>
          <button onClick={() => void save()}>{t("Save")}</button>
          <button disabled={!can_undo} onClick={() => void ask("undo")} title={t("Undo (Ctrl+Z)")} aria-label={t("Undo")}>↶</button>
          <button disabled={!can_redo} onClick={() => void ask("redo")} title={t("Redo (Ctrl+Shift+Z)")} aria-label={t("Redo")}>↷</button>
          <button className="primary" onClick={() => openPalette()} title={t("Add a module (Space)")}>+ {t("Add")}</button>
        </div>
        <div className="buttons">
          <label className="visually-hidden" htmlFor="theme">{t("Theme")}</label>
          <select id="theme" value={theme} onChange={(e) => setTheme(e.target.value)}>
            <option value="auto">{t("Theme: system")}</option><option value="light">{t("Light")}</option><option value="dark">{t("Dark")}</option><option value="contrast">{t("High contrast")}</option>
          </select>
          <label className="visually-hidden" htmlFor="language">{t("Language")}</label>
          <select id="language" value={language} onChange={(e) => chooseLanguage(e.target.value)}>
            {Object.entries(LANGUAGES).map(([code, name]) => <option key={code} value={code} lang={code}>{name}</option>)}
          </select>
          <button onClick={() => openDialog({ kind: "help" })} title={t("Keys (?)")} aria-label={t("Keys")}>?</button>
        </div>
      </div>
      <div className="top-row">
        <RunBar />
        <button className={`problem-count ${!problems ? "good" : calm ? "to-do" : "bad"}`} onClick={() => usePage.setState({ side: "problems" })} data-testid="problem-count">
          {problems && calm ? t("{n} to do", { n: problems }) : problems ? (problems === 1 ? t("1 problem") : t("{n} problems", { n: problems })) : `✓ ${t("No problems")}`}
        </button>
        {!online && (
          <span className="offline" role="alert">
            {broken === "restarted" ? t("The kernel was restarted: run the cell again.")
              : broken === "silent" ? t("The kernel does not answer, so nothing can be changed: it is busy with a cell, or it was restarted. If it was, run the cell again.")
              : broken === "refused" ? t("The editor was started anew and does not know this page: open the link that its terminal shows.")
              : blocked ? t("The editor does not answer: nothing can be changed until it is back. If it has ended, start it again in its folder; this page then comes back by itself.")
              : t("The line to the editor is broken; it comes back by itself.")}
          </span>
        )}
      </div>
    </header>
  );
}
