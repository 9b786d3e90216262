// Builds the console into built/: one module a page, its styles, and the map's worker beside them, each compressed too.
import { build } from "esbuild";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

// Made aside and put in place whole: a service may be running on the old one.
const out = mkdtempSync("built-");
process.on("exit", () => rmSync(out, { recursive: true, force: true }));
await build({
  entryPoints: { console: "src/main.ts", styles: "styles/console.css" },
  outdir: out,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  target: "es2022",
  chunkNames: "[name]-[hash]",
  legalComments: "none",
  logLevel: "warning",
});
cpSync("index.html", `${out}/index.html`);
cpSync("icon.svg", `${out}/icon.svg`);
cpSync("node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs", `${out}/map-worker.js`);
// Of everything that may be part of it, whether or not all of that is used.
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const notices = Object.entries(packages).filter(([folder, { dev }]) => folder !== "" && !dev).map(([folder, { license }]) => {
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file === undefined ? `Licence: ${license}` : readFileSync(`${folder}/${file}`, "utf8");
  return `${folder.replace("node_modules/", "")}\n\n${text}`;
});
writeFileSync(`${out}/licences.txt`, notices.join("\n\n----\n\n"));
for (const name of readdirSync(out)) {
  const bytes = readFileSync(`${out}/${name}`);
  writeFileSync(`${out}/${name}.gz`, gzipSync(bytes, { level: 9 }));
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  writeFileSync(`${out}/${name}.br`, brotliCompressSync(bytes, quality));
}
const old = `${out}.old`;
if (existsSync("built")) renameSync("built", old);
chmodSync(out, 0o755);
renameSync(out, "built");
rmSync(old, { recursive: true, force: true });
