// Bundles the pages into node_modules/.tessera, from where the API serves them by name.
import { build } from "esbuild";

const common = {
  bundle: true,
  minify: true,
  logLevel: "error",
  legalComments: "none",
  outdir: "node_modules/.tessera",
  entryNames: "[name]",
  assetNames: "[name]",
  loader: { ".ttf": "file" },
};

await build({
  ...common,
  format: "esm",
  define: { "process.env.NODE_ENV": '"production"' },
  entryPoints: {
    graphiql: "src/graphiql/main.js",
    viewer: "src/viewer/main.js",
  },
});
await build({
  ...common,
  format: "iife",
  entryPoints: {
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
});
