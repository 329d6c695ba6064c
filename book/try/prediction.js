// What the finetuned ensemble says of a test (src/trinity/prediction.py); its graphs were traced
// from the Python modules (src/trinity/web_graphs.py).

import { conditionsInside, fingerprint, nearestSimilarity } from "./domain.js";
import { physicsPrior } from "./physics.js";
import { encode, spellings } from "./tokenizer.js";

export class Ensemble {
  /** `ort` is onnxruntime-web; `encoder` and `head` are ONNX, `seen` fingerprints, as bytes. */
  static async open(ort, { encoder, head, seen }, tables) {
    const sessions = [];
    for (const graph of [encoder, head]) {
      sessions.push(await ort.InferenceSession.create(graph, { executionProviders: ["wasm"] }));
    }
    return new Ensemble(ort, sessions, seen, tables);
  }

  constructor(ort, [encoder, head], seen, tables) {
    Object.assign(this, { ort, encoder, head, seen, tables });
  }

  /** What depends on the polymer alone: its embeddings, and how near the polymers seen are. */
  async read(key, mol) {
    const { model } = this.tables;
    const sequences = spellings(key, model.spellings).map((text) => encode(text, model));
    const longest = Math.max(...sequences.map((ids) => ids.length));
    const shape = [sequences.length, longest];
    const padded = (value) => new this.ort.Tensor("int64", BigInt64Array.from(
      sequences.flatMap((ids) => Array.from({ length: longest }, (_, k) => BigInt(value(ids, k))))
    ), shape);
    const { pooled } = await this.encoder.run({
      input_ids: padded((ids, k) => ids[k] ?? 0),
      attention_mask: padded((ids, k) => (k < ids.length ? 1 : 0)),
    });
    return {
      pooled: this.meanOverSpellings(pooled),
      similarity: nearestSimilarity(fingerprint(mol), this.seen),
    };
  }

  meanOverSpellings({ data, dims: [members, count, width] }) {
    const mean = new Float32Array(members * width);
    for (let m = 0; m < members; m++) {
      for (let s = 0; s < count; s++) {
        for (let k = 0; k < width; k++) {
          mean[m * width + k] += data[(m * count + s) * width + k] / count;
        }
      }
    }
    return new this.ort.Tensor("float32", mean, [members, width]);
  }

  /** Targets with 90 % intervals, ignition probability and whether the test lies in the domain. */
  async predict({ pooled, similarity }, nominal, properties, flux, thickness) {
    const { model, tested } = this.tables;
    const physics = this.head.inputNames.includes("physics")
      ? physicsPrior(nominal, properties, flux, thickness, this.tables) : null;
    const row = (values) => new this.ort.Tensor("float32", values, [1, values.length]);
    const feeds = { pooled, conditions: row([Math.log(flux), Math.log(thickness)]) };
    if (physics) feeds.physics = row(physics);
    const said = await this.head.run(feeds);
    const answer = {
      ignition: said.ignition.data[0],
      similarity,
      inDomain: similarity >= model.least_similarity && conditionsInside(flux, thickness, tested),
    };
    model.targets.forEach((name, i) => {
      const half = model.factors_no_laboratory[i]
        * Math.max(said.log_sigma.data[i], model.least_sigma);
      const [value, lo, hi] = [0, -half, half].map((d) => Math.exp(said.log_mean.data[i] + d));
      answer[name] = { value, lo, hi };
    });
    return answer;
  }
}
