// Measured T50 and char in place of what structure suggests (src/trinity/chemistry/measured.py).

import { InputError } from "./molecule.js";
import { decompositionHeat, gasHeatOfCombustion } from "./thermochemistry.js";

const NUMBER = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?";
const GIVEN = new RegExp(`^(${NUMBER})\\s*(?:(?:±|\\+/-|\\+-)\\s*(${NUMBER})\\s*)?(\\D*)$`);

/** Value and 1 sigma in SI of a text such as 430±5C. */
function read(text, { name, units, low, high, sigma, example }, { priors }) {
  const found = GIVEN.exec(text.trim());
  const unit = found?.[3].trim().replace(/^(°|deg)/, "").trim().toLowerCase();
  const factors = Object.entries(units).find(([known]) => known.toLowerCase() === unit)?.[1];
  if (!factors) {
    throw new InputError(`The ${name} '${text}' cannot be read; write it as ${example}.`);
  }
  const [scale, offset] = factors;
  const value = scale * Number(found[1]) + offset;
  if (!(low <= value && value <= high)) {
    const [shown, [by, from]] = Object.entries(units)[0];
    const ends = [low, high].map((end) => Number(((end - from) / by).toPrecision(4)));
    throw new InputError(
      `The ${name} '${text}' is impossible; give ${`${ends.join(" to ")} ${shown}`.trim()}.`);
  }
  const error = found[2] === undefined ? priors[sigma][0] : scale * Number(found[2]);
  if (!(error >= 0 && error <= high - low)) {
    throw new InputError(`The error of the ${name} '${text}' is impossible.`);
  }
  return [value, error];
}

/** Properties with measured ones in place of theirs; what follows from them follows. */
export function withMeasured(properties, texts, { measured, constants }) {
  const given = Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim())
    .map(([name, text]) => [name, read(text, measured[name], constants)]));
  if (!Object.keys(given).length) return properties;
  const found = { ...properties };
  const [acid] = found.acid_fraction;
  if (given.char_yield) {
    found.char_yield = given.char_yield;
    if (found.char_yield[0] > 0.95 * (1 - acid)) {
      throw new InputError(`The char ${found.char_yield[0]} is impossible:`
        + ` ${Number(acid.toPrecision(2))} of the polymer leaves as acid.`);
    }
    found.heat_of_decomposition_j_kg = [
      decompositionHeat(found.char_yield[0], constants), found.heat_of_decomposition_j_kg[1],
    ];
  }
  const [char] = found.char_yield;
  const [heat, heatSigma] = found.heat_of_combustion_j_kg;
  const gas = gasHeatOfCombustion(heat, char, acid, constants);
  found.gas_heat_of_combustion_j_kg = [gas, (gas * heatSigma) / Math.max(heat, 1)];
  if (given.t50_k) placeT50(found, given.t50_k, constants);
  return found;
}

/** Of a chain that sheds acid first, T50 lies in the step in which half of the volatiles leave. */
function placeT50(found, [value, sigma], { priors }) {
  const [[acid], [char]] = [found.acid_fraction, found.char_yield];
  const half = 0.5 * (1 - char);
  const first = half < acid;
  const share = first ? half / acid : (half - acid) / (1 - char - acid);
  const width = found.decomposition_width_k[0] * (first ? priors.acid_width_share[0] : 1);
  // With the rate exp(x - exp(x)) of a first-order step, x = ln(-ln(1 - share)).
  const within = Math.min(Math.max(share, 0.02), 0.98);
  const late = Math.log(Math.log(2) / -Math.log(1 - within));
  found[first ? "acid_t50_k" : "t50_k"] = [value + (late / 2.446) * width, sigma];
}
