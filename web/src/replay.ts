// A recorded run, shown by a page that needs nothing else.

import { coloursOf, drawLines, drawRaster } from "./core/draw";
import { decode, fromBase64, Series } from "./core/frames";
import "./replay.css";

interface Data { frames: string[]; probes: Record<string, { path: string; view: string }> }

const data = JSON.parse(document.getElementById("data")!.textContent!) as Data;
const all = new Map<string, Series>();
for (const text of data.frames) {
  const frame = decode(fromBase64(text));
  const key = frame.header.probe!;
  if (!all.has(key)) all.set(key, new Series(Infinity));
  all.get(key)!.append(frame);
}
const ranges = [...all.values()].map((s) => s.range);
const begin = Math.min(...ranges.map((r) => r[0]));
const end = Math.max(...ranges.map((r) => r[1]));
const dt = [...all.values()][0]?.last?.header.dt ?? 1;
const wide = Math.min(Math.max(1, Math.round(1000 / dt)), end - begin);
const host = document.getElementById("panels")!;
const canvases = [...all.keys()].map((key) => {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const probe = data.probes[key] ?? { path: key, view: "" };
  caption.textContent = `${probe.path} (${all.get(key)!.last!.header.view})`;
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", caption.textContent);
  figure.append(caption, canvas);
  host.append(figure);
  return { key, canvas };
});
const bar = document.createElement("div");
bar.className = "bar";
const button = document.createElement("button");
const slider = document.createElement("input");
const clock = document.createElement("output");
slider.type = "range";
slider.min = String(begin + wide);
slider.max = String(end);
slider.value = slider.min;
slider.setAttribute("aria-label", "Time");
bar.append(button, slider, clock);
host.before(bar);

function draw(until: number): void {
  for (const { key, canvas } of canvases) {
    const frames = all.get(key)!.within(until - wide, until);
    const view = all.get(key)!.last!.header.view;
    if (view === "raster") drawRaster(canvas, frames, until - wide, until, coloursOf(canvas));
    else {
      const columns = view === "trace" ? frames[0]?.header.arrays[0][1][1] ?? 1 : 1;
      const times: number[] = [];
      const lines: number[][] = Array.from({ length: columns }, () => []);
      for (const f of frames) for (let i = 0; i < f.arrays[0].length / columns; i++) {
        times.push((f.header.first + i) * dt);
        for (let c = 0; c < columns; c++) lines[c].push(f.arrays[0][i * columns + c]);
      }
      drawLines(canvas, times, lines, (until - wide) * dt, until * dt, coloursOf(canvas));
    }
  }
  clock.textContent = `${Math.round(until * dt)} ms`;
}

let playing = true;
let last = performance.now();
function show(): void {
  button.textContent = playing ? "❚❚ Pause" : "▶ Play";
}
button.onclick = () => { playing = !playing; show(); };
slider.oninput = () => { playing = false; show(); draw(Number(slider.value)); };
function tick(now: number): void {
  if (playing) {
    const next = Number(slider.value) + Math.max(1, Math.round((now - last) / dt));
    slider.value = String(next >= end ? begin + wide : next);
    draw(Number(slider.value));
  }
  last = now;
  requestAnimationFrame(tick);
}
show();
draw(begin + wide);
requestAnimationFrame(tick);
document.body.dataset.ready = "true";
