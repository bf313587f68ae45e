import { describe, expect, it } from "vitest";
import { allFinite, isArray, merged, valueAt } from "../src/core/config";
import { de } from "../src/core/words_de";
import { decode, Series } from "../src/core/frames";
import { applyPatch, portsOf, problemsWithin, search, trail, whyNot } from "../src/core/graph";
import { crc32, withText } from "../src/core/png";
import { outOfBounds, parseList, parseQuantity, showNumber } from "../src/core/units";
import { Typed } from "../src/core/typed";
import { canBeSentAgain, Unsent } from "../src/core/unsent";
import { heldNumber, readNumber, type Wanted } from "../src/view/NumberField";
import { points } from "../src/view/points";
import type { Catalogue, Checked, Document, Json, Problem } from "../src/core/types";
import wires from "./wires.json";

describe("units", () => {
  it.each([
    ["20", "ms", 20], ["20 ms", "ms", 20], ["0.02 s", "ms", 20], ["-45mV", "mV", -45], ["1e-3 V", "mV", 1], ["2 nA", "pA", 2000],
    ["100 MΩ", "MOhm", 100], ["0.1 GOhm", "MOhm", 100], ["3", "", 3], [".5 kHz", "Hz", 500],
  ])("%s in %s is %d", (text, unit, value) => expect(parseQuantity(text, unit)).toBe(value));
  it.each([["5 mV", "ms", "mV is not a unit of time"], ["x", "ms", "not a number"], ["1 parsec", "ms", "not a unit known"], ["1 ms", "", "not a unit of this number"]])(
    "%s in %s is refused", (text, unit, why) => expect(parseQuantity(text, unit)).toContain(why),
  );
  it.each([["1e400", "ms"], ["-1e400", ""], ["1e308 s", "ms"]])("%s in %s is too large, and never infinite", (text, unit) => expect(parseQuantity(text, unit)).toContain("too large"));
  it.each([["1, 2.5", [1, 2.5]], ["1,2,3", [1, 2, 3]], ["20,-5", [20, -5]], ["20", null], ["20 ms", null], ["1e400, 2", "“1e400” is too large a number"],
    ["20,5", "Write 20.5 for a decimal, or 20, 5 for a list."], ["-0,25", "Write -0.25 for a decimal, or -0, 25 for a list."], ["1.2.3, 4", "“1.2.3” is not a number"], ["1, ", "“” is not a number"],
  ] as [string, number[] | string | null][])("%s is a list, or says what to write", (text, list) => expect(parseList(text)).toEqual(list));
  it("knows what JSON cannot hold", () => expect([allFinite([1, { a: 2 }, "x", null, true]), allFinite(JSON.parse("[1, 1e400]")), allFinite(JSON.parse('{"a": [1e400]}'))]).toEqual([true, false, false]));
  it("shows numbers shortly, and whole ones whole", () => expect([0.1, 1e-9, 123456789, 1 / 3].map(showNumber)).toEqual(["0.1", "1e-9", "123456789", "0.33333333"]));
  it("knows bounds", () => expect([outOfBounds(0, { exclusiveMinimum: 0 }), outOfBounds(1, { minimum: 0, maximum: 1 })]).toEqual(["> 0", null]));
});

describe("numbers of a document", () => {
  const whole = { whole: true, optional: true, bounds: { minimum: 0 } };
  it.each([
    [7, whole, "7", ""], [null, whole, "", ""], [undefined, whole, "", ""], [undefined, {}, "", "A value is needed."],
    ["7", whole, "7", "A number is needed."], [[1], whole, "[1]", "A number is needed."], [true, whole, "true", "A number is needed."],
    [2.5, whole, "2.5", "A whole number is needed."], [-1, whole, "-1", "It must be ≥ 0."], [0, { unit: "ms", bounds: { exclusiveMinimum: 0 } }, "0", "It must be > 0 ms."],
  ] as [Json | undefined, Wanted, string, string][])("%j is shown as it stands, and marked where it is none", (value, wanted, shown, wrong) => expect(heldNumber(value, wanted)).toEqual({ shown, wrong }));
  it.each([["", { value: null }], ["7", { value: 7 }], ["-1", { wrong: "It must be ≥ 0." }], ["2.5", { wrong: "A whole number is needed." }], ["x", { wrong: "“x” is not a number" }]])(
    "%j is read by the same rules", (text, found) => expect(readNumber(text, whole)).toEqual(found),
  );
});

function frame(header: object, arrays: (Uint32Array | Float32Array)[]): ArrayBuffer {
  const kinds = arrays.map((a) => [a instanceof Uint32Array ? "<u4" : "<f4", [a.length]]);
  let head = JSON.stringify({ ...header, arrays: kinds });
  while ((head.length + 4) % 8) head += " ";
  const sizes = arrays.map((a) => Math.ceil(a.byteLength / 8) * 8);
  const bytes = new Uint8Array(4 + head.length + sizes.reduce((x, y) => x + y, 0));
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(new TextEncoder().encode(head), 4);
  let at = 4 + head.length;
  arrays.forEach((a, i) => { bytes.set(new Uint8Array(a.buffer), at); at += sizes[i]; });
  return bytes.buffer;
}

describe("frames", () => {
  it("come out as they went in", () => {
    const found = decode(frame({ view: "raster", first: 3 }, [Uint32Array.of(1, 2, 3), Float32Array.of(0.5)]));
    expect(found.header.first).toBe(3);
    expect([...found.arrays[0]]).toEqual([1, 2, 3]);
    expect([...found.arrays[1]]).toEqual([0.5]);
  });
  it("are kept to a bound, and thrown away when the run begins anew", () => {
    const series = new Series(1000);
    const put = (first: number) => series.append(decode(frame({ view: "raster", first, until: first + 10, dt: 1 }, [new Uint32Array(50)])));
    for (let i = 0; i < 100; i++) put(10 * i);
    expect(series.frames.length).toBeLessThan(5);
    expect(series.range[1]).toBe(1000);
    put(0);
    expect(series.range).toEqual([0, 10]);
  });
});

describe("ports", () => {
  const port = (name: string) => ({ name, type: "SpikeArray" });
  const usual = { family: "", summary: "", doc: "", inside: false, fields: [], inputs: [port("usual")], outputs: [] };
  const catalogue = { modules: { Pool: { ...usual, configured: true }, Plain: usual }, payloads: {}, kinds: {}, reasons: {} } as unknown as Catalogue;
  const own = { n1: { inputs: [port("ampa")], outputs: [] } };
  const names = (type: string, inner: Checked["ports"]) => portsOf("n1", { type, name: "a" }, catalogue, inner).inputs.map((p) => p.name);
  it("of a pool are those of its config, and those of a new one until the server said", () => {
    expect(names("Pool", own)).toEqual(["ampa"]);
    expect(names("Pool", {})).toEqual(["usual"]);
  });
  it("of other modules are those of the catalogue, whatever had their id before", () => expect(names("Plain", own)).toEqual(["usual"]));
});

describe("documents", () => {
  const document = { meta: { name: "a" }, nodes: { n1: { type: "Brain", name: "b" }, n2: { type: "X", name: "c", parent: "n1" } }, edges: {} } as unknown as Document;
  it("take patches without being changed", () => {
    const after = applyPatch(document, [["nodes", "n1", null, { type: "Y", name: "z" }], ["nodes", "n2", {}, null]]);
    expect(Object.keys(after.nodes)).toEqual(["n1"]);
    expect(document.nodes.n1.type).toBe("Brain");
    expect(after.edges).toBe(document.edges);
  });
  it("know the way to a node", () => expect(trail(document, "n2").map((t) => t.name)).toEqual(["a", "b", "c"]));
  it("are searched by beginning, part, and letters in order", () => {
    const words = ["LIFNeuron", "ALIFNeuron", "PoissonSpiker"];
    expect(search(words, (w) => w, "lif")).toEqual(["LIFNeuron", "ALIFNeuron"]);
    expect(search(words, (w) => w, "pspk")).toEqual(["PoissonSpiker"]);
  });
});

describe("configs", () => {
  it("are read by path", () => expect(valueAt({ soma: { threshold: 3 } }, ["soma", "threshold"])).toBe(3));
  it("know arrays", () => expect([isArray([1]), isArray({ array: [1], dtype: "float32" }), isArray({ array: 1, dtype: "x" }), isArray(3)]).toEqual([true, true, false, false]));
  it("are merged", () => expect(merged({ a: 1, b: 2 }, { b: 3 })).toEqual({ a: 1, b: 3 }));
});

describe("PNG", () => {
  it("has the checksum of its standard", () => expect(crc32(new TextEncoder().encode("IEND"))).toBe(0xae426082));
  it("holds the text before its end", () => {
    const png = new Uint8Array([1, 2, 3, ...new Uint8Array(12)]);
    const made = withText(png, "key", "text");
    expect(made.length).toBe(png.length + 12 + "key\0\0\0\0\0text".length);
    expect(new TextDecoder().decode(made)).toContain("iTXtkey\0\0\0\0\0text");
  });
});

declare global {
  interface ImportMeta { glob(pattern: string, options: object): Record<string, string> }
}

describe("words", () => {
  it("are all there in German", () => {
    const sources = import.meta.glob("../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
    const asked = Object.values(sources).flatMap((text) => [...text.matchAll(/\bt\(\s*"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1]));
    expect(asked.length).toBeGreaterThan(150);
    expect([...new Set(asked)].filter((words) => !(words in de))).toEqual([]);
  });
});

describe("what was not confirmed", () => {
  const store = () => {
    const kept = new Map<string, string>();
    return { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) };
  };
  it("is there for the same document after a reload, once, in its order, without what was confirmed", () => {
    const shared = store();
    const before = new Unsent(shared);
    const [first] = [1, 2, 3].map((value) => before.add("a", [{ do: "configure", value }], null));
    before.done("a", first);
    const after = new Unsent(shared);
    expect(after.take("a").entries.map((e) => e.commands[0].value)).toEqual([2, 3]);
    expect(after.take("a").entries).toEqual([]);
  });
  it("is given up for another document, and says how much", () => {
    const shared = store();
    new Unsent(shared).add("a", [{ do: "rename" }], null);
    expect(new Unsent(shared).take("b")).toEqual({ entries: [], lost: 1 });
  });
  it("is a value: adding and removing are never repeated", () => {
    expect([[{ do: "add" }], [{ do: "configure" }, { do: "remove" }], [{ do: "put_note", text: "" }], [{ do: "put_note", id: "t1" }], [{ do: "set_input" }]].map(canBeSentAgain)).toEqual([false, false, false, true, true]);
  });
});

describe("lines", () => {
  const rate = (first: number, values: number[]) => decode(frame({ probe: "p", view: "rate", first, until: first + values.length, dt: 1 }, [new Float32Array(values)]));
  it("a rate at the window's edge is a mean over 10 ms like all others", () => {
    const frames = [rate(0, new Array(50).fill(0).map((_, i) => (i % 10 ? 0 : 100)))];
    const [times, [line]] = points(frames, "rate", 20, 40);
    expect(times[0]).toBe(21);
    expect(line).toEqual(new Array(20).fill(10));
  });
  it("a mean does not reach over a gap", () => expect(points([rate(0, [100, 100]), rate(20, [0, 0])], "rate", 0, 30)[1][0]).toEqual([100, 100, 0, 0]));
});

describe("series", () => {
  it("knows what was shown at a step", () => {
    const held = new Series();
    for (const until of [10, 20, 30]) held.append(decode(frame({ probe: "p", view: "matrix", first: until - 10, until, dt: 1 }, [new Float32Array([until])])));
    expect([5, 10, 25, 99].map((step) => held.at(step)?.header.until)).toEqual([undefined, 10, 20, 30]);
  });
});

describe("wires", () => {
  const { catalogue, document, ports, why } = wires as unknown as { catalogue: Catalogue; document: Document; ports: Checked["ports"]; why: Record<string, string | null> };
  it("can be drawn where the server says that they can, and elsewhere the page says why in its words", () => {
    const end = (text: string) => { const [node, port] = text.split("."); return { node, port }; };
    const said = Object.keys(why).map((pair) => { const [a, b] = pair.split(" "); return [pair, whyNot(document, catalogue, ports, end(a), end(b))]; });
    expect(Object.fromEntries(said)).toEqual(why);
  });
  it("have their words in every language", () => {
    for (const reason of Object.values(catalogue.reasons)) expect(de[reason], reason).toBeTruthy();
  });
  it("lead to an end also where brains stand inside each other", () => {
    const ring = { meta: {}, nodes: { a: { type: "Brain", name: "a", parent: "b" }, b: { type: "Brain", name: "b", parent: "a" } }, edges: {} } as unknown as Document;
    expect(trail(ring, "a").length).toBe(3);
    expect(problemsWithin(ring, [{ node: "a" } as Problem], "c")).toEqual([]);
  });
});

describe("a text that is typed", () => {
  const later = () => {
    const answers: (() => void)[] = [];
    return { answers, send: () => new Promise<void>((done) => answers.push(done)) };
  };
  const turn = () => new Promise((done) => setTimeout(done));
  it("goes when it was answered for, and stays when more was typed meanwhile", async () => {
    const typed = new Typed(() => {});
    const { answers, send } = later();
    typed.type("1");
    typed.commit(send);
    typed.commit(send);
    expect(answers.length).toBe(1);
    typed.type("12");
    answers[0]();
    await turn();
    expect(typed.draft).toBe("12");
    typed.commit(send);
    answers[1]();
    await turn();
    expect(typed.draft).toBe(null);
  });
  it("is told that something is on its way, so that going back is a change", () => {
    const typed = new Typed(() => {});
    const told: boolean[] = [];
    for (const text of ["2", "1"]) {
      typed.type(text);
      typed.commit((_, waiting) => { told.push(waiting); return new Promise(() => {}); });
    }
    expect(told).toEqual([false, true]);
  });
  it("that is no value stays in its field until the document says something else", () => {
    const typed = new Typed(() => {});
    typed.type("x");
    typed.commit(() => "wrong");
    typed.changed();
    expect(typed.draft).toBe("x");
    typed.leave(() => "wrong");
    typed.changed();
    expect(typed.draft).toBe(null);
  });
});
