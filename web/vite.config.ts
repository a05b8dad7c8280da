// How the page is built: reproducible files with plain names, because `dist` is committed and served with an ETag,
// and hashed names would make every two branches conflict. In development the API is a hub's, through a proxy.

import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const hub = process.env["TAILCAST_HUB"] ?? "http://127.0.0.1:8514";

/** What cannot wait for the program is a script of its own, before it, that waits for nothing. */
const early: Plugin = {
  name: "early",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler: (html) => html.replace("<script", '<script type="module" crossorigin async src="./assets/early.js"></script>\n    $&'),
  },
};

export default defineConfig({
  plugins: [svelte(), early],
  // Relative, so that the page works under the base path that the hub writes into <base href>.
  base: "./",
  build: {
    target: "es2023",
    sourcemap: false,
    modulePreload: { polyfill: false },
    // A strict CSP knows no data: fonts and the page has no images: nothing may be inlined.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "early", test: /src\/(early|ahead|refused|keysahead|keys|liveurl|address|shapes|theme)\.ts$/, priority: 1 },
            // One file of all that the pages share, in place of one for each set of pages that does.
            { name: "shared", test: /^(?!.*pulse)/, minShareCount: 2 },
          ],
        },
        entryFileNames: "assets/[name].js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/[name][extname]",
      },
    },
  },
  worker: { format: "es", rolldownOptions: { output: { entryFileNames: "assets/[name].js" } } },
  server: { proxy: { "/api": { target: hub, ws: true } } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
