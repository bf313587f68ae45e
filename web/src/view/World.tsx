import { useEffect, useRef } from "react";
import { coloursOf, drawLines, fit } from "../core/draw";
import { useNow } from "../core/live";
import { pictures, series, usePage } from "../core/store";
import { t } from "../core/i18n";
import type { Environment } from "../core/types";

const X_LIMIT = 2.4;

function drawCart(canvas: HTMLCanvasElement, world: Environment): void {
  const [c, width, height] = fit(canvas);
  const colours = coloursOf(canvas);
  const [x, , angle] = world.observation;
  const scale = (width - 30) / (2 * X_LIMIT);
  const ground = height - 26;
  const middle = width / 2 + x * scale;
  c.clearRect(0, 0, width, height);
  c.strokeStyle = colours.faint;
  c.lineWidth = 2;
  c.beginPath();
  c.moveTo(10, ground + 9);
  c.lineTo(width - 10, ground + 9);
  c.stroke();
  c.fillStyle = colours.ink;
  c.fillRect(middle - 22, ground - 12, 44, 20);
  c.strokeStyle = colours.marks[1];
  c.lineWidth = 7;
  c.lineCap = "round";
  c.beginPath();
  c.moveTo(middle, ground - 10);
  const length = Math.min(110, ground - 16);
  c.lineTo(middle + Math.sin(angle) * length, ground - 10 - Math.cos(angle) * length);
  c.stroke();
  const push = world.action[0];
  if (push !== undefined) {
    c.fillStyle = colours.marks[0];
    c.font = "20px system-ui";
    c.textAlign = "center";
    c.fillText(push > 0.5 ? "→" : "←", middle + (push > 0.5 ? 38 : -38), ground + 4);
  }
}

function drawNumbers(canvas: HTMLCanvasElement, world: Environment, pictured: boolean): void {
  const [c, width, height] = fit(canvas);
  const colours = coloursOf(canvas);
  c.clearRect(0, 0, width, height);
  if (pictures.last && pictured) {
    const image = new OffscreenCanvas(pictures.last.width, pictures.last.height);
    image.getContext("2d")!.putImageData(pictures.last, 0, 0);
    const s = Math.min(width / image.width, height / image.height);
    c.drawImage(image, (width - image.width * s) / 2, (height - image.height * s) / 2, image.width * s, image.height * s);
    return;
  }
  const most = Math.max(1e-6, ...world.observation.map(Math.abs));
  const bar = width / world.observation.length;
  c.fillStyle = colours.marks[0];
  world.observation.forEach((v, i) => c.fillRect(i * bar + 1, height / 2, bar - 2, (-v / most) * (height / 2 - 4)));
}

// The environment as it was at a step of the run; its pictures are not kept.
function worldAt(now: Environment, step: number): Environment | null {
  const frame = series.get("world")?.at(step);
  const told = frame?.header.environment;
  if (!frame || !told || told.name !== now.name) return null;
  const [observation, action] = frame.arrays.map((a) => [...a]);
  return { ...told, observation, action, returns: now.returns.slice(0, Math.max(0, now.returns.length - (now.episode - told.episode))) };
}

export function World({ at }: { at: number | null }) {
  const now = useNow((s) => s.environment);
  const world = now && at !== null ? worldAt(now, at) : now;
  const tick = useNow((s) => s.frameTick);
  const theme = usePage((s) => s.theme);
  const scene = useRef<HTMLCanvasElement>(null);
  const curve = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (!world || !scene.current || !curve.current) return;
    if (world.name.startsWith("CartPole")) drawCart(scene.current, world);
    else drawNumbers(scene.current, world, at === null);
    const first = Math.max(0, world.episode - world.returns.length);
    const times = world.returns.map((_, i) => first + i + 1);
    drawLines(curve.current, times, [world.returns], times[0] ?? 0, times[times.length - 1] ?? 1, coloursOf(curve.current), t("ep."));
  }, [now, at, tick, theme]);
  if (!now) return null;
  if (!world) return <figure className="panel world" aria-label={t("The environment {name}", { name: now.name })}><figcaption><b>{now.name}</b></figcaption><p className="hint">{t("What it showed then is not kept.")}</p></figure>;
  const mean = world.returns.length ? world.returns.slice(-20).reduce((a, b) => a + b, 0) / Math.min(20, world.returns.length) : 0;
  return (
    <figure className="panel world" data-episode={world.episode} aria-label={t("The environment {name}", { name: world.name })}>
      <figcaption>
        <b>{world.name}</b> <span>{t("episode {n}, reward {r}", { n: world.episode + 1, r: world.total.toFixed(0) })}</span>
        <span className="hint">{t("mean of the last 20: {r}", { r: mean.toFixed(1) })}</span>
      </figcaption>
      <div className="world-body">
        <canvas ref={scene} role="img" aria-label={at === null ? t("The environment now") : t("The environment then")} />
        <canvas ref={curve} role="img" className="rewards" aria-label={t("Reward of each episode")} data-episodes={world.returns.length} />
      </div>
    </figure>
  );
}
