// What a cone calorimeter would report of a heat-release curve (src/trinity/metrics.py).

const GRID_S = 0.5; // the rule's time grid
const LAG_S = 3.0; // first-order lag of the instrument
const THRESHOLD_W_M2 = 24000; // ignition: above it ...
const SUSTAINED_S = 10; // ... for this long

/** The curve on the rule's grid behind the lag of the instrument, `after` seconds of zero added. */
function lagged(time, hrr, after) {
  const rows = time.length;
  const n = Math.floor((time[rows - 1] + after) / GRID_S) + 1;
  const curve = new Float64Array(n);
  const keep = Math.exp(-GRID_S / LAG_S);
  let y = 0;
  let before = hrr[0];
  let i = 1;
  for (let k = 0; k < n; k++) {
    const t = k * GRID_S;
    while (i < rows - 1 && time[i] < t) i += 1;
    let x = 0;
    if (t <= time[rows - 1]) {
      const span = time[i] - time[i - 1];
      const u = span === 0 ? 1 : (t - time[i - 1]) / span;
      x = hrr[i - 1] + u * (hrr[i] - hrr[i - 1]);
    }
    y = keep * y + (1 - keep) * 0.5 * (x + before);
    before = x;
    curve[k] = y;
  }
  return curve;
}

/** First grid point above the threshold that is followed by 10 s above it; -1 if none. */
function sustained(curve) {
  const need = SUSTAINED_S / GRID_S;
  let above = 0;
  for (let i = 0; i < curve.length; i++) {
    above = curve[i] > THRESHOLD_W_M2 ? above + 1 : 0;
    if (above > need) return i - need;
  }
  return -1;
}

/** The rule of the measurements; null when the specimen does not ignite. */
export function ruleScalars({ time, hrr, burntOut }) {
  const curve = lagged(time, hrr, burntOut ? 30 : 0);
  const start = sustained(curve);
  if (start < 0) return null;
  let [total, best, when] = [0, 0, 0];
  for (let i = 0; i < curve.length; i++) {
    const [lo, hi] = [Math.max(i - 5, 0), Math.min(i + 6, curve.length)];
    let mean = 0;
    for (let j = lo; j < hi; j++) mean += curve[j];
    mean /= hi - lo;
    if (mean > best) [best, when] = [mean, i];
    if (i > start) total += 0.5 * GRID_S * (Math.max(curve[i], 0) + Math.max(curve[i - 1], 0));
  }
  return {
    t_ig_s: start * GRID_S,
    phrr_kw_m2: 1e-3 * best,
    t_peak_s: when * GRID_S,
    thr_mj_m2: 1e-6 * total,
  };
}
