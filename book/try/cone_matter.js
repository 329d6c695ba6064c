// The slab's matter: components, ramps, reactions (src/trinity/cone_matter.py); SI units.
//
// Masses of C components in cells are flat arrays: cell i, component c at i * C + c.

export const R = 8.314462618; // gas constant [J/mol/K]
export const SIGMA = 5.670374419e-8; // Stefan-Boltzmann constant [W/m2/K4]
const COLDEST_RATE = 1e-8; // reactions slower than this are not computed [1/s]
const OPAQUE = 1e6; // absorption coefficient that stands for absorption at the surface [1/m]

/** Arrays of a case's components. */
export function matterOf(components) {
  const ramps = components.map(({ heat }) => {
    let integral = heat[0][0] * heat[0][1];
    return heat.map(([T, value], k) => {
      if (k) integral += 0.5 * (value + heat[k - 1][1]) * (T - heat[k - 1][0]);
      return [T, value, integral];
    });
  });
  const longest = Math.max(...ramps.map((ramp) => ramp.length));
  const ramp = new Float64Array(ramps.length * longest * 3);
  ramps.forEach((rows, c) => ramp.set(rows.flat(), c * longest * 3));
  return {
    count: components.length,
    rho: Float64Array.from(components, (c) => c.density),
    k: Float64Array.from(components, (c) => c.conductivity),
    eps: Float64Array.from(components, (c) => c.emissivity),
    kappa: Float64Array.from(components, (c) => Math.min(c.absorption, OPAQUE)),
    ramp, // temperature [K], specific heat, its integral from 0 K
    stride: longest * 3,
    length: Int32Array.from(ramps, (rows) => rows.length),
  };
}

/** Arrays of a case's reactions, upstream first. */
export function chemistryOf(reactions) {
  const column = (name) => Float64Array.from(reactions, (r) => r[name]);
  return {
    count: reactions.length,
    reactant: Int32Array.from(reactions, (r) => r.reactant),
    product: Int32Array.from(reactions, (r) => r.product),
    A: column("A"), E: column("E"), y: column("yield"), dh: column("heat"),
    hc: column("combustion"),
    // Below it the rate is negligible [K].
    T_on: Float64Array.from(reactions, ({ A, E }) =>
      A <= COLDEST_RATE ? Infinity : E / (R * Math.log(A / COLDEST_RATE))),
  };
}

/** Specific heat of component `c` [J/kg/K], linear between nodes, constant outside. */
export function specificHeat(matter, c, T) {
  const { ramp } = matter;
  const first = c * matter.stride;
  const last = first + 3 * (matter.length[c] - 1);
  if (T <= ramp[first]) return ramp[first + 1];
  if (T >= ramp[last]) return ramp[last + 1];
  let j = first + 3;
  while (T > ramp[j]) j += 3;
  const slope = (ramp[j + 1] - ramp[j - 2]) / (ramp[j] - ramp[j - 3]);
  return ramp[j - 2] + slope * (T - ramp[j - 3]);
}

/** Sensible enthalpy of component `c` above 0 K [J/kg]. */
export function enthalpy(matter, c, T) {
  const { ramp } = matter;
  const first = c * matter.stride;
  const last = first + 3 * (matter.length[c] - 1);
  if (matter.length[c] === 1 || T <= ramp[first]) return ramp[first + 1] * T;
  if (T >= ramp[last]) return ramp[last + 2] + ramp[last + 1] * (T - ramp[last]);
  let j = first + 3;
  while (T > ramp[j]) j += 3;
  const u = T - ramp[j - 3];
  const slope = (ramp[j + 1] - ramp[j - 2]) / (ramp[j] - ramp[j - 3]);
  return ramp[j - 1] + u * (ramp[j - 2] + 0.5 * slope * u);
}

/** Enthalpy of cell `i` with masses `m` at `T` [J/m2]. */
export function cellEnthalpy(matter, m, i, T) {
  let total = 0;
  for (let c = 0, o = i * matter.count; c < matter.count; c++) {
    if (m[o + c] > 0) total += m[o + c] * enthalpy(matter, c, T);
  }
  return total;
}

/** Temperature at which cell `i` holds the enthalpy `H`; Newton from `T`. */
export function cellTemperature(matter, m, i, H, T) {
  const o = i * matter.count;
  for (let k = 0; k < 20; k++) {
    let C = 0;
    for (let c = 0; c < matter.count; c++) C += m[o + c] * specificHeat(matter, c, T);
    const change = (H - cellEnthalpy(matter, m, i, T)) / C;
    T += change;
    if (Math.abs(change) < 1e-9) break;
  }
  return T;
}

/** Thickness [m] and conductivity [W/m/K] of `n` cells; the latter weighted by volume. */
export function layout(matter, m, n, dx, k) {
  const { count, rho } = matter;
  for (let i = 0; i < n; i++) {
    let volume = 0;
    let conducts = 0;
    for (let c = 0; c < count; c++) {
      const v = m[i * count + c] / rho[c];
      volume += v;
      conducts += v * matter.k[c];
    }
    dx[i] = volume;
    k[i] = conducts / volume;
  }
}

/** Volume-weighted mean of a component property in cell `i`. */
export function volumeMean(matter, m, i, values) {
  let volume = 0;
  let total = 0;
  for (let c = 0; c < matter.count; c++) {
    const v = m[i * matter.count + c] / matter.rho[c];
    volume += v;
    total += v * values[c];
  }
  return total / volume;
}

/**
 * First-order serial reactions in `n` cells over a (sub)step `tau`.
 *
 * With z = Z + tau A exp(-E/RT) a reactant loses 1 - exp(-z) of itself and, of what arrives during
 * the step, 1 - (1 - exp(-z)) / z. Fills masses `w.m1`, rate constants `w.K`, heat taken `w.Q` and
 * its slope `w.dQ`.
 */
export function react(matter, chemistry, m0, T, n, tau, w) {
  const C = matter.count;
  const J = chemistry.count;
  const { reactant, product, A, E, y, dh, T_on } = chemistry;
  const { m1, K, Z, Q, dQ } = w;
  for (let i = 0; i < n; i++) {
    Q[i] = 0;
    dQ[i] = 0;
    const o = i * C;
    for (let c = 0; c < C; c++) m1[o + c] = m0[o + c];
    for (let j = 0; j < J; j++) {
      const at = i * J + j;
      const a = o + reactant[j];
      K[at] = 0;
      if (m1[a] === 0) continue;
      let z = Z[at];
      let x = 0;
      if (T[i] > T_on[j]) {
        x = E[j] / (R * T[i]);
        K[at] = A[j] * Math.exp(-x);
        z += tau * K[at];
      }
      if (z === 0) continue;
      const kept = Math.exp(-z);
      const arrived = m1[a] - m0[a];
      let xi = m0[a] * (1 - kept);
      m1[a] = m0[a] * kept;
      if (arrived > 0) {
        const share = z < 1e-6 ? 0.5 * z : 1 - (1 - kept) / z;
        xi += arrived * share;
        m1[a] += arrived * (1 - share);
      }
      if (product[j] >= 0) m1[o + product[j]] += y[j] * xi;
      Q[i] += dh[j] * xi;
      dQ[i] += (dh[j] * m0[a] * kept * tau * K[at] * x) / T[i];
    }
  }
}

/** Mass flux of gas [kg/m2/s] and the heat of its combustion [W/m2] at this instant. */
export function gasRelease(matter, chemistry, m, K, n) {
  let flux = 0;
  let heat = 0;
  const J = chemistry.count;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < J; j++) {
      const rate = (1 - chemistry.y[j]) * K[i * J + j]
        * m[i * matter.count + chemistry.reactant[j]];
      flux += rate;
      heat += rate * chemistry.hc[j];
    }
  }
  return [flux, heat];
}
