// Builds the page into the package: the same bytes from the same sources and the same lock, on any machine.
//
//   node build.mjs [folder]

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "layers", "jobs", "barycenter_jobs", "web", "console");

const shared = {
  absWorkingDir: here,
  bundle: true,
  write: false,
  minify: true,
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};
const style = await build({ ...shared, entryPoints: ["src/style.css"] });
const built = await build({
  ...shared,
  entryPoints: ["src/main.tsx"],
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  // One file to load: each request at the same time may have to wait for a function of its own to start.
  define: { STYLE: JSON.stringify(style.outputFiles[0].text.trim()) },
});

const script = built.outputFiles[0].contents;
const name = `page-${createHash("sha256").update(script).digest("hex").slice(0, 16)}.js`;
const icon = encodeURIComponent((await readFile(join(here, "src", "icon.svg"), "utf8")).trim());
const index = (await readFile(join(here, "src", "index.html"), "utf8")).replace("$icon", icon).replace("$script", name);
const licence = await readFile(join(here, "node_modules", "preact", "LICENSE"), "utf8");

// A test without Node.js can tell by this whether the page was built from the sources that stand beside it.
const sources = createHash("sha256");
for (const file of (await readdir(join(here, "src"), { recursive: true })).sort()) {
  if (!/\.[a-z]+$/.test(file)) continue;
  sources.update(`${file.replaceAll("\\", "/")}\n`).update(await readFile(join(here, "src", file)));
}
for (const file of ["build.mjs", "package-lock.json"]) sources.update(await readFile(join(here, file)));

await mkdir(target, { recursive: true });
for (const file of await readdir(target)) await rm(join(target, file));
await writeFile(join(target, name), script);
await writeFile(join(target, "index.html"), index);
await writeFile(join(target, "sources.sha256"), `${sources.digest("hex")}\n`);
await writeFile(join(target, "LICENSES.txt"), `${name} contains Preact (https://preactjs.com):\n\n${licence}`);
