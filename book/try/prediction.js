// What the finetuned ensemble says of a test (src/trinity/prediction.py); its graphs run in a
// thread of their own (engine.js).

import { address, bytes } from "./assets.js";
import { conditionsInside, fingerprint, nearestSimilarity } from "./domain.js";
import { physicsPrior } from "./physics.js";
import { encode, spellings } from "./tokenizer.js";

const FILES = {
  wasm: "vendor/ort-wasm-simd-threaded.wasm.gz",
  loader: "vendor/ort-wasm-simd-threaded.mjs",
  encoder: "data/encoder.onnx.gz",
  head: "data/head.onnx.gz",
};

/** The thread of the language model: `ask(task, argument)` promises its answer. */
async function engine() {
  // As a blob: a page that was opened from a folder may start no thread from a file.
  const scripts = await Promise.all(["vendor/ort.wasm.min.js", "engine.js"].map(bytes));
  const program = new Blob(scripts.flatMap((text) => [text, "\n"]), { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(program));
  const waiting = []; // the thread answers in the order of the questions
  worker.onmessage = ({ data: { value, error } }) => {
    const { resolve, reject } = waiting.shift();
    if (error) reject(new Error(error));
    else resolve(value);
  };
  worker.onerror = ({ message }) => waiting.forEach(({ reject }) => reject(new Error(message)));
  return (task, argument) => new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    worker.postMessage({ task, argument });
  });
}

export class Ensemble {
  /** Its files on their way and its graphs opened; `tables` may be promised still. */
  static async open(tables) {
    const seen = bytes("data/seen.bin.gz");
    const files = Object.entries(FILES).map(async ([name, file]) => [name, await address(file)]);
    const ask = await engine();
    const inputs = await ask("open", Object.fromEntries(await Promise.all(files)));
    return new Ensemble(ask, inputs, await seen, await tables);
  }

  constructor(ask, inputs, seen, tables) {
    Object.assign(this, { ask, inputs, seen, tables });
  }

  /** What depends on the polymer alone: its embeddings, and how near the polymers seen are. */
  async read(key, mol) {
    const { model } = this.tables;
    const pooled = this.ask("embed", spellings(key, model.spellings).map((t) => encode(t, model)));
    const similarity = nearestSimilarity(fingerprint(mol), this.seen);
    return { pooled: await pooled, similarity };
  }

  /** Targets with 90 % intervals, ignition probability and whether the test lies in the domain. */
  async predict({ pooled, similarity }, nominal, properties, flux, thickness) {
    const { model, tested } = this.tables;
    const conditions = [Math.log(flux), Math.log(thickness)];
    const physics = this.inputs.includes("physics")
      ? physicsPrior(nominal, properties, flux, thickness, this.tables) : null;
    const said = await this.ask("judge", { pooled, conditions, physics });
    const answer = {
      ignition: said.ignition[0],
      similarity,
      inDomain: similarity >= model.least_similarity && conditionsInside(flux, thickness, tested),
    };
    model.targets.forEach((name, i) => {
      const least = [model.least_sigma].flat(); // one for all targets, or one for each
      const half = model.factors_no_laboratory[i]
        * Math.max(said.log_sigma[i], least[i % least.length]);
      const [value, lo, hi] = [0, -half, half].map((d) => Math.exp(said.log_mean[i] + d));
      answer[name] = { value, lo, hi };
    });
    return answer;
  }
}
