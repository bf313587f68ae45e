// The line to the server: requests with answers, pushes, frames. Comes back by itself when it breaks.

import type { Problem } from "./types";

// Why a line is broken, if more is known than that it is: the page must be opened anew, the kernel was restarted, or
// nobody answers though the line stands.
export type Broken = "refused" | "restarted" | "silent";

export interface Line {
  send(text: string): void;
  onText: (text: string) => void;
  onFrame: (data: ArrayBuffer) => void;
  onState: (open: boolean, why?: Broken) => void;
  readonly open: boolean;
}

export class Refused extends Error {
  constructor(readonly kind: string, readonly problems: Problem[]) {
    super(problems.map((p) => [p.address && `${p.address}:`, `${p.message}.`, p.fix].filter(Boolean).join(" ")).join("\n"));
  }
}

export class Client {
  private number = 0;
  private waiting = new Map<number, { done: (v: unknown) => void; failed: (e: Error) => void }>();
  onPush: (message: Record<string, unknown>) => void = () => {};

  constructor(private readonly line: Line) {
    line.onText = (text) => this.take(JSON.parse(text) as Record<string, unknown>);
  }

  ask<T = unknown>(request: string, args: Record<string, unknown> = {}): Promise<T> {
    if (!this.line.open) return Promise.reject(new Refused("offline", []));
    const id = ++this.number;
    this.line.send(JSON.stringify({ id, do: request, ...args }));
    return new Promise<T>((done, failed) => this.waiting.set(id, { done: done as (v: unknown) => void, failed }));
  }

  drop(): void {
    for (const { failed } of this.waiting.values()) failed(new Refused("gone", [{ address: "", message: "the line to the editor broke", fix: "", kind: "gone" }]));
    this.waiting.clear();
  }

  private take(message: Record<string, unknown>): void {
    if (typeof message.reply === "number") {
      const asked = this.waiting.get(message.reply);
      this.waiting.delete(message.reply);
      const error = message.error as { kind: string; problems: Problem[] } | undefined;
      if (error) asked?.failed(new Refused(error.kind, error.problems));
      else asked?.done(message.ok);
    } else this.onPush(message);
  }
}

const WAITS = [200, 500, 1000, 2000, 4000];

export class SocketLine implements Line {
  onText: (text: string) => void = () => {};
  onFrame: (data: ArrayBuffer) => void = () => {};
  onState: (open: boolean, why?: Broken) => void = () => {};
  private socket: WebSocket | null = null;
  private tries = 0;

  constructor(private readonly address: () => string) {
    this.begin();
  }

  get open(): boolean {
    return this.socket !== null;
  }

  private begin(): void {
    const socket = new WebSocket(this.address());
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.tries = 0;
      this.socket = socket;
      this.onState(true);
    };
    socket.onmessage = (event) => {
      if (typeof event.data === "string") this.onText(event.data);
      else this.onFrame(event.data as ArrayBuffer);
    };
    socket.onclose = () => {
      this.socket = null;
      if (this.tries) void this.look();
      else this.onState(false);
      setTimeout(() => this.begin(), WAITS[Math.min(this.tries++, WAITS.length - 1)]);
    };
  }

  // Nobody there, or an editor that does not know this page: a websocket cannot tell.
  private async look(): Promise<void> {
    let refused = false;
    try {
      refused = (await fetch(new URL(".", document.baseURI), { method: "HEAD", cache: "no-store" })).status === 403;
    } catch {
      // Nobody answers.
    }
    if (!this.open) this.onState(false, refused ? "refused" : undefined);
  }

  send(text: string): void {
    this.socket?.send(text);
  }
}
