import type { Frame } from "../core/frames";

const MOST_POINTS = 1500;
// A rate is a mean over so long; what lies so far before the window is part of it.
export const RATE_MS = 10;

// Times and lines of the frames of some steps, thinned to what a panel can show.
export function points(frames: Frame[], view: string, from: number, to: number): [number[], number[][]] {
  const columns = view === "trace" && frames.length ? frames[0].header.arrays[0][1][1] : 1;
  const dt = frames.length ? frames[0].header.dt : 1;
  const every = Math.max(1, Math.ceil((to - from) / MOST_POINTS));
  const width = Math.max(1, Math.round(RATE_MS / dt));
  const times: number[] = [];
  const lines: number[][] = Array.from({ length: columns }, () => []);
  // A rate begins before the window, so that its first number is a mean like all others.
  const recent: number[] = [];
  let sum = 0;
  let before = -1;
  for (const frame of frames) {
    const values = frame.arrays[0];
    const rows = values.length / columns;
    if (frame.header.first !== before) { recent.length = 0; sum = 0; }
    before = frame.header.until;
    for (let i = 0; i < rows; i++) {
      const step = frame.header.first + i;
      if (view === "rate") {
        sum += values[i];
        recent.push(values[i]);
        if (recent.length > width) sum -= recent.shift()!;
      }
      if (step < from || step >= to || step % every) continue;
      times.push((step + 1) * dt);
      if (view === "rate") lines[0].push(sum / recent.length);
      else for (let c = 0; c < columns; c++) lines[c].push(values[i * columns + c]);
    }
  }
  return [times, lines];
}
