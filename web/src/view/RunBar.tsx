import { useEffect, useState } from "react";
import { ask, heard, resetRun, stepRun, toggleRun, usePage } from "../core/store";
import { useNow } from "../core/live";
import { t } from "../core/i18n";

// A brain that runs says so ten times a second; after this long it hangs, or its process was frozen.
const SILENT_MS = 2500;

// Seconds for which a brain that should run has said nothing.
function useSilence(running: boolean): number {
  const [silent, setSilent] = useState(0);
  useEffect(() => {
    setSilent(0);
    if (!running) return;
    const watch = setInterval(() => {
      const quiet = performance.now() - heard.at;
      setSilent(quiet > SILENT_MS ? Math.round(quiet / 1000) : 0);
    }, 500);
    return () => clearInterval(watch);
  }, [running]);
  return silent;
}

export function RunBar() {
  const run = usePage((s) => s.run);
  const step = useNow((s) => s.step);
  const pace = useNow((s) => s.steps_per_second);
  const problems = usePage((s) => s.problems.length);
  const online = usePage((s) => s.online);
  const running = run.phase === "running";
  const silent = useSilence(running && online);
  const busy = run.phase === "starting" || run.phase === "building";
  const phases: Record<string, string> = {
    none: t("not running"), starting: t("starting"), building: t("building and compiling"), running: t("running"), paused: t("paused"), stopped: t("stopped"), failed: t("failed"),
  };
  return (
    <div className="run-bar" role="toolbar" aria-label={t("Run")} inert={!online}>
      <button className={`primary ${running ? "on" : ""}`} onClick={() => void toggleRun()} disabled={busy} title={t("Run or pause (Ctrl+Enter)")} aria-label={running ? t("Pause") : t("Run")}>
        {running ? `❚❚ ${t("Pause")}` : `▶ ${t("Run")}`}
      </button>
      <button onClick={() => void stepRun(1)} disabled={busy || running || problems > 0} title={t("One step (.)")} aria-label={t("One step")}>+1</button>
      <button onClick={() => void stepRun(100)} disabled={busy || running || problems > 0} aria-label={t("100 steps")}>+100</button>
      <button onClick={() => void resetRun()} disabled={busy} title={t("Back to step 0")}>↺ {t("Reset")}</button>
      <button onClick={() => void ask("stop")} disabled={run.phase === "none"} title={t("End the brain's process")}>■ {t("Stop")}</button>
      <span className="status" role="status">
        <b data-testid="phase">{online ? phases[run.phase] ?? run.phase : t("not known")}</b>
        {step != null && <span data-testid="step" data-step={step}> {t("step {n}", { n: step.toLocaleString() })}</span>}
        {silent > 0 && <span className="warn"> {t("no sign of life from the brain's process for {n} s", { n: silent })}</span>}
        {running && online && !silent && pace !== undefined && <span className="hint"> {Math.round(pace).toLocaleString()} {t("steps/s")}</span>}
        {run.why && <span className="hint"> {run.why}</span>}
      </span>
    </div>
  );
}
