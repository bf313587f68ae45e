// The editor in a notebook's cell: the same page, over the notebook's own connection (anywidget).

import { createRoot } from "react-dom/client";
import { connect } from "./core/store";
import type { Line } from "./core/transport";
import { App } from "./view/App";
import "@xyflow/react/dist/style.css";
import "uplot/dist/uPlot.min.css";
import "./style.css";

interface Model {
  send(content: unknown): void;
  on(event: string, callback: (content: { text?: string; frame?: boolean }, buffers: DataView[]) => void): void;
  off?(event: string, callback: unknown): void;
}

class ModelLine implements Line {
  onText: (text: string) => void = () => {};
  onFrame: (data: ArrayBuffer) => void = () => {};
  onState: (open: boolean, refused?: boolean) => void = () => {};
  readonly open = true;
  constructor(private readonly model: Model) {
    model.on("msg:custom", (content, buffers) => {
      if (content.text !== undefined) this.onText(content.text);
      else if (buffers?.length) this.onFrame(new Uint8Array(buffers[0].buffer, buffers[0].byteOffset, buffers[0].byteLength).slice().buffer);
    });
  }
  send(text: string): void {
    this.model.send({ text });
  }
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const line = new ModelLine(model);
  connect(line, () => {});
  line.onState(true);
  el.classList.add("spark-widget");
  const root = createRoot(el);
  root.render(<App />);
  model.send({ hello: true });
  return () => root.unmount();
}

export default { render };
