// Common names of polymers, and what to suggest for one that nobody bears
// (src/trinity/chemistry/names.py).

import { InputError } from "./molecule.js";

const ALIKE = 0.7; // of 1, for a name to be suggested

/** A name without case, spaces and punctuation. */
export function plain(name) {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** The repeat unit of a name; `names` maps each to a PSMILES or to the components of a blend. */
export function polymerNamed(text, names) {
  const asked = plain(text);
  const found = Object.keys(names).find((name) => plain(name) === asked);
  if (!found) throw new InputError(unknown(text.trim(), asked, Object.keys(names)));
  if (names[found].includes("|")) {
    throw new InputError(
      `'${text.trim()}' is a copolymer or blend, which this page cannot answer; the command`
      + ` trinity predict '${found}' can.`);
  }
  return names[found];
}

function unknown(text, asked, names) {
  const near = names.map((name) => ({ name, spelled: plain(name) }))
    .map((one) => ({ ...one, alike: likeness(one.spelled, asked) }))
    .filter(({ alike }) => alike >= ALIKE)
    .sort((a, b) => b.alike - a.alike || (a.spelled < b.spelled ? 1 : -1))
    .slice(0, 3).map(({ name }) => name);
  const meant = [near.slice(0, -1).join(", "), ...near.slice(-1)].filter(Boolean).join(" or ");
  return `There is no polymer named '${text}'; `
    + (near.length ? `did you mean ${meant}?` : "give a PSMILES such as '*CC*' or a common name.");
}

/** Share of the characters of two texts that match in order, 0 to 1 (Ratcliff & Metzener 1988). */
export function likeness(a, b) {
  return a.length + b.length ? (2 * matching(a, b)) / (a.length + b.length) : 1;
}

/** Characters of the longest common piece, and of the longest ones before and after it. */
function matching(a, b) {
  let [size, atA, atB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      let k = 0;
      while (i + k < a.length && j + k < b.length && a[i + k] === b[j + k]) k += 1;
      if (k > size) [size, atA, atB] = [k, i, j];
    }
  }
  if (!size) return 0;
  return size + matching(a.slice(0, atA), b.slice(0, atB))
    + matching(a.slice(atA + size), b.slice(atB + size));
}
