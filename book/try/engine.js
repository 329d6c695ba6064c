// The language model, run by ONNX Runtime in a thread of its own: it is opened while physics is
// computed, and the page stays quick meanwhile. `ort` (onnxruntime-web) stands before this script.
//
// Its graphs were traced from the Python modules (book/trinity_book/web/graphs.py).

import { unpacked } from "./assets.js";

const { ort } = globalThis;
// The export has simplified the graphs already; to look for more costs a second at the start.
const OPTIONS = { executionProviders: ["wasm"], graphOptimizationLevel: "disabled" };
const graphs = {};

/** Start the runtime and load the graphs; `files` are bytes, or addresses to fetch them from. */
async function open(files) {
  const names = Object.keys(files);
  const contents = await Promise.all(names.map((name) => contentOf(files[name])));
  const { wasm, loader, ...models } = Object.fromEntries(names.map((n, i) => [n, contents[i]]));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = wasm;
  // As a blob: its own address cannot be imported by a page that was opened from a folder.
  const mjs = URL.createObjectURL(new Blob([loader], { type: "text/javascript" }));
  ort.env.wasm.wasmPaths = { mjs };
  for (const [name, graph] of Object.entries(models)) {
    graphs[name] = await ort.InferenceSession.create(graph, OPTIONS);
  }
}

async function contentOf(file) {
  if (typeof file !== "string") return unpacked(file);
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
  return unpacked(new Uint8Array(await answer.arrayBuffer()));
}

/** Each member's embedding of a polymer, the mean over its spellings (lists of token ids). */
async function embed(sequences) {
  const longest = Math.max(...sequences.map((ids) => ids.length));
  const padded = (value) => new ort.Tensor("int64", BigInt64Array.from(
    sequences.flatMap((ids) => Array.from({ length: longest }, (_, k) => BigInt(value(ids, k))))
  ), [sequences.length, longest]);
  const { pooled } = await graphs.encoder.run({
    input_ids: padded((ids, k) => ids[k] ?? 0),
    attention_mask: padded((ids, k) => (k < ids.length ? 1 : 0)),
  });
  return meanOverSpellings(pooled);
}

function meanOverSpellings({ data, dims: [members, count, width] }) {
  const mean = new Float32Array(members * width);
  for (let m = 0; m < members; m++) {
    for (let s = 0; s < count; s++) {
      for (let k = 0; k < width; k++) {
        mean[m * width + k] += data[(m * count + s) * width + k] / count;
      }
    }
  }
  return { mean, dims: [members, width] };
}

/** What each network says of some tests: the head's outputs by name, with their shapes. */
async function judge({ pooled, conditions }) {
  const said = await graphs.head.run({
    pooled: new ort.Tensor("float32", pooled.mean, pooled.dims),
    conditions: new ort.Tensor("float32", conditions.flat(), [conditions.length, 2]),
  });
  return Object.fromEntries(
    Object.entries(said).map(([name, { data, dims }]) => [name, { data, dims }])
  );
}

const tasks = { open, embed, judge };

let done = Promise.resolve();

/** One task after the other, each answered in its turn. */
onmessage = ({ data: { task, argument } }) => {
  done = done.then(() => tasks[task](argument)).then(
    (value) => postMessage({ value }), (error) => postMessage({ error: String(error) })
  );
};
