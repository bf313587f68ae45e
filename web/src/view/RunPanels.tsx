import { useEffect, useState } from "react";
import { useNow } from "../core/live";
import { series, usePage, watchSpikes } from "../core/store";
import { t } from "../core/i18n";
import { Panel } from "./Panels";
import { World } from "./World";

const WINDOWS = [200, 1000, 5000];

// What is watched: the newest part of the run, or, while it stands still, any part that is kept.
export function RunPanels() {
  const probes = usePage((s) => s.document.probes);
  const running = usePage((s) => s.run.phase === "running");
  useNow((s) => s.frameTick);
  const [wide, setWide] = useState(1000);
  const [back, setBack] = useState<number | null>(null);
  const dt = [...series.values()].find((s) => s.last)?.last?.header.dt ?? 1;
  const ranges = [...series.values()].map((s) => s.range).filter(([a, b]) => b > a);
  const begin = ranges.length ? Math.min(...ranges.map((r) => r[0])) : 0;
  const end = ranges.length ? Math.max(...ranges.map((r) => r[1])) : 0;
  // Whoever runs on, or begins anew, looks at what happens then.
  useEffect(() => { setBack(null); }, [running, end]);
  const steps = Math.max(1, Math.round(wide / dt));
  const past = back !== null && !running;
  const until = past ? Math.max(back, begin + 1) : Math.max(end, steps);
  const from = until - steps;
  // A panel keeps its place, also when it was closed and taken back.
  const entries = Object.entries(probes).sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
  return (
    <div className="run-panels" role="region" aria-label={t("What is watched")}>
      <div className="time-bar">
        <label htmlFor="window">{t("Window")}</label>
        <select id="window" value={wide} onChange={(e) => setWide(Number(e.target.value))}>{WINDOWS.map((w) => <option key={w} value={w}>{w} ms</option>)}</select>
        <label htmlFor="scrub">{t("Look back")}</label>
        <input id="scrub" type="range" min={Math.min(end, begin + steps)} max={Math.max(end, begin + 1)} value={Math.min(until, end)} disabled={running || end - begin <= steps} onChange={(e) => setBack(Number(e.target.value) >= end ? null : Number(e.target.value))} />
        <output>{Math.round(until * dt)} ms</output>
      </div>
      <div className="panel-grid">
        <World at={past ? until : null} />
        {entries.map(([id, probe]) => <Panel key={id} id={id} probe={probe} from={from} to={until} past={past} />)}
        {!entries.length && <p className="hint">{t("Nothing is watched yet. Select a node and choose what to watch.")} <button onClick={() => void watchSpikes()}>{t("Watch all spikes")}</button></p>}
      </div>
    </div>
  );
}
