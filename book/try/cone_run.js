// One cone test from the first second to burn-out (src/trinity/cone_run.py), at the default
// resolution of src/trinity/cone_batch.py.

import { adapt, firstGrid, zoneAhead } from "./cone_grid.js";
import { stage } from "./cone_heat.js";
import { R, chemistryOf, gasRelease, layout, matterOf } from "./cone_matter.js";

const NUMERICS = { fineness: 0.5, growth: 0.2, error_k: 2.5, fold: 0.6, newton_k: 3.0 };
const GAMMA = 1 - 1 / Math.sqrt(2); // two-stage SDIRK, L-stable, second order (Alexander 1977)
const MOST_CELLS = 240;
const MOST_ROWS = 50000;
const NEGLIGIBLE = 5e-6; // mass flux that no step is cut for [kg/m2/s]
const MOST_OF_VOLATILES = 0.03; // part of the volatiles that may leave in one step

function workspace(C, J) {
  const cells = () => new Float64Array(MOST_CELLS);
  const w = {};
  for (const name of "dx k G C H Q dQ src low rhs S Sx T1".split(" ")) w[name] = cells();
  w.K = new Float64Array(MOST_CELLS * J);
  w.Z = new Float64Array(MOST_CELLS * J);
  w.m1 = new Float64Array(MOST_CELLS * C);
  return w;
}

/** Mass that the reactions can release [kg/m2]. */
function volatilesOf(mass, components, reactions) {
  const left = components.map((_, c) => (c === 0 ? 1 : 0));
  for (const r of reactions) {
    if (r.product >= 0) left[r.product] += r.yield * left[r.reactant];
    left[r.reactant] = 0;
  }
  return mass * (1 - left.reduce((sum, part) => sum + part, 0));
}

/** Advance `n` cells by `dt` in two stages: surface temperature, and difference to first order. */
function step(faces, matter, chemistry, { m, T }, rate, n, dt, Ts, w) {
  const tau = GAMMA * dt;
  const J = chemistry.count;
  const { T1, S, Sx, K, Z } = w;
  for (let i = 0; i < n; i++) {
    T1[i] = T[i] + tau * rate[i];
    Sx[i] = 0;
    for (let j = 0; j < J; j++) Z[i * J + j] = 0;
  }
  Ts = stage(faces, matter, chemistry, m, T, n, tau, Ts, NUMERICS.newton_k, w);
  const explicit = dt - tau;
  for (let i = 0; i < n; i++) {
    rate[i] = (T1[i] - T[i]) / tau;
    T1[i] = T[i] + dt * rate[i];
    Sx[i] = explicit * S[i];
    for (let j = 0; j < J; j++) Z[i * J + j] = explicit * K[i * J + j];
  }
  Ts = stage(faces, matter, chemistry, m, T, n, tau, Ts, NUMERICS.newton_k, w);
  let worst = 0;
  for (let i = 0; i < n; i++) worst = Math.max(worst, Math.abs(T1[i] - T[i] - dt * rate[i]));
  return [Ts, worst];
}

/** Largest change of ln(rate) within the step, over cells that release 2 % of the gas. */
function steepestFold(matter, chemistry, w, T, n, flux) {
  const { K, m1, T1 } = w;
  const J = chemistry.count;
  let fold = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < J; j++) {
      const released = (1 - chemistry.y[j]) * K[i * J + j]
        * m1[i * matter.count + chemistry.reactant[j]];
      if (released > 0.02 * flux) {
        fold = Math.max(fold, (Math.abs(T1[i] - T[i]) * chemistry.E[j]) / (R * T1[i] * T1[i]));
      }
    }
  }
  return fold;
}

function massOf(m, cells, C) {
  let total = 0;
  for (let i = 0; i < cells * C; i++) total += m[i];
  return total;
}

/** Ratio of the mass that left in a step to the mean of an exponential through its ends. */
function agreement(flux0, flux1, mean) {
  if (flux0 <= 0 || flux1 <= 0) return 1;
  const x = Math.log(flux1 / flux0);
  const expected = Math.abs(x) < 1e-4 ? flux0 * (1 + 0.5 * x) : (flux1 - flux0) / x;
  return Math.min(1.05, Math.max(0.95, mean / expected));
}

/**
 * Burn one specimen.
 *
 * Returns `time` [s] and heat release rate `hrr` [W/m2] of every step, the time of ignition `tIg`
 * (-1 without) and whether the specimen `burntOut`.
 */
export function simulate(test) {
  const matter = matterOf(test.components);
  const chemistry = chemistryOf(test.reactions);
  const [C, J] = [matter.count, chemistry.count];
  const state = {
    m: new Float64Array(MOST_CELLS * C), T: new Float64Array(MOST_CELLS).fill(test.ambient),
    rate: new Float64Array(MOST_CELLS), s: new Float64Array(MOST_CELLS),
  };
  const { m, T, rate } = state;
  const trial = new Float64Array(MOST_CELLS);
  const w = workspace(C, J);
  const faces = {
    irradiance: test.irradiance, flame: 0, h: test.convection, ambient: test.ambient,
  };
  const finest = zoneAhead(matter, chemistry, faces, test.thickness, NUMERICS.fineness);
  let n = firstGrid(test.thickness, finest, NUMERICS.growth, w.dx);
  for (let i = 0; i < n; i++) m[i * C] = w.dx[i] * matter.rho[0];
  const coarsest = test.thickness / 12;
  let mass = massOf(m, n, C);
  const volatiles = volatilesOf(mass, test.components, test.reactions);
  let [t, dt, Ts, tIg, lost, ready, flux0] = [0, 1e-3, test.ambient, -1, 0, 0, 0];
  const time = [0];
  const hrr = [0];
  const note = (value) => {
    time.push(t);
    hrr.push(value);
  };
  while (t < test.end * (1 - 1e-12) && time.length < MOST_ROWS - 2) {
    dt = Math.min(dt, (tIg >= 0 ? test.end : Math.min(test.end, test.timeout)) - t);
    trial.set(rate);
    const [Ts1, worst] = step(faces, matter, chemistry, state, trial, n, dt, Ts, w);
    const [flux1, heat1] = gasRelease(matter, chemistry, w.m1, w.K, n);
    const fold = flux1 > NEGLIGIBLE ? steepestFold(matter, chemistry, w, T, n, flux1) : 0;
    const share = (flux1 * dt) / (MOST_OF_VOLATILES * volatiles + 1e-9);
    const error = Math.max(worst / NUMERICS.error_k, (fold / NUMERICS.fold) ** 2, share * share);
    if (!(error < 2) && dt > 1e-7) {
      dt *= error < 1e9 ? Math.max(0.2, 0.8 / Math.sqrt(error)) : 0.2;
      continue;
    }
    const ready1 = (test.efficiency * heat1) / test.critical;
    const lit = tIg < 0 && ready1 >= 1;
    if (lit && ready1 > 1.003 && dt > 1e-4) {
      // The step passed ignition: cut it there.
      dt *= ready > 0
        ? Math.min(0.98, Math.max(0.02, Math.log(1.001 / ready) / Math.log(ready1 / ready)))
        : 0.5;
      continue;
    }
    for (let i = 0; i < n; i++) {
      rate[i] = (w.T1[i] - T[i]) / dt;
      T[i] = w.T1[i];
    }
    for (let i = 0; i < n * C; i++) m[i] = w.m1[i];
    t += dt;
    Ts = Ts1;
    ready = ready1;
    const left = massOf(m, n, C);
    const released = mass - left;
    const perGas = flux1 > 0 ? heat1 / flux1 : 0;
    const value = test.efficiency * perGas * flux1 * agreement(flux0, flux1, released / dt);
    flux0 = flux1;
    mass = left;
    lost += released;
    note(tIg >= 0 ? value : 0);
    dt *= Math.min(2, Math.max(0.3, 0.9 / Math.sqrt(Math.max(error, 1e-3))));
    if (lit) {
      tIg = t;
      note(value);
      faces.flame = test.flame;
      faces.h = test.convectionFlaming;
      dt = Math.min(dt, 0.05);
    }
    if (lost >= (1 - 1e-4) * volatiles && volatiles > 0) break;
    if (tIg < 0 && t >= test.timeout * (1 - 1e-12)) break;
    if (lost < NEGLIGIBLE) continue; // the first grid was made for the onset
    layout(matter, m, n, w.dx, w.k);
    n = adapt(matter, chemistry, state, w, n, NUMERICS.fineness, coarsest);
  }
  return { time, hrr, tIg, burntOut: lost >= 0.999 * volatiles };
}
