// Builds the page into spark/editor/static, with fixed names, and notes what it was built from.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transformWithEsbuild } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../spark/editor/static");
const base = { root: here, configFile: false, logLevel: "warn", publicDir: false };
const define = { "process.env.NODE_ENV": '"production"' };

async function one(entry, name, style, format) {
  await build({
    ...base, define, esbuild: { jsx: "automatic", legalComments: "none" },
    build: {
      outDir: out, emptyOutDir: false, sourcemap: false, target: "es2022", cssCodeSplit: false, modulePreload: false, assetsInlineLimit: 0,
      lib: { entry: join(here, entry), formats: [format], name: "spark", fileName: () => name, cssFileName: style },
      rollupOptions: { output: { inlineDynamicImports: true } },
    },
  });
  // A library's ES module is left with its spaces by the bundler.
  const path = join(out, name);
  const small = await transformWithEsbuild(readFileSync(path, "utf8"), name, { minify: true, target: "es2022", legalComments: "none", sourcemap: false });
  writeFileSync(path, small.code);
}

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await one("src/main.tsx", "app.js", "app", "es");
await one("src/widget.tsx", "widget.js", "widget", "es");
await one("src/replay.ts", "replay.js", "replay", "iife");
for (const name of ["index.html", "icon.svg"]) writeFileSync(join(out, name), readFileSync(join(here, name)));
rmSync(join(out, "widget.css"), { force: true });

const lock = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
const shipped = Object.entries(lock.packages).filter(([path, p]) => path && !p.dev && !p.devOptional);
const notices = shipped.map(([path, p]) => {
  const folder = join(here, path);
  const text = readdirSync(folder).filter((n) => /^licen[cs]e/i.test(n)).map((n) => readFileSync(join(folder, n), "utf8").trim())[0];
  return `${path.replace(/^.*node_modules\//, "")} ${p.version} (${p.license})\n\n${text ?? ""}\n`;
});
writeFileSync(join(out, "THIRD_PARTY_LICENSES.txt"), `What the page is made of beside Spark's own code:\n\n${notices.join("\n----\n\n")}`);

const sources = [...files(join(here, "src")), ...["package.json", "package-lock.json", "build.mjs", "index.html", "icon.svg"].map((n) => join(here, n))].sort();
const sums = {};
for (const path of sources) sums[relative(here, path).replaceAll("\\", "/")] = createHash("sha256").update(readFileSync(path)).digest("hex");
const built = {};
for (const path of files(out).sort()) built[relative(out, path).replaceAll("\\", "/")] = createHash("sha256").update(readFileSync(path)).digest("hex");
writeFileSync(join(out, "BUILD.json"), `${JSON.stringify({ sources: sums, built }, null, 1)}\n`);
