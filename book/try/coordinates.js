// Coordinates in which no answer is impossible, and answers along the heat flux
// (src/trinity/cone/coordinates.py, src/trinity/learning/answer.py).

const clip = (x, [low, high]) => Math.min(Math.max(x, low), high);
const logit = (p) => Math.log(p / (1 - p));
const expit = (x) => 1 / (1 + Math.exp(-x));

/** Coordinates [t_ig, peak, share, delay] of targets [t_ig, peak, heat, t_peak]. */
export function toCoordinates([tIg, peak, heat, tPeak], complete, model) {
  const share = clip(heat / complete, model.shares);
  const delay = Math.max(tPeak - tIg, model.shortest_delay_s);
  return [Math.log(tIg), Math.log(peak), logit(share), Math.log(delay)];
}

/** The targets that coordinates mean. */
function toTargets([tIg, peak, share, delay], complete, { logits }) {
  const heat = complete * expit(clip(share, logits));
  return [Math.exp(tIg), Math.exp(peak), heat, Math.exp(tIg) + Math.exp(delay)];
}

/** Coordinates and widths of what says logarithms of the targets, moved to the bounds. */
export function fromLogs(mean, sigma, complete, model) {
  const targets = mean.map(Math.exp);
  targets[3] = Math.max(targets[3], targets[0] / 0.95);
  const found = toCoordinates(targets, complete, model);
  const told = toTargets(found, complete, model);
  const slopes = [1, 1, 1 - told[2] / complete, 1 - told[0] / told[3]];
  return [found, sigma.map((s, i) => s / Math.max(slopes[i], model.least_slope))];
}

/** Targets of the mean and of both ends [mean, low, high]: errors of ignition and of the delay add
 * in quadrature. */
export function toIntervals(ends, complete, model) {
  const found = ends.map((end) => toTargets(end, complete, model));
  const delay = found.map((t) => t[3] - t[0]);
  for (const [end, sign] of [[1, -1], [2, 1]]) {
    const off = Math.hypot(found[end][0] - found[0][0], delay[end] - delay[0]);
    found[end][3] = found[0][3] + sign * off;
  }
  return found;
}

/** The nearest values that rise, or fall: isotonic regression by pooling neighbours. */
export function monotone(values, increasing) {
  const sign = increasing ? 1 : -1;
  const blocks = [];
  for (const value of values) {
    blocks.push({ sum: sign * value, count: 1 });
    while (blocks.length > 1) {
      const [before, last] = blocks.slice(-2);
      if (before.sum / before.count <= last.sum / last.count) break;
      blocks.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  return blocks.flatMap(({ sum, count }) => Array(count).fill((sign * sum) / count));
}

/** Value at a heat flux from those at the model's fluxes, linear in ln flux. */
export function between(values, fluxes, flux) {
  let low = fluxes.findLastIndex((q) => q <= flux);
  low = clip(low, [0, fluxes.length - 2]);
  const part = Math.log(flux / fluxes[low]) / Math.log(fluxes[low + 1] / fluxes[low]);
  return (1 - clip(part, [0, 1])) * values[low] + clip(part, [0, 1]) * values[low + 1];
}
