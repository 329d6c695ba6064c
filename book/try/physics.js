// A cone test from structure and physics alone, with intervals (src/trinity/cone/predict.py).

import { simulate } from "./cone_run.js";
import { ruleScalars } from "./metrics.js";
import { parameters, toCase } from "./sampling.js";

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

/** Central interval of a scalar of sampled tests (null without ignition), the nominal one inside;
 * NaN where none ignites (`ConeTest.interval`). */
export function interval(name, found, nominal, { properties, thickness, constants }) {
  const burning = found.filter(Boolean);
  if (!burning.length) return [NaN, NaN];
  const longer = constants.longer[name];
  const values = longer === undefined ? burning.map((scalars) => scalars[name])
    : found.map((scalars) => (scalars ? scalars[name] : constants.timeout_s + longer));
  const tail = (1 - constants.level) / 2;
  let ends = [quantile(values, tail), quantile(values, 1 - tail)];
  if (nominal) ends = [Math.min(ends[0], nominal[name]), Math.max(ends[1], nominal[name])];
  const most = constants.most_of_heat * 1e-9 * thickness * properties.density_kg_m3[0]
    * properties.heat_of_combustion_j_kg[0];
  return name === "thr_mj_m2" ? ends.map((end) => Math.min(end, most)) : ends;
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
