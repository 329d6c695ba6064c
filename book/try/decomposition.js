// How a chain decomposes: two Gaussian processes on its descriptors (src/trinity/decomposition.py).
// They were fitted in Python; here they only predict.

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

/** Temperature [K] of half decomposition at 10 K/min in nitrogen, and its 1 sigma. */
export function predictT50(described, tables) {
  const [value, sigma] = predictProcess(tables.decomposition.t50, described);
  return [value, Math.hypot(sigma, tables.constants.mixed_sigma_k)];
}

/** Char yield [kg/kg] of slow heating in nitrogen, and its 1 sigma. */
export function predictChar(described, tables) {
  const [found, sigma] = predictProcess(tables.decomposition.char, described);
  const value = Math.min(Math.max(found, 0), 0.9);
  return [value, Math.hypot(sigma, 0.02 + 0.1 * value)];
}
