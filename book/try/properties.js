// Thermophysical and fire properties from structure, each [value, 1 sigma]; SI units
// (src/trinity/properties.py).

import { predictChar, predictT50 } from "./decomposition.js";
import { Chain, describe } from "./descriptors.js";
import { claimGroups } from "./groups.js";
import { Molecule } from "./molecule.js";
import { canonicalOf, middleUnit } from "./polymers.js";
import { acidFraction, gasHeatOfCombustion, netHeatOfCombustion } from "./thermochemistry.js";

/** Groups, uncovered atoms and properties of a repeat unit that `parsePsmiles` has read, from the
 * canonical unit of its chain, so that all ways to write a polymer give the same numbers. */
export function estimate(mol, tables) {
  const canonical = Molecule.read(canonicalOf(mol));
  const unit = new Chain(canonical, tables);
  try {
    const shape = describe(unit);
    const crystalline = crystallinity(unit, shape);
    const properties = {
      ...thermal(unit, crystalline),
      ...decomposition(unit, shape),
      ...flame(unit, shape),
    };
    const units = (mol.atoms.length - 2) / unit.atoms.length;
    const groups = Object.fromEntries(Object.entries(unit.groups).map(([k, n]) => [k, n * units]));
    return { groups, uncovered: unit.bare.size ? uncoveredOf(mol, tables) : [], properties };
  } finally {
    canonical.free();
    unit.free();
  }
}

/** Element and place of the atoms of the repeat unit as written that no group covers. */
function uncoveredOf(mol, tables) {
  const middle = middleUnit(mol);
  const { bare } = claimGroups(middle, tables.groups);
  middle.chain.free();
  const places = mol.atoms.filter((atom) => atom.number !== 0).map((atom) => atom.index + 1);
  return [...bare].map(([k, symbol]) => `${symbol}:${places[k]}`);
}

function clip(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

function thermal(unit, crystalline) {
  const { contributions, constants } = unit.tables;
  const sum = (quantity) =>
    Object.entries(unit.groups)
      .reduce((total, [name, n]) => total + contributions[quantity][name] * n, 0);
  const uncovered = unit.bare.size / unit.atoms.length;
  // Atoms without a group count as the mean of the others, with a wider error.
  const covered = unit.molarMass * Math.max(1 - uncovered, 0.1);
  const density = (1000 * covered) / (sum("V298") || covered);
  const glass = clip((1000 * sum("Yg")) / covered || 350, 120, 750);
  const solid = (1000 * sum("Cp_solid_298")) / covered || 1200;
  const melt = (1000 * sum("Cp_liquid_298")) / covered || 1700;
  const conductivity = 0.18 + 0.14 * crystalline;
  const doubt = 1 + 3 * uncovered;
  const molten = (1 - crystalline) * mobileShare(glass, crystalline, constants);
  const at298 = (1 - molten) * solid + molten * melt;
  return {
    density_kg_m3: [density, 0.05 * doubt * density],
    conductivity_w_m_k: [conductivity, 0.25 * conductivity],
    specific_heat_j_kg_k: [at298, 0.12 * doubt * at298],
    specific_heat_solid_j_kg_k: [solid, 0.1 * doubt * solid],
    specific_heat_melt_j_kg_k: [melt, 0.1 * doubt * melt],
    glass_transition_k: [glass, constants.glass_sigma_k * doubt],
    melting_k: [clip(1.6 * glass, 370, 650), 70],
    crystallinity: [crystalline, crystalline ? 0.15 : 0.05],
    heat_of_fusion_j_kg: [200e3 * crystalline, 80e3 * crystalline],
  };
}

/** Probability that the amorphous part is above its Tg at room temperature, by Bayes' rule. */
function mobileShare(glass, crystalline, constants) {
  const above = normalCdf((constants.room_k - glass) / constants.glass_sigma_k);
  const prior = crystalline ? 0.5 : 0.1;
  return (prior * above) / (prior * above + (1 - prior) * (1 - above));
}

/** Normal distribution function, relative error below 2e-7 (Press et al., Numerical Recipes). */
function normalCdf(x) {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const coefficients = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418,
    0.37409196, 1.00002368, -1.26551223,
  ];
  const tail = 0.5 * t * Math.exp(-z * z + coefficients.reduce((sum, c) => sum * t + c, 0));
  return x < 0 ? tail : 1 - tail;
}

/** A guess from symmetry: chains without stereo-irregular or kinked units crystallise. */
function crystallinity(unit, shape) {
  const elements = Object.keys(unit.composition);
  const polyolefin = elements.every((x) => x === "C" || x === "H")
    && !unit.atoms.some((atom) => atom.aromatic);
  const irregular = shape.tertiary > 0 && !polyolefin;
  const kinked = unit.chain.matches(unit.tables.smarts.kinks).length || shape.aromatic_side > 0;
  if (irregular || kinked || shape.silicon > 0) return 0;
  if (shape.aromatic_backbone > 0.2) return 0.3;
  const groups = Object.keys(unit.groups);
  const onlyCF2 = groups.length === 1 && groups[0] === "CF2";
  return unit.path.length === unit.atoms.length || onlyCF2 ? 0.65 : 0.45;
}

function decomposition(unit, shape) {
  const { constants, elements } = unit.tables;
  const acid = acidFraction(unit.composition, unit.middle, elements);
  let [t50, t50Sigma] = constants.polyene_t50_k;
  let [char, charSigma] = constants.polyene_char.map((value) => value * (1 - acid));
  if (acid === 0) {
    [t50, t50Sigma] = predictT50(shape, unit.tables);
    [char, charSigma] = predictChar(shape, unit.tables);
  }
  const [heat, heatSigma] = netHeatOfCombustion(unit.composition, unit.tables);
  const gas = gasHeatOfCombustion(heat, char, acid, constants);
  return {
    heat_of_combustion_j_kg: [heat, heatSigma],
    gas_heat_of_combustion_j_kg: [gas, (gas * heatSigma) / Math.max(heat, 1)],
    t50_k: [t50, t50Sigma],
    decomposition_width_k: [constants.fwhm_k, 10],
    heat_of_decomposition_j_kg: [1e6 * Math.max(1 - 1.3 * char, 0.15), 0.35e6],
    char_yield: [char, charSigma],
    acid_fraction: [acid, 0.02 * acid],
    acid_t50_k: constants.acid_t50_k,
    acid_heat_of_combustion_j_kg: [1e6, 0.7e6],
    acid_heat_of_reaction_j_kg: [0.2e6, 0.1e6],
  };
}

/** Soot, efficiency, flame feedback, surface and char: priors by kind of fuel. */
function flame(unit, shape) {
  const { constants, elements } = unit.tables;
  const atoms = unit.composition;
  const part = (x) => (elements[x].mass * (atoms[x] ?? 0)) / unit.molarMass;
  const carbon = part("C");
  const halogen = part("F") + part("Cl") + part("Br") + part("I");
  const aromatic = shape.aromatic_backbone + shape.aromatic_side;
  const hydrocarbon = Object.keys(atoms).every((x) => x === "C" || x === "H");
  const soot = (0.015 + 0.14 * aromatic + 0.03 * hydrocarbon) * carbon
    + 0.12 * (1 - Math.exp(-halogen / 0.15));
  const efficiency = clip(0.97 - soot - 0.7 * halogen, 0.4, 0.97);
  const absorption = hydrocarbon && aromatic === 0 ? 1400 : 2300;
  const critical = constants.critical_hrr_w_m2;
  return {
    flaming_efficiency: [efficiency, 0.06 + 0.15 * halogen],
    soot_yield: [soot, 0.5 * soot],
    flame_heat_flux_w_m2: [14e3 + 40e3 * soot, 6e3],
    critical_hrr_w_m2: [critical, 0.3 * critical],
    emissivity: [0.91, 0.03],
    absorption_coefficient_1_m: [absorption, 0.4 * absorption],
    char_density_kg_m3: [250, 100],
    char_conductivity_w_m_k: [0.3, 0.12],
    char_specific_heat_j_kg_k: [1600, 250],
    char_emissivity: [0.88, 0.04],
  };
}
