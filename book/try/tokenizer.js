// Polymer SMILES as token ids, and the spellings that the model reads (src/trinity/tokenizer.py,
// spellings_of in src/trinity/training_data.py).

import { rootedSmiles } from "./molecule.js";

/** Token ids of a string, [CLS] and [SEP] included; unknown tokens become [UNK]. */
export function encode(smiles, model) {
  const id = (token) => model.vocabulary.indexOf(token);
  const text = smiles.replaceAll(new RegExp(model.attachment, "g"), "*");
  const tokens = text.match(new RegExp(model.pattern, "g")) ?? [];
  const ids = tokens.map((token) => (id(token) >= 0 ? id(token) : id("[UNK]")));
  return [id("[CLS]"), ...ids.slice(0, model.max_tokens - 2), id("[SEP]")];
}

/** The string and `extra` other spellings, which start at atoms evenly spread over it. */
export function spellings(psmiles, extra) {
  return [psmiles, ...rootedSmiles(psmiles, (atoms) =>
    Array.from({ length: extra }, (_, k) => Math.trunc(((k + 1) * (atoms - 1)) / (extra + 1))))];
}
