// A cone test from structure and physics alone, with intervals (src/trinity/cone_test.py,
// src/trinity/physics_prior.py).

import { simulate } from "./cone_run.js";
import { ruleScalars } from "./metrics.js";
import { parameters, toCase } from "./sampling.js";

export const TARGETS = ["t_ig_s", "phrr_kw_m2", "thr_mj_m2", "t_peak_s"];

/** The curve and the scalars (null without ignition) at nominal properties. */
export function nominalTest(properties, flux, thickness, tables) {
  const found = simulate(toCase(parameters(properties, tables), flux, thickness, tables.constants));
  return { ...found, scalars: ruleScalars(found) };
}

/** Scalars of draw `i` within the errors of the properties; null without ignition. */
export function sampledTest(properties, flux, thickness, tables, draws, i) {
  const scores = Object.fromEntries(Object.entries(draws).map(([name, all]) => [name, all[i]]));
  const drawn = parameters(properties, tables, scores);
  return ruleScalars(simulate(toCase(drawn, flux, thickness, tables.constants)));
}

/**
 * Natural logarithms of the targets that physics gives, for a model that reads them.
 *
 * Where the nominal specimen does not ignite, the median of the sampled ones that do stands in;
 * NaN where none does.
 */
export function physicsPrior(nominal, properties, flux, thickness, tables) {
  if (nominal.scalars) return TARGETS.map((name) => Math.log(nominal.scalars[name]));
  const draws = tables.draws.prior;
  const count = Object.values(draws)[0].length;
  const burning = Array.from({ length: count }, (_, i) =>
    sampledTest(properties, flux, thickness, tables, draws, i)).filter(Boolean);
  return TARGETS.map((name) => Math.log(quantile(burning.map((s) => s[name]), 0.5)));
}

/** Quantile with linear interpolation; NaN of nothing. */
export function quantile(values, q) {
  if (!values.length) return NaN;
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}
