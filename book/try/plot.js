// The heat-release curve as SVG: drawn by hand, so that it follows the theme of the page.

const SIZE = { width: 640, height: 320, left: 78, right: 14, top: 16, bottom: 48 };

/** Round steps for an axis from 0 to `most`. */
function ticks(most) {
  const rough = most / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((k) => k * unit >= rough) * unit;
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, k) => k * step);
}

/** SVG of HRR(t), with the ignition and the peak that the rule of the measurements reads. */
export function heatRelease({ time, hrr, scalars, tIg, burntOut }, title) {
  const { width, height, left, right, top, bottom } = SIZE;
  const last = scalars ? time.at(-1) : time.at(-1) || 1;
  const tallest = Math.max(1.1e-3 * Math.max(...hrr), 50);
  const x = (t) => left + (t / last) * (width - left - right);
  const y = (q) => height - bottom - (q / tallest) * (height - top - bottom);
  const points = time.map((t, i) => [t, hrr[i]]);
  if (burntOut) points.push([time.at(-1), 0]); // the flame ends, too
  const line = points.map(([t, q]) => `${x(t).toFixed(1)},${y(1e-3 * q).toFixed(1)}`).join(" ");
  const across = ticks(last).map((t) =>
    `<line class="grid" x1="${x(t)}" x2="${x(t)}" y1="${top}" y2="${height - bottom}"/>`
    + `<text x="${x(t)}" y="${height - bottom + 18}" text-anchor="middle">${t}</text>`);
  const up = ticks(tallest).map((q) =>
    `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(q)}" y2="${y(q)}"/>`
    + `<text x="${left - 8}" y="${y(q) + 4}" text-anchor="end">${q}</text>`);
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`
    + across.join("") + up.join("")
    + `<polyline class="curve" points="${line}"/>`
    + (scalars ? marks(scalars, x, y, height - bottom, width) : "")
    + (tIg < 0 ? `<text x="${width / 2}" y="${height / 2}" text-anchor="middle">no ignition</text>` : "")
    + `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">time (s)</text>`
    + `<text transform="translate(16 ${(top + height - bottom) / 2}) rotate(-90)"`
    + ` text-anchor="middle">heat release rate (kW/m²)</text></svg>`;
}

function marks(scalars, x, y, floor, width) {
  const at = x(scalars.t_ig_s);
  const [px, py] = [x(scalars.t_peak_s), y(scalars.phrr_kw_m2)];
  const end = px > width - 150;
  return `<line class="ignition" x1="${at}" x2="${at}" y1="${SIZE.top}" y2="${floor}"/>`
    + `<text x="${at + 5}" y="${SIZE.top + 12}">ignition</text>`
    + `<circle class="peak" cx="${px}" cy="${py}" r="4.5"/>`
    + `<text x="${px + (end ? -9 : 9)}" y="${py - 6}" text-anchor="${end ? "end" : "start"}">`
    + "peak as reported</text>";
}
