import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { coloursOf, drawHistogram, drawMatrix, drawRaster, fit, matrixWords } from "../core/draw";
import type { Frame } from "../core/frames";
import { FED } from "../core/names";
import { useNow } from "../core/live";
import { apply, series, usePage } from "../core/store";
import { showUnit } from "../core/units";
import { t } from "../core/i18n";
import type { ProbeRecord } from "../core/types";
import { points, RATE_MS } from "./points";

export function Panel({ id, probe, from, to, past }: { id: string; probe: ProbeRecord; from: number; to: number; past: boolean }) {
  const tick = useNow((s) => s.frameTick);
  const wrong = usePage((s) => s.run.probe_problems?.find((p) => p.probe === id)?.message);
  const held = series.get(id);
  const dt = held?.last?.header.dt ?? 1;
  const frames = held ? held.within(probe.view === "rate" ? from - Math.round(RATE_MS / dt) : from, to) : [];
  const last = past ? held?.at(to) : held?.last;
  const ids = probe.view === "trace" ? last?.header.ids : undefined;
  const path = probe.path.replace(FED, "");
  const name = `${path}, ${t(probe.view)}`;
  const shown = last?.header.shown;
  return (
    <figure className={`panel view-${probe.view}`} aria-label={name}>
      <figcaption>
        <b>{path}</b> <span>{t(probe.view)}{last?.header.unit ? `, ${showUnit(last.header.unit)}` : ""}</span>
        {ids && ids.length > 1 && <span className="legend" aria-label={t("Units")}>{ids.map((unit, i) => <i key={unit} className={`mark-${(i % 8) + 1}`}>{unit}</i>)}</span>}
        {past && last && (probe.view === "matrix" || probe.view === "histogram") && <span className="hint">{t("at {n} ms", { n: Math.round(last.header.until * dt) })}</span>}
        {shown !== undefined && shown < 1 && <span className="hint">{t("every {n}th spike is drawn", { n: Math.round(1 / shown) })}</span>}
        <button onClick={() => void apply([{ do: "remove", ids: [id] }])} aria-label={t("Close {name}", { name })}>✕</button>
      </figcaption>
      {wrong ? <p className="problem-line">{wrong}</p> : (probe.view === "trace" || probe.view === "rate")
        ? <Lines frames={frames} view={probe.view} unit={showUnit(last?.header.unit ?? "")} dt={dt} from={from} to={to} tick={tick} name={name} />
        : <Picture id={id} frames={frames} last={last} view={probe.view} from={from} to={to} tick={tick} name={name} />}
    </figure>
  );
}

function Picture({ id, frames, last, view, from, to, tick, name }: { id: string; frames: Frame[]; last?: Frame; view: string; from: number; to: number; tick: number; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = usePage((s) => s.theme);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    element.dataset.until = String(last?.header.until ?? 0);
    if (view === "raster") {
      const drawn = drawRaster(element, frames, from, to, coloursOf(element));
      element.dataset.drawn = String(drawn);
    } else if (!last && view !== "raster") fit(element)[0].clearRect(0, 0, element.width, element.height);
    else if (last && view === "matrix") drawMatrix(element, last, coloursOf(element), showUnit(last.header.unit ?? ""));
    else if (last && view === "histogram") drawHistogram(element, last.arrays[0], last.arrays[1], coloursOf(element), showUnit(last.header.unit ?? ""));
  }, [tick, from, to, view, theme, last]);
  const about = view === "matrix" && last ? `${name}: ${matrixWords(last)}` : name;
  return <canvas ref={canvas} role="img" aria-label={about} title={about} data-probe={id} />;
}

function Lines({ frames, view, unit, dt, from, to, tick, name }: { frames: Frame[]; view: string; unit: string; dt: number; from: number; to: number; tick: number; name: string }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = usePage((s) => s.theme);
  const columns = view === "trace" && frames.length ? frames[0].header.arrays[0][1][1] : 1;
  useEffect(() => {
    const element = box.current!;
    const colours = coloursOf(element);
    const axis = { stroke: colours.ink, grid: { stroke: colours.faint, width: 0.5 }, ticks: { stroke: colours.faint }, font: "10px system-ui", size: 26 };
    plot.current = new uPlot(
      {
        width: element.clientWidth || 300, height: element.clientHeight || 120, legend: { show: false }, cursor: { sync: { key: "run" }, drag: { x: false, y: false } },
        scales: { x: { time: false } }, axes: [{ ...axis, label: "ms", labelSize: 14, labelFont: "10px system-ui" }, { ...axis, size: 44, ...(unit ? { label: unit, labelSize: 14, labelFont: "10px system-ui" } : {}) }],
        series: [{}, ...Array.from({ length: columns }, (_, i) => ({ stroke: colours.marks[i % 8], width: 1, points: { show: false } }))],
      },
      [[], ...Array.from({ length: columns }, () => [])], element,
    );
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight }));
    watcher.observe(element);
    return () => { watcher.disconnect(); plot.current?.destroy(); plot.current = null; };
  }, [columns, theme, unit]);
  useEffect(() => {
    const [times, lines] = points(frames, view, from, to);
    if (box.current) box.current.dataset.first = String(lines[0][0] ?? "");
    if (lines.length !== columns) return;
    plot.current?.setData([times, ...lines] as uPlot.AlignedData, false);
    // The time that all panels show, also where there is nothing yet.
    plot.current?.setScale("x", { min: from * dt, max: to * dt });
  }, [tick, frames.length, columns, theme, unit, dt, from, to]);
  return <div className="lines" ref={box} role="img" aria-label={name} />;
}
