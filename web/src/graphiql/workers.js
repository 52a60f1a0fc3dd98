// Tells the editor where its workers are, before the editor is loaded.
const WORKERS = { json: "json.worker.js", graphql: "graphql.worker.js" };

globalThis.MonacoEnvironment = {
  getWorker: (_module, label) => new Worker(`/assets/${WORKERS[label] ?? "editor.worker.js"}`),
};
