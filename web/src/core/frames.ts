// Frames: a header in JSON and typed arrays, as `spark.editor.protocol` packs them.

export interface Header {
  probe?: string;
  view: string;
  first: number;
  until: number;
  dt: number;
  units?: number;
  shown?: number;
  unit?: string;
  shape?: number[];
  every?: number[];
  axes?: string[];
  wrapped?: number;
  ids?: number[];
  environment?: { name: string; episode: number; steps: number; total: number };
  arrays: [string, number[]][];
}
export type Values = Float32Array | Float64Array | Uint32Array | Uint8Array;
export interface Frame { header: Header; arrays: Values[] }

const KINDS: Record<string, { new (b: ArrayBuffer, o: number, n: number): Values; BYTES_PER_ELEMENT: number }> = {
  "<f4": Float32Array, "<f8": Float64Array, "<u4": Uint32Array, "|u1": Uint8Array,
};

export function decode(data: ArrayBuffer): Frame {
  const length = new DataView(data).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as Header;
  let at = 4 + length;
  const arrays = header.arrays.map(([dtype, shape]) => {
    const kind = KINDS[dtype];
    if (!kind) throw new Error(`a frame holds ${dtype}`);
    const count = shape.reduce((a, b) => a * b, 1);
    const values = new kind(data, at, count);
    at += Math.ceil((count * kind.BYTES_PER_ELEMENT) / 8) * 8;
    return values;
  });
  return { header, arrays };
}

export function fromBase64(text: string): ArrayBuffer {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

// The newest frames of one probe: what a panel draws. Bounded, however long the run.
export class Series {
  frames: Frame[] = [];
  private held = 0;

  constructor(private readonly mostBytes = 24 << 20) {}

  append(frame: Frame): void {
    const last = this.frames[this.frames.length - 1];
    if (last && frame.header.first < last.header.until) this.clear();
    this.frames.push(frame);
    this.held += bytes(frame);
    while (this.held > this.mostBytes && this.frames.length > 1) this.held -= bytes(this.frames.shift()!);
  }

  clear(): void {
    this.frames = [];
    this.held = 0;
  }

  // What was known at a step: the newest frame that does not lie after it.
  at(step: number): Frame | undefined {
    for (let i = this.frames.length - 1; i >= 0; i--) if (this.frames[i].header.until <= step) return this.frames[i];
    return undefined;
  }

  get last(): Frame | undefined {
    return this.frames[this.frames.length - 1];
  }

  // Steps that frames cover.
  get range(): [number, number] {
    return this.frames.length ? [this.frames[0].header.first, this.last!.header.until] : [0, 0];
  }

  within(first: number, until: number): Frame[] {
    return this.frames.filter((f) => f.header.until > first && f.header.first < until);
  }
}

function bytes(frame: Frame): number {
  return frame.arrays.reduce((n, a) => n + a.byteLength, 200);
}
