// Intensive descriptors of the endless chain (src/trinity/descriptors.py).

import { claimGroups } from "./groups.js";
import { middleUnit } from "./polymers.js";
import { composition, molarMass } from "./thermochemistry.js";

/** The endless chain of a canonical repeat unit: what groups and descriptors are read from. */
export class Chain {
  constructor(unit, tables) {
    this.tables = tables;
    this.middle = middleUnit(unit);
    this.chain = this.middle.chain;
    const { counts, bare } = claimGroups(this.middle, tables.groups);
    this.groups = counts;
    this.bare = bare;
    this.composition = composition(unit);
    this.molarMass = molarMass(this.composition, tables.elements);
    this.atoms = this.chain.atoms.slice(this.middle.start, this.middle.stop);
    const n = this.chain.atoms.length;
    const path = new Set(this.chain.shortestPath(n - 2, n - 1));
    this.path = this.atoms.filter((atom) => path.has(atom.index));
    this.backbone = new Set(path);
    for (const ring of this.chain.rings) {
      if (ring.some((atom) => path.has(atom))) ring.forEach((atom) => this.backbone.add(atom));
    }
  }

  share(test) {
    return this.atoms.filter(test).length / this.atoms.length;
  }

  elementShare(symbol) {
    return this.share((atom) => atom.symbol === symbol);
  }

  free() {
    this.chain.free();
  }
}

/** Shares in [0, 1] of atoms or mass, and Bicerano's temperature [K]. */
export function describe(unit) {
  const inBackbone = unit.share((a) => a.aromatic && unit.backbone.has(a.index));
  const { groups } = unit;
  const [hydrogen, carbon] = ["H", "C"].map((x) => unit.composition[x] ?? 0);
  const benzene = Object.entries(groups)
    .reduce((sum, [name, n]) => sum + (name.startsWith("C6H") ? n : 0), 0);
  return {
    bicerano_k: biceranoT50(unit),
    oxygen: unit.elementShare("O"),
    fluorine: unit.elementShare("F"),
    silicon: unit.elementShare("Si"),
    sulfur: unit.elementShare("S"),
    benzene: (benzene * 76.1) / unit.molarMass,
    imide: ((groups.imide ?? 0) * 70) / unit.molarMass,
    tertiary: unit.path.filter((atom) => isTertiary(unit.chain, atom)).length / unit.path.length,
    aromatic_backbone: inBackbone,
    aromatic_side: unit.share((a) => a.aromatic) - inBackbone,
    char_former: inBackbone * (1 - hydrogen / Math.max(hydrogen + carbon, 1)),
  };
}

/** Mass fraction of the unit in each char-making group that it has, its hydrogens included. */
export function charGroups(unit) {
  const { smarts, elements } = unit.tables;
  const { start, stop } = unit.middle;
  const found = {};
  for (const name of Object.keys(smarts).filter((key) => key !== "kinks")) {
    const places = new Set(unit.chain.matches(smarts[name]).flat());
    const atoms = unit.atoms.filter(({ index }) => start <= index && index < stop && places.has(index));
    if (!atoms.length) continue;
    const mass = atoms.reduce(
      (sum, { symbol, hydrogens }) => sum + elements[symbol].mass + hydrogens * elements.H.mass, 0
    );
    found[name] = Math.min(mass / unit.molarMass, 1);
  }
  return found;
}

function isTertiary(chain, atom) {
  return atom.number === 6 && atom.hydrogens === 1 && !atom.inRing && chain.sp3().has(atom.index);
}

/** Temperature [K] of half decomposition from connectivity (Bicerano, eq. 16.5). */
function biceranoT50(unit) {
  const { elements, constants } = unit.tables;
  const delta = (atom) => {
    const { number, outer } = elements[atom.symbol];
    return Math.max(outer - atom.hydrogens, 1) / (number - outer - 1);
  };
  let index = 0;
  for (const atom of unit.atoms) {
    for (const near of unit.chain.neighbours(atom.index)) {
      index += 0.5 / Math.sqrt(delta(atom) * delta(near));
    }
  }
  const hydrogen = unit.composition.H ?? 0;
  const value = (1000 * (7.17 * unit.atoms.length - 2.31 * hydrogen + 12.52 * index))
    / unit.molarMass;
  const [low, high] = constants.bicerano_range_k;
  return Math.min(Math.max(value, low), high);
}
