// Molecules: RDKit's JavaScript build (MinimalLib), seen as plain tables of atoms and bonds.
//
// MinimalLib cannot edit a molecule, so one is built from its tables, as RDKit's JSON.

export class InputError extends Error {}

const SYMBOLS = {
  0: "*", 1: "H", 5: "B", 6: "C", 7: "N", 8: "O", 9: "F", 14: "Si", 15: "P", 16: "S", 17: "Cl",
  35: "Br", 53: "I",
};
const DEFAULTS = {
  atom: { z: 6, impHs: 0, chg: 0, nRad: 0, isotope: 0, stereo: "unspecified" },
  bond: { bo: 1, stereo: "unspecified" },
};
const RAW = JSON.stringify({ sanitize: false });
const AROMATIC = 4; // as a bond order, beside 1, 2 and 3

let rdkit = null;
const patterns = new Map();

/** The RDKit module that everything below uses. */
export function useRDKit(module) {
  rdkit = module;
  patterns.clear();
}

/** Atoms and bonds of a sanitised RDKit molecule, which it keeps for drawing and searching. */
export class Molecule {
  constructor(held) {
    this.held = held;
    const record = JSON.parse(held.get_json()).molecules[0];
    const perceived = (record.extensions ?? []).find((e) => e.name === "rdkitRepresentation") ?? {};
    const aromaticAtoms = new Set(perceived.aromaticAtoms);
    const aromaticBonds = new Set(perceived.aromaticBonds);
    this.rings = perceived.atomRings ?? [];
    this.atoms = record.atoms.map((atom, index) => ({
      index,
      number: atom.z ?? 6,
      symbol: SYMBOLS[atom.z ?? 6],
      hydrogens: atom.impHs ?? 0,
      charge: atom.chg ?? 0,
      radicals: atom.nRad ?? 0,
      isotope: atom.isotope ?? 0,
      aromatic: aromaticAtoms.has(index),
      inRing: false,
      bonds: [],
    }));
    this.bonds = (record.bonds ?? []).map((bond, index) => ({
      index,
      a: bond.atoms[0],
      b: bond.atoms[1],
      kekule: bond.bo ?? 1,
      order: aromaticBonds.has(index) ? AROMATIC : (bond.bo ?? 1),
      inRing: false,
    }));
    for (const bond of this.bonds) {
      this.atoms[bond.a].bonds.push(bond);
      this.atoms[bond.b].bonds.push(bond);
    }
    for (const ring of this.rings) {
      ring.forEach((atom, k) => {
        this.atoms[atom].inRing = true;
        this.bondBetween(atom, ring[(k + 1) % ring.length]).inRing = true;
      });
    }
  }

  /** Read SMILES; null when it is none. */
  static read(smiles) {
    const held = rdkit.get_mol(smiles);
    return held ? new Molecule(held) : null;
  }

  /** Build from atoms and bonds (Kekulé orders), in this order; stereo, isotopes and maps go. */
  static build(atoms, bonds) {
    const molecule = {
      atoms: atoms.map((a) => ({ z: a.number, impHs: a.hydrogens, chg: a.charge })),
      bonds: bonds.map((b) => ({ atoms: [b.a, b.b], bo: b.kekule })),
    };
    const record = { rdkitjson: { version: 12 }, defaults: DEFAULTS, molecules: [molecule] };
    return new Molecule(rdkit.get_mol(JSON.stringify(record)));
  }

  free() {
    this.held.delete();
  }

  other(bond, atom) {
    return bond.a === atom ? bond.b : bond.a;
  }

  neighbours(atom) {
    return this.atoms[atom].bonds.map((bond) => this.atoms[this.other(bond, atom)]);
  }

  bondBetween(a, b) {
    return this.atoms[a].bonds.find((bond) => this.other(bond, a) === b);
  }

  /** Atoms of every match of a SMARTS pattern; the pattern's first atom comes first. */
  matches(smarts) {
    return matchesOf(this.held, smarts);
  }

  /** Atoms of sp3 hybridisation. */
  sp3() {
    this.tetrahedral ??= new Set(this.matches("[^3]").map(([atom]) => atom));
    return this.tetrahedral;
  }

  /** Atoms on a shortest way from one atom to another, both included. */
  shortestPath(from, to) {
    const before = new Map([[from, null]]);
    const waiting = [from];
    for (const here of waiting) {
      if (here === to) break;
      for (const near of this.neighbours(here)) {
        if (!before.has(near.index)) {
          before.set(near.index, here);
          waiting.push(near.index);
        }
      }
    }
    const path = [];
    for (let at = to; at !== null && at !== undefined; at = before.get(at)) path.unshift(at);
    return path;
  }
}

function matchesOf(held, smarts) {
  if (!patterns.has(smarts)) patterns.set(smarts, rdkit.get_qmol(smarts));
  const found = JSON.parse(held.get_substruct_matches(patterns.get(smarts)));
  return Array.isArray(found) ? found.map((match) => match.atoms) : [];
}

/** Atoms of every match of a SMARTS pattern in a SMILES with nothing perceived anew. */
export function rawMatches(smiles, smarts) {
  const held = rdkit.get_mol(smiles, RAW);
  const answer = matchesOf(held, smarts);
  held.delete();
  return answer;
}

/** Canonical SMILES of a SMILES, null when it is none; `raw` leaves it as written, with nothing
 * perceived anew. */
export function canonical(smiles, raw = false) {
  const held = rdkit.get_mol(smiles, raw ? RAW : "{}");
  if (!held) return null;
  const answer = held.get_smiles();
  held.delete();
  return answer;
}

/**
 * SMILES of some atoms and the bonds among them, with every hydrogen count written.
 *
 * `bonds` are {a, b, order}; `maps` gives atom map numbers. Not canonical: RDKit makes it so.
 */
export function writeSmiles(atoms, bonds, maps = new Map()) {
  const near = atoms.map(() => []);
  for (const bond of bonds) {
    near[bond.a].push(bond);
    near[bond.b].push(bond);
  }
  const seen = new Set();
  const used = new Set();
  const rings = atoms.map(() => []);
  const children = atoms.map(() => []);
  let count = 0;
  const explore = (here) => {
    seen.add(here);
    for (const bond of near[here]) {
      if (used.has(bond)) continue;
      used.add(bond);
      const there = bond.a === here ? bond.b : bond.a;
      if (seen.has(there)) {
        const closure = `${BONDS[bond.order]}%(${++count})`;
        rings[here].push(closure);
        rings[there].push(closure);
      } else {
        children[here].push([bond, there]);
        explore(there);
      }
    }
  };
  explore(0);
  const text = (here) => {
    const branches = children[here].map(([bond, there]) => BONDS[bond.order] + text(there));
    const last = branches.pop() ?? "";
    return atomText(atoms[here], maps.get(here)) + rings[here].join("")
      + branches.map((branch) => `(${branch})`).join("") + last;
  };
  return text(0);
}

const BONDS = { 1: "-", 2: "=", 3: "#", 4: ":" };

function atomText(atom, map) {
  const symbol = atom.aromatic ? atom.symbol.toLowerCase() : atom.symbol;
  const hydrogens = atom.hydrogens ? `H${atom.hydrogens}` : "";
  const charge = atom.charge ? (atom.charge > 0 ? "+" : "-") + Math.abs(atom.charge) : "";
  return `[${symbol}${hydrogens}${charge}${map ? `:${map}` : ""}]`;
}

/** Canonical spellings of a SMILES from the atoms that `choose(number of atoms)` names. */
export function rootedSmiles(smiles, choose) {
  const held = rdkit.get_mol(smiles);
  const answer = choose(held.get_num_atoms()).map((root) =>
    held.get_smiles(JSON.stringify({ rootedAtAtom: root })));
  held.delete();
  return answer;
}
