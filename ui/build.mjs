// Builds the app into ../src/querist/web/static, or (--tests) the unit tests into .tests.
// The same sources give the same bytes on every machine: fixed versions, no dates, no paths, names from content.
import { build } from "esbuild";
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "src", "querist", "web", "static");

async function sources(folder, ending) {
  const names = (await readdir(join(here, folder))).sort();
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

async function buildApp() {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const views = (await sources("views", ".ts")).filter((name) => !name.endsWith("contract.ts"));
  await build({
    absWorkingDir: here,
    entryPoints: ["shell/app.tsx", "shell/theme.ts", "shell/style.css", ...views].map((path) => ({
      in: path,
      out: path.replace(/^shell\//, "").replace(/\.\w+$/, ""),
    })),
    outdir: out,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022"],
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    legalComments: "none",
    charset: "utf8",
    logLevel: "warning",
  });
  for (const file of ["index.html", "icon.svg"]) await cp(join(here, file), join(out, file));
}

async function buildTests() {
  await rm(join(here, ".tests"), { recursive: true, force: true });
  await build({
    absWorkingDir: here,
    entryPoints: await sources("test", ".test.ts"),
    outdir: ".tests",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: ["node18"],
    sourcemap: "inline",
    logLevel: "warning",
  });
}

await (process.argv.includes("--tests") ? buildTests() : buildApp());
