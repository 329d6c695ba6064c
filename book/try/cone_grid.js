// A grid that follows the reaction: cells are split where it burns and merged where it does not
// (src/trinity/cone_grid.py).

import { R, SIGMA, cellEnthalpy, cellTemperature } from "./cone_matter.js";

const GROWTH = 0.25; // greatest relative change of cell size per cell away from the reaction zone

/** Cell size that will resolve the surface when it reacts [m]. */
export function zoneAhead(matter, chemistry, faces, thickness, fineness) {
  let smallest = Math.min(thickness / 12, 1.5e-4); // heating alone needs no finer
  for (let j = 0; j < chemistry.count; j++) {
    const [A, E] = [chemistry.A[j], chemistry.E[j]];
    if (E <= 0 || A <= 0.03 || chemistry.y[j] >= 1) continue;
    const T = E / (R * Math.log(A / 0.03)); // where the reaction runs at 0.03 1/s
    const a = chemistry.reactant[j];
    const absorbed = matter.eps[a] * faces.irradiance + faces.flame;
    const lost = faces.h * (T - faces.ambient) + matter.eps[a] * SIGMA * T ** 4;
    const q = Math.max(0.3 * absorbed, absorbed - lost);
    if (q > 0) smallest = Math.min(smallest, (((fineness * R * T * T) / E) * matter.k[a]) / q);
  }
  smallest = Math.min(smallest, (0.5 * fineness) / matter.kappa[0]);
  return Math.max(smallest, 2e-6);
}

/** Cells from the front face inwards, each `growth` wider than the last; returns the count. */
export function firstGrid(thickness, smallest, growth, dx) {
  let n = 0;
  let x = 0;
  let size = smallest;
  while (x < thickness && n < dx.length) {
    dx[n] = size;
    x += size;
    n += 1;
    size = Math.min(size * (1 + growth), Math.max(thickness / 12, smallest));
  }
  for (let i = 0; i < n; i++) dx[i] *= thickness / x;
  return n;
}

/** Fill `s` with the size wanted of each cell, from what reacts there and from the gradient. */
function wantedSizes(matter, chemistry, state, w, n, fineness, coarsest) {
  const { m, T, s } = state;
  const { K, dx } = w;
  const C = matter.count;
  const J = chemistry.count;
  let busiest = 0;
  for (let i = 0; i < n; i++) {
    s[i] = 0;
    for (let j = 0; j < J; j++) {
      if (K[i * J + j] > 0 && chemistry.E[j] > 0) {
        const weight = 1 - chemistry.y[j] + 1e-6 * Math.abs(chemistry.dh[j]);
        s[i] = Math.max(s[i], (weight * K[i * J + j] * m[i * C + chemistry.reactant[j]]) / dx[i]);
      }
    }
    busiest = Math.max(busiest, s[i]);
  }
  for (let i = 0; i < n; i++) {
    const left = Math.max(i - 1, 0);
    const right = Math.min(i + 1, n - 1);
    const distance = 0.5 * (dx[left] + dx[right]) + (right - left === 2 ? dx[i] : 0);
    const gradient = Math.abs(T[right] - T[left]) / distance + 1e-9;
    let wanted = coarsest;
    if (s[i] > 0.02 * busiest && busiest > 1e-4) {
      for (let j = 0; j < J; j++) {
        if (K[i * J + j] * m[i * C + chemistry.reactant[j]] > 0 && chemistry.E[j] > 0) {
          wanted = Math.min(wanted, (fineness * R * T[i] * T[i]) / chemistry.E[j] / gradient);
        }
      }
    }
    s[i] = Math.min(Math.max(Math.min(wanted, (100 * fineness) / gradient), 2e-6), coarsest);
  }
  let depth = 0; // optical: radiation is absorbed within the first two
  for (let i = 0; i < n; i++) {
    let kappa = 0;
    for (let c = 0; c < C; c++) kappa += ((m[i * C + c] / matter.rho[c]) * matter.kappa[c]) / dx[i];
    if (depth < 2) s[i] = Math.min(s[i], Math.max((0.5 * fineness) / kappa, 2e-6));
    depth += kappa * dx[i];
  }
  for (let i = 1; i < n; i++) s[i] = Math.min(s[i], s[i - 1] + GROWTH * dx[i - 1]);
  for (let i = n - 2; i >= 0; i--) s[i] = Math.min(s[i], s[i + 1] + GROWTH * dx[i + 1]);
}

/** Copy all that is known of one cell to another place. */
function copyCell(matter, { m, T, rate, s }, dx, source, target) {
  const C = matter.count;
  for (let c = 0; c < C; c++) m[target * C + c] = m[source * C + c];
  T[target] = T[source];
  rate[target] = rate[source];
  dx[target] = dx[source];
  s[target] = s[source];
}

/** Join cell `i + 1` to cell `i`; masses and enthalpy are kept. */
function merge(matter, state, dx, i, n) {
  const { m, T, rate, s } = state;
  const C = matter.count;
  const H = cellEnthalpy(matter, m, i, T[i]) + cellEnthalpy(matter, m, i + 1, T[i + 1]);
  const share = dx[i] / (dx[i] + dx[i + 1]);
  const guess = share * T[i] + (1 - share) * T[i + 1];
  rate[i] = share * rate[i] + (1 - share) * rate[i + 1];
  for (let c = 0; c < C; c++) m[i * C + c] += m[(i + 1) * C + c];
  T[i] = cellTemperature(matter, m, i, H, guess);
  dx[i] += dx[i + 1];
  s[i] = Math.min(s[i], s[i + 1]);
  for (let o = i + 1; o < n - 1; o++) copyCell(matter, state, dx, o + 1, o);
}

/** Slope of a cell mean, the smaller of the one-sided ones (minmod with factor 2). */
function limited(left, here, right, dl, d, dr) {
  const a = (2 * (here - left)) / (dl + d);
  const b = (2 * (right - here)) / (d + dr);
  if (a * b <= 0) return 0;
  const centre = 0.5 * (a + b);
  const bound = (2 * Math.min(Math.abs(a), Math.abs(b)) * Math.min(dl + d, d + dr)) / (2 * d);
  return Math.abs(centre) < bound ? centre : Math.sign(centre) * bound;
}

/** Halve cell `i` along its temperature and mass gradients. */
function split(matter, state, dx, i, n) {
  const { m, T, rate, s } = state;
  const C = matter.count;
  const lo = Math.max(i - 1, 0);
  let hi = Math.min(i + 1, n - 1);
  const H = cellEnthalpy(matter, m, i, T[i]);
  const slope = limited(T[lo], T[i], T[hi], dx[lo], dx[i], dx[hi]);
  for (let o = n; o > i + 1; o--) copyCell(matter, state, dx, o - 1, o);
  if (hi > i) hi += 1;
  for (let c = 0; c < C; c++) {
    const whole = m[i * C + c];
    const tilt = limited(
      m[lo * C + c] / dx[lo], whole / dx[i], m[hi * C + c] / dx[hi], dx[lo], dx[i], dx[hi]
    );
    m[i * C + c] = 0.5 * whole - 0.125 * tilt * dx[i] * dx[i];
    m[(i + 1) * C + c] = whole - m[i * C + c];
  }
  dx[i] *= 0.5;
  dx[i + 1] = dx[i];
  const guess = T[i];
  T[i] = guess - 0.5 * slope * dx[i];
  T[i + 1] = guess + 0.5 * slope * dx[i];
  rate[i + 1] = rate[i];
  s[i + 1] = s[i];
  T[i + 1] = cellTemperature(matter, m, i + 1, H - cellEnthalpy(matter, m, i, T[i]), T[i + 1]);
}

/** Split and merge the `n` cells; returns the new count. */
export function adapt(matter, chemistry, state, w, n, fineness, coarsest) {
  const { s } = state;
  const { dx } = w;
  let total = 0;
  for (let i = 0; i < n; i++) total += dx[i];
  wantedSizes(matter, chemistry, state, w, n, fineness, Math.min(coarsest, total / 6));
  for (let i = 0; i < n - 1; ) {
    const pair = dx[i] + dx[i + 1];
    const vanishing = Math.min(dx[i], dx[i + 1]) < 0.1 * s[i];
    if (n > 4 && (pair < 0.9 * Math.min(s[i], s[i + 1]) || vanishing)) {
      merge(matter, state, dx, i, n);
      n -= 1;
    } else i += 1;
  }
  for (let i = 0; i < n; ) {
    if (dx[i] > 1.5 * s[i] && n < state.T.length - 1) {
      split(matter, state, dx, i, n);
      n += 1;
    } else i += 1;
  }
  return n;
}
