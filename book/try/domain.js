// Where a prediction may be trusted (src/trinity/prediction/folder.py).

import { oligomer } from "./polymers.js";

const BITS = 1024;
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** Atom environments in the middle of the chain of a canonical repeat unit, as packed bits. */
export function fingerprint(mol) {
  const chain = oligomer(mol, 3);
  const text = chain.held.get_morgan_fp(JSON.stringify({ radius: 2, nBits: BITS }));
  chain.free();
  return Uint8Array.from({ length: BITS / 8 }, (_, k) =>
    parseInt(text.slice(8 * k, 8 * k + 8), 2));
}

/** Tanimoto similarity to the nearest of the packed fingerprints `seen`, 0 to 1. */
export function nearestSimilarity(bits, seen) {
  let best = 0;
  for (let row = 0; row < seen.length; row += bits.length) {
    let [both, either] = [0, 0];
    for (let k = 0; k < bits.length; k++) {
      both += ONES[seen[row + k] & bits[k]];
      either += ONES[seen[row + k] | bits[k]];
    }
    best = Math.max(best, both / Math.max(either, 1));
  }
  return best;
}

/** Why a test is unlike those that were done; `measured` has the lowest and highest of each. */
export function untested(flux, thickness, { measured, margin }) {
  const reasons = [];
  for (const [what, value, [low, high], unit] of [
    ["heat flux", flux, measured.flux_kw_m2, "kW/m²"],
    ["thickness", thickness, measured.thickness_mm, "mm"],
  ]) {
    if (value < low * (1 - margin)) reasons.push(`A ${what} below ${low} ${unit} was never measured.`);
    if (value > high * (1 + margin)) reasons.push(`A ${what} above ${high} ${unit} was never measured.`);
  }
  return reasons;
}
