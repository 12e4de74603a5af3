/* Re-makes static/vendor from the exact packages of package-lock.json, with digests and licences. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import subsetFont from "subset-font";
import { ICONS, TIERS } from "./icons.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const OUT = path.resolve(HERE, "../../static/vendor");
const source = (name) => path.join(HERE, "node_modules", name);

/* Latin, Greek and the signs of the clinic (arrows, mathematics); the rest of Inter stays out. */
const FONT_RANGES = [
  [0x20, 0x7e], [0xa0, 0x17f], [0x218, 0x21b], [0x2c6, 0x2dd], [0x391, 0x3c9],
  [0x2010, 0x2027], [0x202f, 0x203a], [0x2070, 0x209c], [0x20ac, 0x20ac], [0x2116, 0x2122],
  [0x2150, 0x215e], [0x2190, 0x2199], [0x2200, 0x2265], [0x25a0, 0x25d5], [0x2713, 0x2717],
];

async function copied(file) {
  const text = await readFile(source(file), "utf8");
  /* Source maps are not shipped, and the static files storage would look for them. */
  return text.replace(/\n?\/[*/]# sourceMappingURL=.*$/m, "").trimEnd() + "\n";
}

async function charts() {
  const result = await build({
    entryPoints: [path.join(HERE, "echarts.entry.js")],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    globalName: "echarts",
    target: "es2020",
    legalComments: "none",
    banner: { js: "/* Apache ECharts 6.1.0, own selection of parts; licences in ../licences */" },
  });
  return result.outputFiles[0].text;
}

async function sprite() {
  const symbols = await Promise.all(ICONS.map(async (name) => {
    const svg = await readFile(source(`bootstrap-icons/icons/${name}.svg`), "utf8");
    const shape = svg.replace(/^[^>]*>|<\/svg>\s*$/g, "").replace(/\s*\n\s*/g, "");
    return `<symbol id="${name}" viewBox="0 0 16 16">${shape}</symbol>`;
  }));
  const tiers = Object.entries(TIERS).map(
    ([name, shape]) => `<symbol id="${name}" viewBox="0 0 16 16">${shape}</symbol>`,
  );
  const parts = [...symbols, ...tiers].join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" fill="currentColor">\n${parts}\n</svg>\n`;
}

async function font() {
  const text = FONT_RANGES.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, step) => String.fromCodePoint(first + step)),
  ).join("");
  const whole = await readFile(source("inter-ui/variable/InterVariable.woff2"));
  const variationAxes = { wght: { min: 400, max: 700 }, opsz: 14 };
  return subsetFont(whole, text, { targetFormat: "woff2", variationAxes });
}

const PACKAGES = [
  {
    name: "bootstrap", licence: "MIT", texts: ["bootstrap/LICENSE"],
    files: { "bootstrap/bootstrap.min.css": () => copied("bootstrap/dist/css/bootstrap.min.css") },
  },
  {
    name: "bootstrap-icons", licence: "MIT", texts: ["bootstrap-icons/LICENSE"],
    files: { "icons/sprite.svg": sprite },
  },
  {
    name: "htmx.org", licence: "0BSD", texts: ["htmx.org/LICENSE"],
    files: { "htmx/htmx.min.js": () => copied("htmx.org/dist/htmx.min.js") },
  },
  {
    name: "echarts", licence: "Apache-2.0 AND BSD-3-Clause",
    texts: ["echarts/LICENSE", "echarts/NOTICE", "zrender/LICENSE", "echarts/licenses/LICENSE-d3"],
    files: { "echarts/echarts.min.js": charts },
  },
  {
    name: "inter-ui", licence: "OFL-1.1", texts: ["inter-ui/LICENSE.txt"],
    files: { "inter/inter-variable.woff2": font },
  },
];

async function put(name, content) {
  const target = path.join(OUT, name);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
  const bytes = Buffer.from(content);
  return { path: name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

async function entry({ name, licence, texts, files }) {
  const { version } = JSON.parse(await readFile(source(`${name}/package.json`), "utf8"));
  const written = [];
  for (const [target, make] of Object.entries(files)) written.push(await put(target, await make()));
  const parts = await Promise.all(texts.map((text) => readFile(source(text), "utf8")));
  const licenceFile = await put(`licences/${name}.txt`, parts.map((p) => p.trim()).join("\n\n---\n\n") + "\n");
  return { name, version, licence, licence_file: licenceFile, files: written };
}

await rm(OUT, { recursive: true, force: true });
const packages = [];
for (const each of PACKAGES) packages.push(await entry(each));
await put("manifest.json", JSON.stringify({ made_by: "deploy/vendor/build.mjs", packages }, null, 2) + "\n");
