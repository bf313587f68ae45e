import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { coloursOf, drawHistogram, drawMatrix, drawRaster } from "../core/draw";
import type { Frame } from "../core/frames";
import { apply, series, usePage } from "../core/store";
import { showUnit } from "../core/units";
import { t } from "../core/i18n";
import type { ProbeRecord } from "../core/types";

const MOST_POINTS = 1500;

export function Panel({ id, probe, from, to }: { id: string; probe: ProbeRecord; from: number; to: number }) {
  const tick = usePage((s) => s.frameTick);
  const wrong = usePage((s) => s.run.probe_problems?.find((p) => p.probe === id)?.message);
  const held = series.get(id);
  const frames = held ? held.within(from, to) : [];
  const last = held?.last;
  const name = `${probe.path}, ${t(probe.view)}`;
  const shown = last?.header.shown;
  return (
    <figure className={`panel view-${probe.view}`} aria-label={name}>
      <figcaption>
        <b>{probe.path}</b> <span>{t(probe.view)}{last?.header.unit ? `, ${showUnit(last.header.unit)}` : ""}</span>
        {shown !== undefined && shown < 1 && <span className="hint">{t("every {n}th spike is drawn", { n: Math.round(1 / shown) })}</span>}
        <button onClick={() => void apply([{ do: "remove", ids: [id] }])} aria-label={t("Close {name}", { name })}>✕</button>
      </figcaption>
      {wrong ? <p className="problem-line">{wrong}</p> : (probe.view === "trace" || probe.view === "rate")
        ? <Lines frames={frames} view={probe.view} tick={tick} name={name} />
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
    if (view === "raster") {
      const drawn = drawRaster(element, frames, from, to, coloursOf(element));
      element.dataset.drawn = String(drawn);
      element.dataset.until = String(last?.header.until ?? 0);
    } else if (last && view === "matrix") drawMatrix(element, last, coloursOf(element), showUnit(last.header.unit ?? ""));
    else if (last && view === "histogram") drawHistogram(element, last.arrays[0], last.arrays[1], coloursOf(element), showUnit(last.header.unit ?? ""));
  }, [tick, from, to, view, theme]);
  return <canvas ref={canvas} role="img" aria-label={name} data-probe={id} />;
}

// Times and lines of frames, thinned to what a panel can show.
export function points(frames: Frame[], view: string): [number[], number[][]] {
  const columns = view === "trace" && frames.length ? frames[0].header.arrays[0][1][1] : 1;
  const total = frames.reduce((n, f) => n + f.arrays[0].length / columns, 0);
  const every = Math.max(1, Math.ceil(total / MOST_POINTS));
  const times: number[] = [];
  const lines: number[][] = Array.from({ length: columns }, () => []);
  let count = 0;
  for (const frame of frames) {
    const values = frame.arrays[0];
    const rows = values.length / columns;
    for (let i = 0; i < rows; i++) {
      if (count++ % every) continue;
      times.push((frame.header.first + i + 1) * frame.header.dt);
      for (let c = 0; c < columns; c++) lines[c].push(values[i * columns + c]);
    }
  }
  if (view === "rate") lines[0] = smoothed(lines[0]);
  return [times, lines];
}

function smoothed(line: number[], width = 10): number[] {
  let sum = 0;
  return line.map((v, i) => {
    sum += v - (i >= width ? line[i - width] : 0);
    return sum / Math.min(width, i + 1);
  });
}

function Lines({ frames, view, tick, name }: { frames: Frame[]; view: string; tick: number; name: string }) {
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
        scales: { x: { time: false } }, axes: [axis, { ...axis, size: 44 }],
        series: [{}, ...Array.from({ length: columns }, (_, i) => ({ stroke: colours.marks[i % 8], width: 1, points: { show: false } }))],
      },
      [[], ...Array.from({ length: columns }, () => [])], element,
    );
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight }));
    watcher.observe(element);
    return () => { watcher.disconnect(); plot.current?.destroy(); plot.current = null; };
  }, [columns, theme]);
  useEffect(() => {
    const [times, lines] = points(frames, view);
    if (lines.length === columns) plot.current?.setData([times, ...lines] as uPlot.AlignedData);
  }, [tick, frames.length, columns, theme]);
  return <div className="lines" ref={box} role="img" aria-label={name} />;
}
