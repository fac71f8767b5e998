/** How the page is built: into the Python package, with relative addresses, and compressed beside each file. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const COMPRESSIBLE = /\.(?:js|css|svg|html|json|webmanifest)$/;

/** The daemon sends what was compressed here: it costs nothing then, and can be the smallest there is. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        // The daemon writes the nonce into the page itself.
        if (!COMPRESSIBLE.test(name) || name === "index.html") continue;
        const data = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(data, { level: 9 }));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(data, { params: quality }));
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [compressed()],
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: "../daemon/webui",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    // `npm run dev` beside a Holdfast that runs; HOLDFAST_API says where.
    proxy: { "/api": { target: process.env["HOLDFAST_API"] ?? "http://127.0.0.1:7877", ws: true } },
  },
});
