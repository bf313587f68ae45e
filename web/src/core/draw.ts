// Pictures on a canvas: rasters, lines, matrices, histograms. Given numbers, not the document.

import type { Frame } from "./frames";
import { t } from "./i18n";

export interface Colours { ink: string; faint: string; paper: string; marks: string[] }

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string, usual: string) => style.getPropertyValue(name).trim() || usual;
  return {
    ink: of("--ink", "#1b2430"), faint: of("--line", "#c9d1da"), paper: of("--paper", "#ffffff"),
    marks: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => of(`--mark-${i}`, ["#0b6e99", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be123c", "#0f766e", "#4338ca"][i - 1])),
  };
}

// A canvas of as many pixels as the screen shows; returns its size in CSS pixels.
export function fit(canvas: HTMLCanvasElement): [CanvasRenderingContext2D, number, number] {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [context, width, height];
}

const LEFT = 44;
const FOOT = 18;

function axis(c: CanvasRenderingContext2D, width: number, height: number, from: string, to: string, top: number, bottom: number, colours: Colours): void {
  c.strokeStyle = colours.faint;
  c.fillStyle = colours.ink;
  c.font = "10px system-ui, sans-serif";
  c.lineWidth = 1;
  c.strokeRect(LEFT + 0.5, 0.5, width - LEFT - 1, height - FOOT - 1);
  c.textBaseline = "top";
  c.textAlign = "left";
  c.fillText(from, LEFT, height - FOOT + 4);
  c.textAlign = "right";
  c.fillText(to, width - 2, height - FOOT + 4);
  c.fillText(short(top), LEFT - 4, 2);
  c.textBaseline = "bottom";
  c.fillText(short(bottom), LEFT - 4, height - FOOT - 2);
}

function short(value: number): string {
  return Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 0.01) ? value.toExponential(1) : String(Number(value.toPrecision(4)));
}

// One pixel block for each spike, written into the picture's memory: tens of thousands take a millisecond.
export function drawRaster(canvas: HTMLCanvasElement, frames: Frame[], from: number, to: number, colours: Colours): number {
  const [c, width, height] = fit(canvas);
  const ratio = canvas.width / Math.max(1, width);
  const units = Math.max(1, frames.length ? (frames[frames.length - 1].header.units ?? 1) : 1);
  const dt = frames.length ? frames[0].header.dt : 1;
  const wide = Math.max(1, Math.floor((width - LEFT - 2) * ratio));
  const tall = Math.max(1, Math.floor((height - FOOT - 2) * ratio));
  const image = c.createImageData(wide, tall);
  const pixels = new Uint32Array(image.data.buffer);
  const ink = pixelOf(colours.marks[0]);
  const high = Math.max(1, Math.min(Math.round(3 * ratio), Math.floor(tall / units)));
  const broad = Math.max(1, Math.min(Math.round(3 * ratio), Math.floor(wide / Math.max(1, to - from))));
  let drawn = 0;
  for (const frame of frames) {
    const [steps, ids] = frame.arrays;
    const offset = frame.header.first - from;
    for (let i = 0; i < steps.length; i++) {
      const at = (steps[i] + offset) / (to - from);
      if (at < 0 || at >= 1) continue;
      const x = Math.floor(at * wide);
      const y = Math.floor((ids[i] / units) * tall);
      for (let dy = 0; dy < high; dy++) for (let dx = 0; dx < broad && x + dx < wide; dx++) pixels[(y + dy) * wide + x + dx] = ink;
      drawn++;
    }
  }
  c.clearRect(0, 0, width, height);
  c.putImageData(image, Math.round((LEFT + 1) * ratio), Math.round(ratio));
  axis(c, width, height, `${Math.round(from * dt)} ms`, `${Math.round(to * dt)} ms`, 0, units, colours);
  return drawn;
}

function pixelOf(colour: string): number {
  const n = parseInt(colour.slice(1), 16);
  return (0xff000000 | ((n & 0xff) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
}

export function drawLines(canvas: HTMLCanvasElement, times: ArrayLike<number>, lines: ArrayLike<number>[], from: number, to: number, colours: Colours, unit = "ms"): void {
  const [c, width, height] = fit(canvas);
  c.clearRect(0, 0, width, height);
  let low = Infinity, high = -Infinity;
  for (const line of lines) for (let i = 0; i < line.length; i++) { low = Math.min(low, line[i]); high = Math.max(high, line[i]); }
  if (!(low < high)) { low = (Number.isFinite(low) ? low : 0) - 1; high = low + 2; }
  const wide = width - LEFT - 2;
  const tall = height - FOOT - 4;
  lines.forEach((line, n) => {
    c.strokeStyle = colours.marks[n % 8];
    c.beginPath();
    for (let i = 0; i < line.length; i++) {
      const x = LEFT + 1 + ((times[i] - from) / (to - from || 1)) * wide;
      const y = 2 + (1 - (line[i] - low) / (high - low)) * tall;
      if (i === 0) c.moveTo(x, y);
      else c.lineTo(x, y);
    }
    c.stroke();
  });
  axis(c, width, height, `${Math.round(from)} ${unit}`, `${Math.round(to)} ${unit}`, high, low, colours);
}

// Blue below zero, white at zero, red above: readable without red and green.
function shade(value: number, most: number): [number, number, number] {
  if (Number.isNaN(value)) return [200, 200, 200];
  const part = Math.min(1, Math.abs(value) / (most || 1));
  const fade = Math.round(255 * (1 - part));
  return value < 0 ? [fade, Math.round(255 - 130 * part), 255] : [255, Math.round(255 - 190 * part), fade];
}

export function drawMatrix(canvas: HTMLCanvasElement, frame: Frame, colours: Colours, unit: string): void {
  const [rows, columns] = frame.header.arrays[0][1];
  const values = frame.arrays[0];
  let most = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isNaN(values[i])) most = Math.max(most, Math.abs(values[i]));
  const image = new ImageData(columns, rows);
  for (let i = 0; i < values.length; i++) {
    const [r, g, b] = shade(values[i], most);
    image.data.set([r, g, b, 255], 4 * i);
  }
  const small = new OffscreenCanvas(columns, rows);
  small.getContext("2d")!.putImageData(image, 0, 0);
  const [c, width, height] = fit(canvas);
  const [right, bar] = [width - BAR, 10];
  c.clearRect(0, 0, width, height);
  c.imageSmoothingEnabled = false;
  c.drawImage(small, MARGIN, 0, right - MARGIN - 8, height - FOOT);
  // The colours and what they mean.
  for (let y = 0; y < height - FOOT; y++) {
    const [r, g, b] = shade(most * (1 - (2 * y) / (height - FOOT)), most);
    c.fillStyle = `rgb(${r} ${g} ${b})`;
    c.fillRect(right, y, bar, 1);
  }
  c.strokeStyle = colours.faint;
  c.strokeRect(right + 0.5, 0.5, bar - 1, height - FOOT - 1);
  c.fillStyle = colours.ink;
  c.font = "10px system-ui, sans-serif";
  c.textAlign = "left";
  c.textBaseline = "top";
  c.fillText(`${short(most)} ${unit}`, right + bar + 3, 0);
  c.textBaseline = "middle";
  c.fillText("0", right + bar + 3, (height - FOOT) / 2);
  c.textBaseline = "bottom";
  c.fillText(short(-most), right + bar + 3, height - FOOT);
  c.textBaseline = "top";
  c.fillText(matrixWords(frame), MARGIN, height - FOOT + 4);
  const rowsName = frame.header.axes?.[0];
  if (rowsName) {
    c.save();
    c.translate(0, (height - FOOT) / 2);
    c.rotate(-Math.PI / 2);
    c.textAlign = "center";
    c.fillText(rowsName, 0, 0);
    c.restore();
  }
}

const BAR = 70;
const MARGIN = 14;

// What a matrix is: its true shape, what its axes are, and which part of it is drawn.
export function matrixWords(frame: Frame): string {
  const { shape = [0, 0], every = [1, 1], axes = [], wrapped } = frame.header;
  const words = wrapped !== undefined ? t("{n} values, in rows of {w}", { n: wrapped, w: shape[1] })
    : axes.length ? `${axes[0]} ${shape[0]} × ${axes[1]} ${shape[1]}` : `${shape[0]} × ${shape[1]}`;
  const sampled = every.some((n) => n > 1) ? `, ${t("one row in {a} and one column in {b} is drawn", { a: every[0], b: every[1] })}` : "";
  return words + sampled;
}

export function drawHistogram(canvas: HTMLCanvasElement, counts: ArrayLike<number>, edges: ArrayLike<number>, colours: Colours, unit = ""): void {
  const [c, width, height] = fit(canvas);
  c.clearRect(0, 0, width, height);
  let most = 1;
  for (let i = 0; i < counts.length; i++) most = Math.max(most, counts[i]);
  const tall = height - FOOT - 2;
  c.fillStyle = colours.marks[0];
  const bar = width / counts.length;
  for (let i = 0; i < counts.length; i++) {
    const h = (counts[i] / most) * tall;
    c.fillRect(i * bar, tall - h + 1, Math.max(1, bar - 1), h);
  }
  c.fillStyle = colours.ink;
  c.font = "10px system-ui, sans-serif";
  c.textBaseline = "top";
  c.textAlign = "left";
  c.fillText(`${short(edges[0])} ${unit}`, 2, height - FOOT + 4);
  c.textAlign = "right";
  c.fillText(`${short(edges[edges.length - 1])} ${unit}`, width - 2, height - FOOT + 4);
}
