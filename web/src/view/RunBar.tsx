import { resetRun, stepRun, toggleRun, usePage, ask } from "../core/store";
import { t } from "../core/i18n";

export function RunBar() {
  const run = usePage((s) => s.run);
  const problems = usePage((s) => s.problems.length);
  const running = run.phase === "running";
  const busy = run.phase === "starting" || run.phase === "building";
  const phases: Record<string, string> = {
    none: t("not running"), starting: t("starting"), building: t("building and compiling"), running: t("running"), paused: t("paused"), stopped: t("stopped"), failed: t("failed"),
  };
  return (
    <div className="run-bar" role="toolbar" aria-label={t("Run")}>
      <button className={`primary ${running ? "on" : ""}`} onClick={() => void toggleRun()} disabled={busy} title={t("Run or pause (Ctrl+Enter)")} aria-label={running ? t("Pause") : t("Run")}>
        {running ? `❚❚ ${t("Pause")}` : `▶ ${t("Run")}`}
      </button>
      <button onClick={() => void stepRun(1)} disabled={busy || running || problems > 0} title={t("One step (.)")} aria-label={t("One step")}>+1</button>
      <button onClick={() => void stepRun(100)} disabled={busy || running || problems > 0} aria-label={t("100 steps")}>+100</button>
      <button onClick={() => void resetRun()} disabled={busy} title={t("Back to step 0")}>↺ {t("Reset")}</button>
      <button onClick={() => void ask("stop")} disabled={run.phase === "none"} title={t("End the brain's process")}>■ {t("Stop")}</button>
      <span className="status" role="status">
        <b data-testid="phase">{phases[run.phase] ?? run.phase}</b>
        {run.step !== undefined && <span data-testid="step" data-step={run.step}> {t("step {n}", { n: run.step.toLocaleString() })}</span>}
        {running && run.steps_per_second !== undefined && <span className="hint"> {Math.round(run.steps_per_second).toLocaleString()} {t("steps/s")}</span>}
        {run.why && <span className="hint"> {run.why}</span>}
      </span>
    </div>
  );
}
