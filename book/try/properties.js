// Thermophysical and fire properties from structure, each [value, 1 sigma]; SI units
// (src/trinity/properties.py).

import { predictChar, predictT50 } from "./decomposition.js";
import { Chain, describe } from "./descriptors.js";
import { claimGroups } from "./groups.js";
import { Molecule } from "./molecule.js";
import { canonicalOf, middleUnit } from "./polymers.js";
import {
  acidFraction, decompositionHeat, gasHeatOfCombustion, netHeatOfCombustion,
  outsideOxygenRule,
} from "./thermochemistry.js";

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
      ...common(unit.tables.constants),
    };
    const units = (mol.atoms.length - 2) / unit.atoms.length;
    const groups = Object.fromEntries(Object.entries(unit.groups).map(([k, n]) => [k, n * units]));
    const uncovered = unit.bare.size ? uncoveredOf(mol, tables) : [];
    // Of the doubts of the command two are known here: the oxygen rule's, and atoms without a group.
    const doubts = [
      ...(outsideOxygenRule(unit.composition)
        ? ["Heat of combustion: the composition is outside the oxygen rule."] : []),
      ...(uncovered.length ? ["The group tables lack some of its atoms."] : []),
    ];
    return { groups, uncovered, properties, doubts };
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
  const prior = (name) => constants.priors[name][0];
  const bySum = clip((1000 * sum("Yg")) / covered || prior("uncovered_glass"), 120, 750);
  const solid = (1000 * sum("Cp_solid_298")) / covered || prior("uncovered_heat_solid");
  const melt = (1000 * sum("Cp_liquid_298")) / covered || prior("uncovered_heat_melt");
  const conductivity = prior("conductivity_amorphous")
    + prior("conductivity_crystalline") * crystalline;
  const doubt = 1 + prior("uncovered_error") * uncovered;
  const [glass, mobile] = glassAtRoom(bySum, crystalline, constants);
  const molten = (1 - crystalline) * mobile;
  const heatError = prior("specific_heat_error") * doubt;
  const [fusion, fusionSigma] = constants.priors.fusion_heat;
  const crystals = crystalline ? "crystallinity_bare" : "crystallinity_none";
  const rod = unit.path.every((atom) => atom.inRing);
  const at298 = (1 - molten) * solid + molten * melt;
  return {
    density_kg_m3: [density, prior("density_error") * doubt * (rod ? 2 : 1) * density],
    conductivity_w_m_k: [conductivity, prior("conductivity_error") * conductivity],
    specific_heat_j_kg_k: [at298, prior("specific_heat_error_mixed") * doubt * at298],
    specific_heat_solid_j_kg_k: [solid, heatError * solid],
    specific_heat_melt_j_kg_k: [melt, heatError * melt],
    glass_transition_k: [glass, prior("glass_error") * doubt],
    melting_k: [clip(prior("melting_over_glass") * glass, 370, 650), prior("melting_error")],
    crystallinity: [crystalline, constants.priors[crystals][1]],
    heat_of_fusion_j_kg: [fusion * crystalline, fusionSigma * crystalline],
  };
}

/** Expected Tg, and probability that the amorphous part is above it at room temperature (Bayes). */
function glassAtRoom(glass, crystalline, { priors, room_k: room }) {
  const sigma = priors.glass_error[0];
  const z = (room - glass) / sigma;
  const above = normalCdf(z);
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  const [share] = priors[crystalline ? "rubber_share_crystalline" : "rubber_share_amorphous"];
  const mobile = (share * above) / (share * above + (1 - share) * (1 - above));
  const pull = (1 - mobile) / Math.max(1 - above, 1e-12) - mobile / Math.max(above, 1e-12);
  return [glass + sigma * density * pull, mobile];
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
  const { priors } = unit.tables.constants;
  if (irregular || kinked || shape.silicon > 0) return priors.crystallinity_none[0];
  if (shape.aromatic_backbone > 0.2) return priors.crystallinity_aromatic[0];
  const groups = Object.keys(unit.groups);
  const onlyCF2 = groups.length === 1 && groups[0] === "CF2";
  const bare = unit.path.length === unit.atoms.length || onlyCF2;
  return priors[bare ? "crystallinity_bare" : "crystallinity_regular"][0];
}

function decomposition(unit, shape) {
  const { constants, elements } = unit.tables;
  const { priors } = constants;
  const acid = acidFraction(unit.composition, unit.middle, elements);
  let [t50, t50Sigma] = priors.polyene_t50;
  let [char, charSigma] = [0, 0];
  if (acid === 0) {
    [t50, t50Sigma] = predictT50(unit, shape);
    [char, charSigma] = predictChar(unit, shape);
  } else {
    [char, charSigma] = polyeneChar(unit, acid).map((value) => value * (1 - acid));
  }
  const [heat, heatSigma] = netHeatOfCombustion(unit.composition, unit.tables);
  const gas = gasHeatOfCombustion(heat, char, acid, constants);
  return {
    heat_of_combustion_j_kg: [heat, heatSigma],
    gas_heat_of_combustion_j_kg: [gas, (gas * heatSigma) / Math.max(heat, 1)],
    t50_k: [t50, t50Sigma],
    heat_of_decomposition_j_kg: [decompositionHeat(char, constants), priors.decomposition_heat[1]],
    char_yield: [char, charSigma],
    acid_fraction: [acid, 0.02 * acid],
  };
}

/** Char of what loss of acid leaves, of its own mass: by the hydrogen left per carbon. */
function polyeneChar(unit, acid) {
  const { constants: { priors }, elements } = unit.tables;
  const halogens = ["Cl", "Br", "I"].map((x) => [unit.composition[x] ?? 0, elements[x].mass]);
  const count = halogens.reduce((sum, [n]) => sum + n, 0);
  const mean = halogens.reduce((sum, [n, mass]) => sum + n * mass, 0) / count;
  const left = (unit.composition.H ?? 0) - (acid * unit.molarMass) / (mean + elements.H.mass);
  const ratio = Math.max(left, 0) / Math.max(unit.composition.C ?? 0, 1);
  const [[bare], [polyene, sigma]] = [priors.carbon_char, priors.polyene_char];
  const char = ratio < 1 ? bare + (polyene - bare) * ratio : polyene * Math.max(2 - ratio, 0);
  return [char, sigma];
}

/** Soot, efficiency, flame feedback and surface: priors by kind of fuel. */
function flame(unit, shape) {
  const { constants: { priors }, elements } = unit.tables;
  const prior = (name) => priors[name][0];
  const atoms = unit.composition;
  const part = (x) => (elements[x].mass * (atoms[x] ?? 0)) / unit.molarMass;
  const carbon = part("C");
  const halogen = part("F") + part("Cl") + part("Br") + part("I");
  const aromatic = shape.aromatic_backbone + shape.aromatic_side;
  const hydrocarbon = Object.keys(atoms).every((x) => x === "C" || x === "H");
  const soot = carbon * (prior("soot_floor") + prior("soot_aromatic") * aromatic
    + prior("soot_hydrocarbon") * hydrocarbon)
    + prior("soot_halogen") * (1 - Math.exp(-halogen / prior("soot_halogen_scale")));
  const efficiency = prior("efficiency_clean") - prior("efficiency_soot") * soot
    - prior("efficiency_halogen") * halogen;
  const [feedback, feedbackSigma] = priors.flame_flux;
  return {
    flaming_efficiency: [
      clip(efficiency, 0.4, 0.97),
      prior("efficiency_error") + prior("efficiency_error_halogen") * halogen,
    ],
    soot_yield: [soot, prior("soot_error") * soot],
    flame_heat_flux_w_m2: [feedback + prior("flame_flux_soot") * soot, feedbackSigma],
    absorption_coefficient_1_m:
      priors[hydrocarbon && aromatic === 0 ? "absorption_aliphatic" : "absorption_other"],
  };
}

/** Kinetics, surface and char that structure says nothing about. */
function common({ priors, common_priors: rows }) {
  const [middle, sigma] = [Math.exp(priors.char_absorption_ln[0]), priors.char_absorption_ln[1]];
  return {
    ...Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, priors[row]])),
    char_absorption_m2_kg: [middle, sigma * middle],
  };
}
