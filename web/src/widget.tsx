// The editor in a notebook's cell: the same page, over the notebook's own connection (anywidget).

import { createRoot } from "react-dom/client";
import { connect } from "./core/store";
import type { Broken, Line } from "./core/transport";
import { App } from "./view/App";
import { keepKeys, liveIn } from "./view/home";
import "@xyflow/react/dist/style.css";
import "uplot/dist/uPlot.min.css";
import "./style.css";

// What waited in the kernel comes together: texts, and frames in the buffers.
interface Content { texts?: string[]; pong?: number }

interface Model {
  send(content: unknown): void;
  on(event: string, callback: (content: Content, buffers: DataView[]) => void): void;
  off?(event: string, callback: unknown): void;
  // Whether the kernel knows the model; not every notebook tells.
  comm_live?: boolean;
}

const PING_MS = 3000;
// Within that time everybody answers who is not busy.
const PATIENCE_MS = 6000;

// The notebook's connection. It does not say by itself whether anybody hears: a kernel that was restarted does not know the
// model any more, and one that is busy answers later. So the page asks, and waits for the answer before it asks again.
class ModelLine implements Line {
  onText: (text: string) => void = () => {};
  onFrame: (data: ArrayBuffer) => void = () => {};
  onState: (open: boolean, why?: Broken) => void = () => {};
  open = true;
  private pings = 0;
  private timer = 0;
  private readonly listeners: [string, (content: Content, buffers: DataView[]) => void][] = [
    ["msg:custom", (content, buffers) => this.take(content, buffers)],
    ["comm:close", () => this.lose("restarted")],
    ["comm_live_update", () => this.look()],
  ];

  constructor(private readonly model: Model) {
    for (const [event, act] of this.listeners) model.on(event, act);
  }

  begin(): void {
    this.say({ hello: true });
    this.ping("silent");
  }

  end(): void {
    clearTimeout(this.timer);
    for (const [event, act] of this.listeners) this.model.off?.(event, act);
  }

  send(text: string): void {
    this.say({ text });
  }

  // A connection that the kernel closed throws; returns whether the notebook took the message.
  private say(content: unknown): boolean {
    try {
      this.model.send(content);
      return true;
    } catch {
      this.lose("restarted");
      return false;
    }
  }

  private take(content: Content, buffers: DataView[]): void {
    if (content.pong !== undefined) this.answered(content.pong);
    for (const text of content.texts ?? []) this.onText(text);
    for (const data of buffers ?? []) this.onFrame(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer);
  }

  // The notebook says that the kernel was lost, or that it is back, and perhaps not which.
  private look(): void {
    if (this.model.comm_live === false) this.lose("restarted");
    else this.ping("restarted");
  }

  private ping(otherwise: Broken): void {
    clearTimeout(this.timer);
    if (this.say({ ping: ++this.pings })) this.timer = window.setTimeout(() => this.lose(otherwise), PATIENCE_MS);
  }

  private answered(ping: number): void {
    if (ping !== this.pings) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ping("silent"), PING_MS);
    if (this.open) return;
    this.open = true;
    this.onState(true);
    this.say({ hello: true });
  }

  private lose(why: Broken): void {
    clearTimeout(this.timer);
    this.open = false;
    this.onState(false, why);
  }
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const line = new ModelLine(model);
  connect(line, () => {});
  line.onState(true);
  el.classList.add("spark-widget");
  liveIn(el);
  const root = createRoot(el);
  // After the root's own listeners, which have the page's keys first.
  const release = keepKeys(el);
  root.render(<App />);
  line.begin();
  return () => {
    line.end();
    release();
    root.unmount();
  };
}

export default { render };
