// What a repeat unit burns to, and the acid it sheds first (src/trinity/thermochemistry.py).

/** Atoms of the repeat unit by element, hydrogens included, * not. */
export function composition(mol) {
  const counts = {};
  for (const atom of mol.atoms) {
    if (atom.number === 0) continue;
    counts[atom.symbol] = (counts[atom.symbol] ?? 0) + 1;
    counts.H = (counts.H ?? 0) + atom.hydrogens;
  }
  return counts;
}

/** Molar mass [g/mol]. */
export function molarMass(counts, elements) {
  return Object.entries(counts).reduce((sum, [x, n]) => sum + n * elements[x].mass, 0);
}

/** Net heat of complete combustion [J/kg] by the oxygen rule, and its 1 sigma. */
export function netHeatOfCombustion(counts, { elements, constants: { priors } }) {
  const n = (symbol) => counts[symbol] ?? 0;
  const halogens = n("F") + n("Cl") + n("Br") + n("I");
  const moles = n("C") + (n("H") - halogens) / 4 - n("O") / 2 + n("S") + n("Si")
    + 1.25 * n("P") + 0.75 * n("B");
  const mass = molarMass(counts, elements);
  const demand = (Math.max(moles, 0) * 2 * elements.O.mass) / mass;
  const silicon = (1e3 * n("Si")) / mass; // mol/kg, beyond the rule
  const [rule, ruleSigma] = priors.heat_per_oxygen;
  const heat = rule * demand + silicon * priors.silicon_heat[0];
  if (!outsideOxygenRule(counts)) return [heat, ruleSigma * demand];
  const wider = priors.heat_per_oxygen_outside_factor[0] * ruleSigma * demand;
  return [heat, Math.max(Math.hypot(wider, silicon * priors.silicon_heat[1]), 1e6)];
}

/** Whether the oxygen rule was not made for a composition. */
export function outsideOxygenRule(counts) {
  const n = (symbol) => counts[symbol] ?? 0;
  const halogens = n("F") + n("Cl") + n("Br") + n("I");
  return Boolean(n("Si") || n("B") || halogens > n("H") || (n("P") && n("N")));
}

/** Heat of combustion of the volatiles [J/kg]: what the char keeps back does not burn. */
export function gasHeatOfCombustion(heat, char, acid, { priors }) {
  const volatiles = Math.max(1 - char - acid, 0.05);
  const gas = (heat - char * priors.carbon_heat[0]) / volatiles;
  return Math.min(Math.max(gas, 1e6), 46e6);
}

/** Heat [J/kg] that a chain takes to unzip or break; forming char gives some of it back. */
export function decompositionHeat(char, { priors }) {
  return priors.decomposition_heat[0] * Math.max(1 - priors.decomposition_heat_char[0] * char, 0.15);
}

/** Mass fraction of the polymer that leaves as HCl, HBr or HI before the chain breaks: as many
 * halogens as find a hydrogen of their own, the weakest bonds first. */
export function acidFraction(counts, { chain, start, stop }, elements) {
  const size = stop - start;
  const donors = new Map(); // carbons that may give each halogen a hydrogen
  for (const [halogen, , donor] of chain.matches("[Cl,Br,I][CX4][CX4;!H0]")) {
    if (halogen < start || halogen >= stop) continue;
    donors.set(halogen, [...(donors.get(halogen) ?? []), start + (donor % size)]);
  }
  const served = new Map([...donors.values()].flat().map((k) => [k, []]));
  const leaves = (halogen, asked) => donors.get(halogen).some((donor) => {
    if (asked.has(donor)) return false;
    asked.add(donor);
    const taken = served.get(donor);
    if (taken.length < chain.atoms[donor].hydrogens) return taken.push(halogen) > 0;
    const k = taken.findIndex((other) => leaves(other, asked));
    if (k >= 0) taken[k] = halogen;
    return k >= 0;
  });
  const weakestFirst = [...donors.keys()]
    .sort((a, b) => chain.atoms[b].number - chain.atoms[a].number);
  const acid = weakestFirst.filter((k) => leaves(k, new Set()))
    .reduce((sum, k) => sum + elements[chain.atoms[k].symbol].mass + elements.H.mass, 0);
  return acid / molarMass(counts, elements);
}
