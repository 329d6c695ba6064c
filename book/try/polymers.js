// Polymers as text: reading a PSMILES, and one key for one chain (src/trinity/polymers.py).

import { InputError, Molecule, canonical, rawMatches, writeSmiles } from "./molecule.js";

const ALLOWED = ["B", "Br", "C", "Cl", "F", "H", "I", "N", "O", "P", "S", "Si"];
const MAX_LENGTH = 2000;

/** Read and check a PSMILES; stereo, isotopes of the ends and atom maps are dropped. */
export function parsePsmiles(psmiles) {
  const text = checkedText(psmiles);
  const read = Molecule.read(text);
  if (!read) {
    throw new InputError(`${quoted(text)} is not a valid SMILES; check brackets and valences.`);
  }
  try {
    checkComposition(read, quoted(text), text);
    checkEnds(read, quoted(text));
    joinCharges(read);
    return Molecule.build(read.atoms, read.bonds);
  } finally {
    read.free();
  }
}

function quoted(text) {
  return `'${text.length <= 60 ? text : text.slice(0, 57) + "..."}'`;
}

function checkedText(psmiles) {
  const text = psmiles.trim();
  if (!text) throw new InputError("The PSMILES is empty; give a repeat unit such as '*CC*'.");
  if (text.length > MAX_LENGTH) {
    throw new InputError(
      `The PSMILES has ${text.length} characters; a repeat unit has at most ${MAX_LENGTH}.`
    );
  }
  // A leading { would be read as RDKit's JSON, a line break as a mol block.
  if (!/^[!-~]+$/.test(text) || text.includes("{")) {
    throw new InputError(`${quoted(text)} has a space or a character that SMILES does not use.`);
  }
  return text;
}

function checkComposition(mol, shown, text) {
  const ends = mol.atoms.filter((atom) => atom.number === 0).length;
  if (ends !== 2) {
    throw new InputError(`${shown} has ${ends} attachment points; it must have two.`);
  }
  if (reachable(mol, 0, new Set()).length < mol.atoms.length) {
    throw new InputError(`${shown} has more than one fragment; the page takes homopolymers only.`);
  }
  for (const atom of mol.atoms) {
    if (atom.number === 0) continue;
    if (!ALLOWED.includes(atom.symbol)) {
      throw new InputError(
        `${shown} has an element that is not allowed; allowed are ${ALLOWED.join(" ")}.`
      );
    }
    if (atom.radicals) {
      throw new InputError(`${shown} has a radical at ${atom.symbol}; close its valence.`);
    }
    if (atom.isotope) {
      throw new InputError(`${shown} names an isotope of ${atom.symbol}; write the plain element.`);
    }
  }
  const charge = mol.atoms.reduce((sum, atom) => sum + atom.charge, 0);
  if (charge) {
    const signed = (charge > 0 ? "+" : "") + charge;
    throw new InputError(`${shown} has a net charge of ${signed}; a repeat unit is neutral.`);
  }
  if (mol.bonds.some((bond) => ![1, 2, 3].includes(bond.kekule)) || /->|<-/.test(text)) {
    throw new InputError(`${shown} has a bond that is not single, double, triple or aromatic.`);
  }
}

function checkEnds(mol, shown) {
  const ends = endsOf(mol);
  if (ends.some((end) => end.bonds.length !== 1 || end.hydrogens || end.charge)) {
    throw new InputError(`${shown}: each * must be bonded to exactly one atom.`);
  }
  if (ends.some((end) => mol.neighbours(end.index)[0].number <= 1)) {
    throw new InputError(`${shown} has no repeat unit between its two *.`);
  }
  const orders = new Set(ends.map((end) => end.bonds[0].order));
  if (orders.size > 1 || orders.has(4)) {
    throw new InputError(`${shown}: the bonds to the two * must be of the same order.`);
  }
}

/** Sulfones and the like written with charges get their double bonds. */
function joinCharges({ atoms, bonds }) {
  const charged = ({ a, b, kekule }) => kekule === 1 && [15, 16].includes(atoms[a].number)
    && atoms[a].charge > 0 && atoms[b].charge === -1;
  const turned = bonds.map((bond) => ({ ...bond, a: bond.b, b: bond.a, bond }));
  for (const { a, b, bond } of [...bonds.map((bond) => ({ ...bond, bond })), ...turned]
    .filter(charged)) {
    bond.kekule = 2;
    atoms[a].charge -= 1;
    atoms[b].charge += 1;
  }
}

function endsOf(mol) {
  return mol.atoms.filter((atom) => atom.number === 0);
}

/** Join `n` repeat units head to tail; their atoms come first, two * last. */
export function oligomer(mol, n) {
  const [head, tail] = endsOf(mol);
  const kekule = head.bonds[0].kekule;
  const place = new Map();
  const unit = mol.atoms.filter((atom) => atom.number !== 0);
  unit.forEach((atom, k) => place.set(atom.index, k));
  const inner = mol.bonds
    .filter((bond) => place.has(bond.a) && place.has(bond.b))
    .map((bond) => ({ a: place.get(bond.a), b: place.get(bond.b), kekule: bond.kekule }));
  const [first, last] = [head, tail].map((end) => place.get(mol.neighbours(end.index)[0].index));
  const atoms = [];
  const bonds = [];
  for (let k = 0; k < n; k++) {
    const offset = k * unit.length;
    atoms.push(...unit);
    bonds.push(...inner.map((b) => ({ a: b.a + offset, b: b.b + offset, kekule: b.kekule })));
    if (k > 0) bonds.push({ a: offset - unit.length + last, b: offset + first, kekule });
  }
  for (const anchor of [first, (n - 1) * unit.length + last]) {
    bonds.push({ a: anchor, b: atoms.length, kekule });
    atoms.push({ number: 0, hydrogens: 0, charge: 0 });
  }
  return Molecule.build(atoms, bonds);
}

/** An oligomer, and first and end index of its middle unit, which sees an endless chain. */
export function middleUnit(mol, context = 6) {
  const [head, tail] = endsOf(mol);
  const backbone = mol.shortestPath(head.index, tail.index).length - 2;
  const flank = Math.ceil(context / backbone);
  const size = mol.atoms.length - 2;
  return { chain: oligomer(mol, 2 * flank + 1), start: flank * size, stop: (flank + 1) * size };
}

/** The segments of the chain between bonds that lie in no ring, read from either end. */
function segments(mol) {
  const [head, tail] = endsOf(mol);
  const path = mol.shortestPath(head.index, tail.index);
  const bonds = path.slice(1).map((atom, k) => mol.bondBetween(path[k], atom));
  const opened = bonds.flatMap((bond, k) => (bond.inRing ? [] : [k]));
  const cut = new Set(opened.map((k) => bonds[k]));
  const forward = [];
  const backward = [];
  opened.slice(1).forEach((stop, k) => {
    const start = opened[k];
    const [left, right] = [path[start + 1], path[stop]];
    const atoms = reachable(mol, left, cut);
    const token = tokenOf(mol, left, right, atoms);
    const turned = left === right ? token : tokenOf(mol, right, left, atoms);
    forward.push({ token, order: bonds[stop].order, left, right, atoms });
    backward.unshift({ token: turned, order: bonds[start].order, left: right, right: left, atoms });
  });
  return [forward, backward];
}

/** Atoms connected to `start` without crossing the bonds of `cut`. */
function reachable(mol, start, cut) {
  const seen = new Set([start]);
  const stack = [start];
  while (stack.length) {
    const here = stack.pop();
    for (const bond of mol.atoms[here].bonds) {
      const there = mol.other(bond, here);
      if (!cut.has(bond) && !seen.has(there)) {
        seen.add(there);
        stack.push(there);
      }
    }
  }
  return [...seen].sort((a, b) => a - b);
}

function tokenOf(mol, left, right, atoms) {
  if (atoms.length === 1) {
    const atom = mol.atoms[left];
    const charge = atom.charge < 0 ? `${atom.charge}` : `+${atom.charge}`;
    return `${atom.symbol}${atom.hydrogens}${charge}`;
  }
  const piece = copy(mol, atoms);
  const maps = new Map([[piece.place.get(right), 2]]);
  maps.set(piece.place.get(left), 1);
  return canonical(writeSmiles(piece.atoms, piece.bonds, maps), true);
}

/** Some atoms and the bonds among them, numbered from `offset`. */
function copy(mol, atoms, offset = 0) {
  const place = new Map(atoms.map((old, k) => [old, offset + k]));
  const bonds = mol.bonds
    .filter((bond) => place.has(bond.a) && place.has(bond.b))
    .map((bond) => ({ a: place.get(bond.a), b: place.get(bond.b), order: bond.order }));
  return { atoms: atoms.map((old) => mol.atoms[old]), bonds, place };
}

/** Smallest p that divides the length and maps the sequence onto itself when turned by p. */
function periodOf(symbols) {
  const n = symbols.length;
  for (let p = 1; p < n; p++) {
    if (n % p === 0 && symbols.every((s, k) => s === symbols[(k + p) % n])) return p;
  }
  return n;
}

function less(a, b) {
  const k = a.findIndex((value, i) => value !== b[i]);
  return k >= 0 && a[k] < b[k];
}

/** One period of the chain from its canonical starting place, in its canonical direction. */
function smallestReading(forward, backward) {
  // Sorted as Python sorts pairs of text and number; a control character ends the text.
  const name = (segment) => `${segment.token}\u0001${segment.order}`;
  const symbols = [...new Set([...forward, ...backward].map(name))].sort();
  const rank = new Map(symbols.map((symbol, k) => [symbol, k]));
  const period = periodOf(forward.map((s) => rank.get(name(s))));
  const weakest = Math.min(...forward.map((s) => s.order)); // cut single bonds where there are any
  let best = null;
  for (const all of [forward, backward]) {
    const ranks = all.slice(0, period).map((s) => rank.get(name(s)));
    for (let start = 0; start < period; start++) {
      const reading = [...ranks.slice(start), ...ranks.slice(0, start)];
      if (all.at(start - 1).order === weakest && (!best || less(reading, best.reading))) {
        best = { reading, all, start };
      }
    }
  }
  const { all, start } = best;
  return Array.from({ length: period }, (_, k) => all[(start + k) % all.length]);
}

// A hydrogen moves between the nitrogens of such a ring (azoles).
const AZOLE = "n1[a;!$(a=*)][a;!$(a=*)][a;!$(a=*)][a;!$(a=*)]1";

/** The canonical PSMILES of the shortest repeat unit, one for the `tautomers` of azoles. */
export function canonicalOf(mol, tautomers = true) {
  // Cut at a double bond, a ring beside the cut is seen as what it is in the chain only.
  const units = endsOf(mol)[0].bonds[0].order === 1 ? 1 : 3;
  const chain = oligomer(mol, units);
  try {
    const nitrogens = (ring) => ring.map((k) => chain.atoms[k])
      .filter((atom) => atom.number === 7 && atom.bonds.length === 2);
    const azoles = (tautomers ? chain.matches(AZOLE) : []).map(nitrogens)
      .filter((ring) => ring.some((atom) => atom.hydrogens));
    azoles.flat().forEach((atom) => { atom.hydrogens = 1; });
    const [forward, backward] = segments(chain).map((all) => {
      const unit = all.length / units;
      return all.slice(((units - 1) / 2) * unit).slice(0, unit);
    });
    const text = written(chain, smallestReading(forward, backward));
    if (!azoles.length) return text;
    const one = canonical(oneTautomer(text), true);
    // The rings around an azole may allow a hydrogen in one place only.
    return canonical(one) ? one : canonicalOf(mol, false);
  } finally {
    chain.free();
  }
}

/** A PSMILES with the hydrogen of an azole ring on that nitrogen only which is written first. */
function oneTautomer(text) {
  const parts = text.split(/(\[[^\]]*\]|Cl|Br|[A-Za-z*])/);
  const hydrogens = (ring) => ring.map((k) => 2 * k + 1).filter((k) => parts[k] === "[nH]");
  for (const ring of rawMatches(text, AZOLE)) {
    hydrogens(ring).sort((a, b) => a - b).slice(1).forEach((k) => { parts[k] = "n"; });
  }
  return parts.join("");
}

/** PSMILES of the repeat unit that a row of segments makes. */
function written(mol, reading) {
  const atoms = [];
  const bonds = [];
  const places = reading.map((segment) => {
    const piece = copy(mol, segment.atoms, atoms.length);
    atoms.push(...piece.atoms);
    bonds.push(...piece.bonds);
    return piece.place;
  });
  reading.slice(1).forEach((segment, k) => {
    const before = reading[k];
    const [a, b] = [places[k].get(before.right), places[k + 1].get(segment.left)];
    bonds.push({ a, b, order: before.order });
  });
  const last = reading.length - 1;
  for (const anchor of [places[0].get(reading[0].left), places[last].get(reading[last].right)]) {
    bonds.push({ a: anchor, b: atoms.length, order: reading[last].order });
    atoms.push({ symbol: "*", hydrogens: 0, charge: 0 });
  }
  return canonical(writeSmiles(atoms, bonds), true);
}
