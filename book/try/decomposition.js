// How a chain decomposes: two Gaussian processes on its descriptors (src/trinity/decomposition.py).
// They were fitted in Python; here they only predict.

import { charGroups } from "./descriptors.js";

/** Mean and 1 sigma of the function itself (Rasmussen & Williams 2006, eq. 2.23-2.24). */
export function predictProcess(process, described) {
  const x = process.descriptors.map(
    (name, i) => (described[name] - process.centre[i]) / process.scale[i]
  );
  const cross = process.inputs.map((other) => kernel(process, x, other));
  const own = 1 + process.constant + process.linear * mean(x.map((v) => v * v));
  const explained = process.inverse.reduce(
    (sum, row, i) => sum + cross[i] * row.reduce((s, value, k) => s + value * cross[k], 0), 0
  );
  const weighted = cross.reduce((sum, value, i) => sum + value * process.weights[i], 0);
  return [
    process.mean + process.spread * weighted,
    process.spread * Math.sqrt(Math.max(own - explained, 0)),
  ];
}

function kernel(process, a, b) {
  const squares = mean(a.map((value, i) => (value - b[i]) ** 2));
  const distance = Math.sqrt(3 * squares) / process.length;
  const matern = (1 + distance) * Math.exp(-distance);
  return matern + process.linear * mean(a.map((value, i) => value * b[i])) + process.constant;
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Kinds of structural groups of a unit, benzene rings of all substitutions as one. */
function kindsOf(unit) {
  const kinds = {};
  const add = (kind, n) => { kinds[kind] = (kinds[kind] ?? 0) + n; };
  for (const [name, n] of Object.entries(unit.groups)) {
    add(name === "phenyl" || name.startsWith("C6H") ? "benzene ring" : name, n);
  }
  for (const symbol of unit.bare.values()) add(symbol, 1);
  return kinds;
}

/** Share of a unit's groups that the fitted model never saw; what makes char is known. */
function unseen(unit, quantity) {
  const kinds = Object.entries(kindsOf(unit));
  const seen = unit.tables.constants.seen_groups[quantity];
  const count = (rows) => rows.reduce((sum, [, n]) => sum + n, 0);
  const share = count(kinds.filter(([kind]) => !seen.includes(kind))) / count(kinds);
  if (quantity !== "char") return share;
  const known = Object.values(charGroups(unit)).reduce((sum, part) => sum + part, 0);
  return share * (1 - Math.min(known, 1));
}

/** Temperature [K] of half decomposition at 10 K/min in nitrogen, and its 1 sigma. */
export function predictT50(unit, described) {
  const { decomposition, constants: { priors } } = unit.tables;
  const [value, sigma] = predictProcess(decomposition.t50, described);
  const beyond = priors.unseen_t50[0] * unseen(unit, "t50");
  return [value, Math.hypot(sigma, beyond, priors.half_error_k[0])];
}

/** Char yield [kg/kg] of slow heating in nitrogen, and its 1 sigma. */
export function predictChar(unit, described) {
  const { decomposition, constants: { priors } } = unit.tables;
  const groups = Object.entries(charGroups(unit));
  const known = groups.reduce((sum, [name, share]) => sum + share * priors[`char_${name}`][0], 0);
  const doubts = groups.map(([name, share]) => share * priors[`char_${name}`][1]);
  const [found, sigma] = predictProcess(decomposition.char, described);
  const value = Math.min(Math.max(known + found, 0), 0.9);
  return [value, Math.hypot(
    ...doubts, sigma, priors.unseen_char[0] * unseen(unit, "char"), priors.char_error[0],
    priors.char_error_share[0] * value,
    priors.char_error_aromatic[0] * Math.min(5 * described.char_former, 1)
  )];
}
