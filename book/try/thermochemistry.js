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
export function netHeatOfCombustion(counts, { elements, constants }) {
  const n = (symbol) => counts[symbol] ?? 0;
  const halogens = n("F") + n("Cl") + n("Br") + n("I");
  const moles = n("C") + (n("H") - halogens) / 4 - n("O") / 2 + n("S") + n("Si")
    + 1.25 * n("P") + 0.75 * n("B");
  const demand = (Math.max(moles, 0) * 2 * elements.O.mass) / molarMass(counts, elements);
  const outside = n("Si") || n("B") || halogens > n("H");
  const sigma = constants.heat_per_oxygen_sigma_j_kg * (outside ? 2 : 1);
  return [constants.heat_per_oxygen_j_kg * demand, sigma * demand];
}

/** Heat of combustion of the volatiles [J/kg]: what the char keeps back does not burn. */
export function gasHeatOfCombustion(heat, char, acid, constants) {
  const volatiles = Math.max(1 - char - acid, 0.05);
  const gas = (heat - char * constants.carbon_heat_j_kg) / volatiles;
  return Math.min(Math.max(gas, 1e6), 46e6);
}

/** Mass fraction of the polymer that leaves as HCl, HBr or HI before the chain breaks. */
export function acidFraction(counts, { chain, start, stop }, elements) {
  const halogens = ["Cl", "Br", "I"];
  if (!halogens.some((x) => x in counts)) return 0;
  const left = new Map(); // hydrogens that can still leave, by carbon
  let acid = 0;
  for (const atom of chain.atoms) {
    if (!halogens.includes(atom.symbol)) continue;
    const donor = donorOf(chain, chain.neighbours(atom.index)[0], left);
    if (donor === null) continue;
    left.set(donor, left.get(donor) - 1);
    if (start <= atom.index && atom.index < stop) {
      acid += elements[atom.symbol].mass + elements.H.mass;
    }
  }
  return acid / molarMass(counts, elements);
}

function donorOf(chain, carbon, left) {
  const sp3 = chain.sp3();
  if (!sp3.has(carbon.index)) return null;
  for (const near of chain.neighbours(carbon.index)) {
    if (near.number !== 6 || !sp3.has(near.index)) continue;
    if (!left.has(near.index)) left.set(near.index, near.hydrogens);
    if (left.get(near.index) > 0) return near.index;
  }
  return null;
}
