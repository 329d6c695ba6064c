// What the distilled networks say of a test (src/trinity/prediction/predict.py with `fast`); their
// graphs run in a thread of their own (engine.js).

import { address, bytes } from "./assets.js";
import { between, fromLogs, monotone, toIntervals } from "./coordinates.js";
import { fingerprint, nearestSimilarity, untested } from "./domain.js";
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
    await ask("open", Object.fromEntries(await Promise.all(files)));
    return new Ensemble(ask, await seen, await tables);
  }

  constructor(ask, seen, tables) {
    Object.assign(this, { ask, seen, tables });
  }

  /** What depends on the polymer alone: its embeddings, and how near the polymers seen are. */
  async read(key, mol) {
    const { model } = this.tables;
    const pooled = this.ask("embed", spellings(key, model.spellings).map((t) => encode(t, model)));
    const similarity = nearestSimilarity(fingerprint(mol), this.seen);
    return { pooled: await pooled, similarity };
  }

  /** Targets with 90 % intervals, ignition probability and what speaks against the answer.
   *
   * The networks are asked at the same fluxes whatever the test; their answers are made to fall or
   * rise with the flux as they must, and the test is read off between. */
  async predict({ pooled, similarity }, { properties, doubts }, flux, thickness) {
    const { model } = this.tables;
    const conditions = model.fluxes.map((q) => [Math.log(q), Math.log(thickness)]);
    const said = await this.ask("judge", { pooled, conditions });
    const complete = 1e-9 * thickness * properties.density_kg_m3[0]
      * properties.heat_of_combustion_j_kg[0];
    const answers = model.fluxes.map((_, row) => combined(said, row, complete, model));
    const along = (pick, increasing) => {
      const values = answers.map(pick);
      return between(increasing === undefined ? values : monotone(values, increasing),
        model.fluxes, flux);
    };
    const ends = [0, -1, 1].map((end) => [false, true, undefined, undefined].map((way, i) =>
      along(({ mean, sigma }) => mean[i] + end * model.widths[i] * sigma[i], way)));
    const [value, lo, hi] = toIntervals(ends, complete, model);
    const answer = {
      ignition: along(({ ignition }) => ignition, true),
      reasons: [
        ...(similarity < model.least_similarity
          ? ["It is unlike all polymers that the networks were trained on."] : []),
        ...doubts, ...untested(flux, thickness, model),
      ],
    };
    model.targets.forEach((name, i) => {
      answer[name] = { value: value[i], lo: lo[i], hi: hi[i] };
    });
    return answer;
  }
}

/** What the networks together say of one row: the mean of their distributions. */
function combined({ mean, sigma, ignition }, row, complete, model) {
  const [members, rows] = ignition.dims;
  const four = ({ data }, m) => [...data.slice(4 * (m * rows + row), 4 * (m * rows + row) + 4)];
  const told = Array.from({ length: members }, (_, m) => {
    const own = [four(mean, m), four(sigma, m)];
    return model.ordered ? own : fromLogs(...own, complete, model);
  });
  const average = (of) => told.reduce((sum, one) => sum + of(one), 0) / members;
  const centre = [0, 1, 2, 3].map((i) => average(([m]) => m[i]));
  return {
    mean: centre,
    sigma: centre.map((c, i) => Math.sqrt(average(([m, s]) => s[i] ** 2 + (m[i] - c) ** 2))),
    ignition: told.reduce((sum, _, m) => sum + ignition.data[m * rows + row], 0) / members,
  };
}
