// How numbers are shown; words and units of the quantities come with the tables.

export const SCALARS = ["t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2"];

/** A number with so many significant figures, and no more digits than that. */
export function figures(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(digits));
  return Math.abs(rounded) >= 1e-4 ? String(rounded) : rounded.toExponential();
}

/** A value with the digits that its standard error leaves, and that error as ±. */
export function withSigma(value, sigma) {
  if (!sigma) return [figures(value), "± 0"];
  const places = 1 - Math.floor(Math.log10(Number(sigma.toPrecision(2))));
  const round = (x) => {
    const rounded = Math.round(x * 10 ** places) / 10 ** places;
    return rounded.toFixed(Math.max(places, 0));
  };
  return [round(value), `± ${round(sigma)}`];
}
