import { useEffect, useRef, useState } from "react";
import { allFinite, effective, isArray, isGiven, kindOf, merged, numbersOf, same, valueAt } from "../core/config";
import { coloursOf, drawHistogram } from "../core/draw";
import { fieldName, plain } from "../core/names";
import { useStill } from "../core/still";
import { apply, ask, sent, usePage } from "../core/store";
import { parseList, parseQuantity, showNumber, showUnit } from "../core/units";
import { t } from "../core/i18n";
import type { Config, Field, Json, NodeRecord, Problem } from "../core/types";
import { readNumber } from "./NumberField";
import { Section } from "./Section";
import { stillThere, useTyped } from "./useTyped";

interface Props { ids: string[]; nodes: NodeRecord[]; field: Field; path: string[]; problems: Problem[]; owner?: Json; shared?: boolean; open?: boolean }

// What an owner hands down.
const HANDED = ["dt", "dtype", "units"];

function words(field: Field): string {
  const b = field.bounds;
  const parts = [
    b.minimum !== undefined && `≥ ${b.minimum}`, b.exclusiveMinimum !== undefined && `> ${b.exclusiveMinimum}`,
    b.maximum !== undefined && `≤ ${b.maximum}`, b.exclusiveMaximum !== undefined && `< ${b.exclusiveMaximum}`,
  ].filter(Boolean);
  return plain([field.description, parts.join(", ")].filter(Boolean).join(" "));
}

function show(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return showNumber(value);
  if (numbersOf(value) !== value) return show(numbersOf(value));
  if (Array.isArray(value) && value.every((v) => typeof v === "string")) return value.join(", ");
  if (Array.isArray(value) && value.every((v) => typeof v === "number") && value.length <= 4) return value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

// Text of a field as the value that it means, or what is wrong with it.
function read(field: Field, text: string): { value?: Json; wrong?: string } {
  const plain = text.trim();
  if (field.kind === "names") return { value: plain.split(/[,\s]+/).filter(Boolean) };
  if (!plain) return field.nullable ? { value: null } : { wrong: t("A value is needed.") };
  if (field.kind === "text" || field.kind === "lines") return { value: plain };
  if (field.kind === "shape") {
    const sizes = plain.replace(/[()[\]]/g, "").split(/[,×x\s]+/).filter(Boolean).map(Number);
    if (!sizes.length || sizes.some((n) => !Number.isInteger(n) || n < 1)) return { wrong: t("Give sizes such as 256 or 16, 16.") };
    return { value: sizes };
  }
  const list = field.kind === "quantity" ? parseList(plain) : null;
  if (list !== null) return typeof list === "string" ? { wrong: list } : { value: list };
  // Where a number or a table of numbers may stand, a number may have its unit.
  if (field.kind === "json" || field.kind === "kinds") {
    const number = parseQuantity(plain, field.unit);
    if (typeof number === "number") return { value: number };
    if (/^[-+]?[.\d]+\s*[a-zA-ZµμΩ]+$/.test(plain)) return { wrong: number };
  }
  if (field.kind === "json" || (field.kind === "quantity" && /^[[{]/.test(plain))) {
    try {
      const value = JSON.parse(plain) as Json;
      return allFinite(value) ? { value } : { wrong: t("“{text}” is too large a number", { text: plain.slice(0, 40) }) };
    } catch {
      return field.kind === "json" ? { value: plain } : { wrong: t("Give a number, or a list such as [1, 2, 3].") };
    }
  }
  return readNumber(plain, { unit: field.unit, whole: field.kind === "integer", bounds: field.bounds });
}

export function FieldRow({ ids, nodes, field, path, problems, owner, shared, open }: Props) {
  const values = nodes.map((n) => effective(n.config, path, field, owner));
  const mixed = values.some((v) => JSON.stringify(v) !== JSON.stringify(values[0]));
  const value = mixed ? undefined : values[0];
  const given = nodes.some((n) => isGiven(n.config, path));
  const dotted = path.join(".");
  const wrong = problems.filter((p) => p.field === dotted);
  const [error, setError] = useState("");
  const shown = show(value);
  const key = `field-${dotted.replaceAll(".", "-")}`;
  const put = (v: Json) => apply([{ do: "configure", ids, path, value: v }], `${ids.join()}:${dotted}`);
  const reset = () => apply([{ do: "configure", ids, path, reset: true }]);
  const { type, typing, props } = useTyped(shown, (text, waiting) => {
    if ((text === shown && !mixed && !waiting) || !stillThere(ids)) return "same";
    const found = read(field, text);
    setError(found.wrong ?? "");
    if (found.wrong !== undefined) return "wrong";
    if (!waiting && same(found.value, numbersOf(value))) return "same";
    const usual = effective({}, path, field, owner);
    return !field.required && same(found.value, numbersOf(usual)) ? reset() : put(found.value as Json);
  });
  const stillError = useStill(typing ? error : "");
  if (field.linked) return null;
  if (field.kind === "config") return <Nested {...{ ids, nodes, field, path, problems, owner, shared, open }} />;
  if (field.kind === "named") return <Named {...{ ids, nodes, field, path, problems, open }} />;
  if (field.kind === "kinds" && !(typeof value === "number")) return <Kinds {...{ ids, nodes, field, path, problems, owner, shared, open }} />;
  if (field.draws && kindOf(value, field.draws)) return <Kinds {...{ ids, nodes, path, problems, owner, open }} field={{ ...field, tag: field.draws }} />;
  const array = isArray(value);
  // What is drawn begins around the number that stood there.
  const draw = () => put({ [field.draws!]: "NormalInitializer", mean: value as number, deviation: Math.abs(value as number) / 10 || 1 });
  return (
    <div className={`field ${given ? "given" : ""} ${wrong.length || stillError ? "wrong" : ""}`}>
      <label htmlFor={key} title={words(field)}>
        {fieldName(field.name)}{" "}
        {shared && <span className="link" title={t("One value for all parts of the neuron")}>{t("all parts")}</span>}
      </label>
      <div className="entry">
        {field.kind === "boolean" ? (
          <input id={key} type="checkbox" checked={value === true} ref={(e) => { if (e) e.indeterminate = mixed || value === null; }} onChange={(e) => void put(e.target.checked)} />
        ) : field.kind === "choice" ? (
          <select id={key} value={mixed ? "" : String(value)} onChange={(e) => void put(field.choices!.find((c) => String(c) === e.target.value) ?? e.target.value)}>
            {mixed && <option value="">{t("several values")}</option>}
            {field.choices!.map((c) => <option key={String(c)} value={String(c)}>{String(c)}</option>)}
          </select>
        ) : field.kind === "lines" ? (
          <textarea
            id={key} spellCheck={false} autoComplete="off" rows={Math.min(12, Math.max(2, (props.value || "").split("\n").length + 1))}
            placeholder={mixed ? t("several values") : ""} aria-invalid={Boolean(stillError || wrong.length)} aria-describedby={`${key}-help`} title={words(field)}
            {...props} onKeyDown={(e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) props.onKeyDown(e); }}
          />
        ) : (
          <input
            id={key} type="text" spellCheck={false} autoComplete="off" inputMode={field.kind === "number" || field.kind === "integer" ? "decimal" : "text"}
            placeholder={mixed ? t("several values") : field.nullable ? t("none") : ""} aria-invalid={Boolean(stillError || wrong.length)} aria-describedby={`${key}-help`}
            title={array ? t("An array, one number for each unit") : words(field)}
            {...props}
          />
        )}
        {field.unit && <span className="unit">{showUnit(field.unit)}</span>}
        {field.draws && typeof value === "number" && <button className="reset" onClick={() => { type(null); void draw(); }} title={t("Draw a number for each unit")} aria-label={t("Draw {name} for each unit", { name: field.name })}>∼</button>}
        {given && !field.required && <button className="reset" onClick={() => { type(null); void reset(); }} title={t("Back to the default")} aria-label={t("Back to the default of {name}", { name: field.name })}>↺</button>}
      </div>
      <div className="help" id={`${key}-help`}>{stillError || wrong.map((p) => `${p.message}. ${p.fix}`).join(" ") || words(field)}</div>
    </div>
  );
}

function Nested({ ids, nodes, field, path, problems, owner, open }: Props) {
  const given = nodes.some((n) => isGiven(n.config, path));
  const dotted = path.join(".");
  const inside = problems.some((p) => p.field === dotted || p.field?.startsWith(`${dotted}.`));
  const base = (owner as Config | undefined)?.[field.name] ?? field.default;
  const none = field.nullable && nodes.every((n) => effective(n.config, path, field, owner) === null);
  const key = `field-${path.join("-")}`;
  const wrong = problems.filter((p) => p.field === dotted);
  return (
    <Section className={given ? "given" : ""} shows={Boolean(open || inside || given)} title={field.description} summary={<>{fieldName(field.name)} {none && <span className="kind">{t("none")}</span>}</>}>
      {field.nullable && (
        <div className={`field ${wrong.length ? "wrong" : ""}`}>
          <label htmlFor={key}>{t("in use")}</label>
          <div className="entry">
            <input id={key} type="checkbox" checked={!none} aria-describedby={`${key}-help`} onChange={(e) => void apply([{ do: "configure", ids, path, ...(e.target.checked ? { value: {} } : { reset: true }) }])} />
          </div>
          <div className="help" id={`${key}-help`}>{wrong.map((p) => `${p.message}. ${p.fix}`).join(" ") || words(field)}</div>
        </div>
      )}
      {!none && field.fields!.map((f) => <FieldRow key={f.name} {...{ ids, nodes, problems }} field={f} path={[...path, f.name]} owner={base} />)}
    </Section>
  );
}

function Kinds({ ids, nodes, field, path, problems, owner, open }: Props) {
  const kinds = usePage((s) => s.catalogue.kinds[field.tag!]);
  const base = (owner as Config | undefined)?.[field.name] ?? field.default;
  const values = nodes.map((n) => valueAt(n.config, path));
  const [kind, ...others] = values.map((now) => (typeof now === "number" ? "" : kindOf(now, field.tag!) ?? kindOf(base, field.tag!) ?? ""));
  const several = others.some((other) => other !== kind);
  const usual = kind === (kindOf(base, field.tag!) ?? "");
  const given = nodes.some((n) => isGiven(n.config, path));
  const key = `field-${path.join("-")}`;
  // Components keep their owner's defaults for what is not given; initializers and connectivities are whole.
  const whole = field.tag === "initializer" || field.tag === "connectivity";
  const currents = values.map((now) => merged(usual && (!whole || now === undefined) ? base : {}, (now as Config) ?? {}));
  const dotted = path.join(".");
  const wrong = problems.filter((p) => p.field === dotted || (whole && p.field?.startsWith(`${dotted}.`)));
  const leftOut = [...HANDED, ...(field.draws ? ["density", "total"] : [])];
  const offered = Object.keys(kinds ?? {}).filter((k) => !field.draws || k !== "ArrayInitializer");
  const choose = (name: string) => apply([{ do: "configure", ids, path, ...(name === (kindOf(base, field.tag!) ?? "") ? { reset: true } : { value: { [field.tag!]: name } }) }]);
  return (
    <Section className={given ? "given" : ""} shows={Boolean(open || given)} title={field.description} summary={<>{fieldName(field.name)} <span className="kind">{several ? t("several values") : kind || t("none")}</span></>}>
      <div className={`field ${wrong.length ? "wrong" : ""}`}>
        <label htmlFor={key}>{t("kind")}</label>
        <div className="entry">
          <select id={key} value={several ? "several" : kind} onChange={(e) => void choose(e.target.value)}>
            {several && <option value="several" disabled>{t("several values")}</option>}
            {(field.nullable || field.draws || !kind) && <option value="">{field.draws ? t("a number") : t("none")}</option>}
            {offered.map((k) => <option key={k} value={k}>{k}</option>)}
          </select>
          {given && <button className="reset" onClick={() => void apply([{ do: "configure", ids, path, reset: true }])} aria-label={t("Back to the default of {name}", { name: field.name })} title={t("Back to the default")}>↺</button>}
        </div>
        <div className="help">{wrong.map((p) => `${p.message}. ${p.fix}`).join(" ") || (kind && !several && !field.draws ? plain(kinds?.[kind]?.doc ?? "") : words(field))}</div>
      </div>
      {(several ? [] : kinds?.[kind]?.fields ?? []).filter((f) => !leftOut.includes(f.name)).map((f) =>
        whole ? (
          <WholeField key={f.name} {...{ ids, field: f.inherits ? { ...f, unit: field.unit } : f, path, currents, tag: field.tag!, kind }} />
        ) : (
          <FieldRow key={f.name} {...{ ids, nodes, problems }} field={f} path={[...path, f.name]} owner={usual ? base : undefined} />
        ),
      )}
      {field.tag === "initializer" && kind && kind !== "ArrayInitializer" && currents.every((c) => same(c, currents[0])) && !several && <Histogram described={{ ...currents[0], initializer: kind }} unit={field.unit} />}
    </Section>
  );
}

// Components that are listed by name, as a pool's receptors and dendrites are: each has a name, a kind, and the fields of
// its kind.
function Named({ ids, nodes, field, path, problems, open }: Props) {
  const kinds = usePage((s) => s.catalogue.kinds[field.tag!]) ?? {};
  const now = valueAt(nodes[0].config, path) ?? field.default;
  if (ids.length > 1 || typeof now !== "object" || now === null || Array.isArray(now)) {
    return <p className="hint">{t("{name}: select one node to see them.", { name: fieldName(field.name) })}</p>;
  }
  const listed = Object.entries(now as Config);
  const id = ids[0];
  const free = () => {
    let number = 1;
    while (`${field.tag}_${number}` in (now as Config)) number++;
    return `${field.tag}_${number}`;
  };
  // What says where each lies may name one that is not listed: no row is there to say so.
  const placed = field.placed ?? "";
  const lost = problems.filter((p) => placed && (p.field === placed || (p.field?.startsWith(`${placed}.`) && !(p.field.slice(placed.length + 1) in (now as Config)))));
  return (
    <details className="nested given" open={open !== false}>
      <summary title={field.description}>{fieldName(field.name)}</summary>
      {listed.map(([name, value]) => (
        <OneNamed key={name} {...{ id, nodes, field, path, problems, name, value, kinds }} last={listed.length <= field.least!} />
      ))}
      <div className="actions">
        <button onClick={() => void apply([{ do: `put_${field.tag}`, id, name: free(), [field.tag!]: field.usual! }])}>{t("Add a {what}", { what: t(field.tag!) })}</button>
      </div>
      {lost.length > 0 && (
        <div className="field wrong">
          <label>{t("lies on")}</label>
          <div className="entry">
            <button className="reset" onClick={() => void apply([{ do: "configure", ids, path: [placed], reset: true }])} title={t("Back to the default")} aria-label={t("Back to the default of {name}", { name: placed })}>↺</button>
          </div>
          <div className="help">{lost.map((p) => `${p.message}. ${p.fix}`).join(" ")}</div>
        </div>
      )}
      <div className="help">{words(field)}</div>
    </details>
  );
}

interface One { id: string; nodes: NodeRecord[]; field: Field; path: string[]; problems: Problem[]; name: string; value: Json; kinds: Record<string, { doc: string; fields: Field[] }>; last: boolean }

function OneNamed({ id, nodes, field, path, problems, name, value, kinds, last }: One) {
  const tag = field.tag!;
  const kind = kindOf(value, tag) ?? "";
  const key = `field-${[...path, name].join("-")}`;
  const wires = usePage((s) => Object.values(s.document.edges).filter((e) => e.to[0] === id && e.to[1] === name).length);
  const lying = usePage((s) => s.catalogue.modules[nodes[0].type]?.fields.find((f) => f.among === field.name && f.placed));
  const held = lying ? Object.values((valueAt(nodes[0].config, [lying.placed!]) ?? {}) as Config).filter((on) => on === name).length : 0;
  const { props } = useTyped(name, (text, waiting) =>
    (text.trim() === name && !waiting) || !stillThere([id]) ? "same" : apply([{ do: `rename_${tag}`, id, name, to: text.trim() }]),
  );
  const here = [...path, name].join(".");
  const wrong = problems.filter((p) => p.field === here || p.field === `${here}.${tag}`);
  const gone = held ? t("Delete {name}; what lies on it then lies on the soma", { name }) : wires === 1 ? t("Delete {name} and its wire", { name }) : wires ? t("Delete {name} and its {n} wires", { name, n: wires }) : t("Delete {name}", { name });
  return (
    <details className="nested given" open>
      <summary>{name} <span className="kind">{kind}</span></summary>
      <div className="field">
        <label htmlFor={`${key}-name`}>{t("name")}</label>
        <div className="entry">
          <input id={`${key}-name`} spellCheck={false} autoComplete="off" {...props} />
          {!last && <button className="reset" onClick={() => void apply([{ do: `remove_${tag}`, id, name }])} title={gone} aria-label={gone}>✕</button>}
        </div>
      </div>
      <div className={`field ${wrong.length ? "wrong" : ""}`}>
        <label htmlFor={`${key}-kind`}>{t("kind")}</label>
        <div className="entry">
          <select id={`${key}-kind`} value={kind} onChange={(e) => void apply([{ do: `put_${tag}`, id, name, [tag]: e.target.value }])}>
            {!kinds[kind] && <option value={kind}>{kind}</option>}
            {Object.keys(kinds).map((k) => <option key={k} value={k}>{k}</option>)}
          </select>
        </div>
        <div className="help">{wrong.map((p) => `${p.message}. ${p.fix}`).join(" ") || plain(kinds[kind]?.doc ?? "")}</div>
      </div>
      {field.placed && <Place {...{ id, nodes, name, problems }} placed={field.placed} among={field.among!} />}
      {(kinds[kind]?.fields ?? []).filter((f) => !HANDED.includes(f.name) && f.name !== "seed").map((f) => (
        <FieldRow key={`${kind}-${f.name}`} ids={[id]} {...{ nodes, problems }} field={f} path={[...path, name, f.name]} />
      ))}
    </details>
  );
}

// On which of a pool's dendrites a receptor lies; nothing where there is no choice.
function Place({ id, nodes, name, problems, placed, among }: { id: string; nodes: NodeRecord[]; name: string; problems: Problem[]; placed: string; among: string }) {
  const path = [placed, name];
  const now = valueAt(nodes[0].config, path) as string | undefined;
  const known = Object.keys((valueAt(nodes[0].config, [among]) ?? {}) as Config);
  if (!known.length && now === undefined) return null;
  const key = `field-${path.join("-")}`;
  const wrong = problems.filter((p) => p.field === path.join("."));
  return (
    <div className={`field ${now === undefined ? "" : "given"} ${wrong.length ? "wrong" : ""}`}>
      <label htmlFor={key}>{t("lies on")}</label>
      <div className="entry">
        <select id={key} value={now ?? ""} onChange={(e) => void apply([{ do: "configure", ids: [id], path, ...(e.target.value ? { value: e.target.value } : { reset: true }) }])}>
          <option value="">{t("the soma")}</option>
          {now !== undefined && !known.includes(now) && <option value={now}>{now}</option>}
          {known.map((k) => <option key={k} value={k}>{k}</option>)}
        </select>
      </div>
      <div className="help">{wrong.map((p) => `${p.message}. ${p.fix}`).join(" ")}</div>
    </div>
  );
}

// A field of a config that is written whole: changing one number of a node writes all of that node's.
function WholeField({ ids, field, path, currents, tag, kind }: { ids: string[]; field: Field; path: string[]; currents: Config[]; tag: string; kind: string }) {
  const [value, ...others] = currents.map((current) => current[field.name] ?? field.default);
  const mixed = others.some((other) => !same(other, value));
  const shown = mixed ? "" : show(value);
  const node: NodeRecord = { type: "", name: "", config: { [field.name]: value } };
  const key = `field-${[...path, field.name].join("-")}`;
  const [error, setError] = useState("");
  // What another field wrote a moment ago, and nobody has answered for yet, stays written.
  const put = (v: Json) => apply(ids.map((id, i) => {
    const last = sent((c) => c.do === "configure" && same(c.ids as string[], [id]) && same(c.path as string[], path));
    const before = last ? (last.value as Config | undefined) : currents[i];
    return { do: "configure", ids: [id], path, value: { ...before, [tag]: kind, [field.name]: v } };
  }));
  const { typing, props } = useTyped(shown, (text, waiting) => {
    if ((text === shown && !waiting) || !stillThere(ids)) return "same";
    const found = read(field, text);
    setError(found.wrong ?? "");
    return found.wrong === undefined ? put(found.value as Json) : "wrong";
  });
  const stillError = useStill(typing ? error : "");
  if (field.kind === "kinds" || field.kind === "config") return null;
  return (
    <div className={`field ${stillError ? "wrong" : ""}`}>
      <label htmlFor={key} title={words(field)}>{fieldName(field.name)}</label>
      <div className="entry">
        {field.kind === "boolean" ? <input id={key} type="checkbox" checked={!mixed && node.config![field.name] === true} ref={(e) => { if (e) e.indeterminate = mixed; }} onChange={(e) => void put(e.target.checked)} />
          : field.kind === "choice" ? <select id={key} value={mixed ? "" : String(value)} onChange={(e) => void put(e.target.value)}>{mixed && <option value="">{t("several values")}</option>}{field.choices!.map((c) => <option key={String(c)}>{String(c)}</option>)}</select>
          : <input id={key} type="text" spellCheck={false} aria-invalid={Boolean(stillError)} aria-describedby={`${key}-help`} placeholder={mixed ? t("several values") : field.nullable ? t("none") : ""} {...props} />}
        {field.unit && <span className="unit">{showUnit(field.unit)}</span>}
      </div>
      <div className="help" id={`${key}-help`}>{stillError || words(field)}</div>
    </div>
  );
}

function Histogram({ described, unit }: { described: Config; unit: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = JSON.stringify(described);
  useEffect(() => {
    let gone = false;
    void ask<{ counts: number[]; edges: number[] }>("histogram", { initializer: described }).then((found) => {
      if (found && !gone && canvas.current) drawHistogram(canvas.current, found.counts, found.edges, coloursOf(canvas.current), showUnit(unit));
    });
    return () => { gone = true; };
  }, [text, unit]);
  return <canvas className="small-histogram" ref={canvas} role="img" aria-label={t("What it draws")} />;
}
