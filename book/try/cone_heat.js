// Heat: conduction, the heated face, one implicit stage of a step (src/trinity/cone_heat.py).
// The back face is insulated, as in the case of every estimate.

import { SIGMA, enthalpy, layout, react, specificHeat, volumeMean } from "./cone_matter.js";

/** Radiation absorbed in each cell, Beer-Lambert; what reaches the back stays in the last cell. */
function absorbedInDepth(faces, matter, m, dx, n, eps, src) {
  let passing = eps * faces.irradiance;
  for (let i = 0; i < n; i++) {
    let left = 0;
    if (i < n - 1 && passing > 0) {
      left = passing * Math.exp(-volumeMean(matter, m, i, matter.kappa) * dx[i]);
    }
    src[i] = passing - left;
    passing = left;
  }
}

/** Solve a symmetric tridiagonal system in place: `low[i]` couples cells i and i + 1. */
function thomas(low, diag, rhs, n) {
  diag[0] = 1 / diag[0];
  for (let i = 1; i < n; i++) {
    const w = low[i - 1] * diag[i - 1];
    diag[i] = 1 / (diag[i] - w * low[i - 1]);
    rhs[i] -= w * rhs[i - 1];
  }
  rhs[n - 1] *= diag[n - 1];
  for (let i = n - 2; i >= 0; i--) rhs[i] = (rhs[i] - low[i] * rhs[i + 1]) * diag[i];
}

/** Heat capacity at the mean mass of the step and heat stored since `T0`, a cell each. */
function heatContent(matter, m0, m1, T0, T, n, C, H) {
  const count = matter.count;
  for (let i = 0; i < n; i++) {
    let capacity = 0;
    let stored = 0;
    for (let c = 0; c < count; c++) {
      const mass = 0.5 * (m0[i * count + c] + m1[i * count + c]);
      if (mass > 0) {
        capacity += mass * specificHeat(matter, c, T[i]);
        stored += mass * (enthalpy(matter, c, T[i]) - enthalpy(matter, c, T0[i]));
      }
    }
    C[i] = capacity;
    H[i] = stored;
  }
}

/**
 * Solve one implicit stage for temperatures `w.T1` and masses `w.m1`; returns the surface
 * temperature.
 *
 * Newton's method, tridiagonal; the last loop puts what is left of the residual into the cell's
 * own temperature, so that energy is conserved whether or not Newton has converged.
 */
export function stage(faces, matter, chemistry, m0, T0, n, tau, Ts, tolerance, w) {
  const { T1: T, m1, dx, k, G, C, H, Q, dQ, src, low, rhs, S, Sx } = w;
  let a = 0;
  let b = 0;
  let front = 0;
  for (let iteration = 0; iteration < 8; iteration++) {
    react(matter, chemistry, m0, T, n, tau, w);
    layout(matter, m1, n, dx, k);
    heatContent(matter, m0, m1, T0, T, n, C, H);
    for (let i = 0; i < n - 1; i++) {
      G[i] = (2 * k[i] * k[i + 1]) / (dx[i] * k[i + 1] + dx[i + 1] * k[i]);
    }
    const eps = volumeMean(matter, m1, 0, matter.eps);
    absorbedInDepth(faces, matter, m1, dx, n, eps, src);
    // Net flux into the front face near Ts, as a - b Ts.
    b = faces.h + 4 * eps * SIGMA * Ts ** 3;
    a = faces.flame + faces.h * (faces.ambient - Ts) + eps * SIGMA * (faces.ambient ** 4 - Ts ** 4)
      + b * Ts;
    const Gs = (2 * k[0]) / dx[0];
    front = Gs / (b + Gs);
    for (let i = 0; i < n; i++) {
      const slope = C[i] + Math.max(dQ[i], -0.5 * C[i]);
      low[i] = -tau * G[i];
      S[i] = slope;
      rhs[i] = slope * T[i] - H[i] - Q[i] + Sx[i] + tau * src[i];
    }
    for (let i = 0; i < n - 1; i++) {
      S[i] += tau * G[i];
      S[i + 1] += tau * G[i];
    }
    S[0] += tau * front * b;
    rhs[0] += tau * front * a;
    thomas(low, S, rhs, n);
    let change = 0;
    for (let i = 0; i < n; i++) {
      change = Math.max(change, Math.abs(rhs[i] - T[i]));
      T[i] = rhs[i];
    }
    const surface = (a + Gs * T[0]) / (b + Gs);
    change = Math.max(change, Math.abs(surface - Ts));
    Ts = surface;
    if (change < tolerance || !(change < 1e6)) break;
  }
  for (let i = 0; i < n; i++) S[i] = src[i];
  for (let i = 0; i < n - 1; i++) {
    const q = G[i] * (T[i] - T[i + 1]);
    S[i] -= q;
    S[i + 1] += q;
  }
  S[0] += front * (a - b * T[0]);
  react(matter, chemistry, m0, T, n, tau, w);
  heatContent(matter, m0, m1, T0, T, n, C, H);
  for (let i = 0; i < n; i++) T[i] += (tau * S[i] + Sx[i] - Q[i] - H[i]) / C[i];
  return Ts;
}
