// From an estimate to the case of one cone test (src/trinity/sampling.py).

import { gasHeatOfCombustion } from "./thermochemistry.js";

const GAS_CONSTANT = 8.314462618; // J/mol/K
const TGA_RATE = 10 / 60; // K/s
const AMBIENT_K = 300;
export const IGNITION_TIMEOUT_S = 1800;

/**
 * Parameters of a test: the nominal ones, or those of a draw.
 *
 * `scores` holds a standard normal number a property (null: all zero); densities, specific heats
 * and conductivity come correlated already.
 */
export function parameters(properties, { limits, constants }, scores = null) {
  const p = {};
  for (const [name, [value, sigma]] of Object.entries(properties)) {
    if (name === "specific_heat_j_kg_k") continue; // follows from solid, melt and crystallinity
    const score = scores?.[name] ?? 0;
    if (name in limits || value <= 0) {
      const [low, high] = limits[name] ?? [0, Infinity];
      p[name] = Math.min(Math.max(value + sigma * score, low), high);
    } else {
      p[name] = value * Math.exp((sigma / value) * score);
    }
  }
  // No specimen releases more than its fuel holds.
  p.gas_heat_of_combustion_j_kg = gasHeatOfCombustion(
    p.heat_of_combustion_j_kg, p.char_yield, p.acid_fraction, constants
  );
  [p.A_1_s, p.E_j_mol] = arrhenius(p.t50_k, p.decomposition_width_k);
  [p.acid_A_1_s, p.acid_E_j_mol] = arrhenius(
    p.acid_t50_k, constants.priors.acid_width_share[0] * p.decomposition_width_k
  );
  return p;
}

/** A [1/s] and E [J/mol] of the first-order step with a given T50 and width at 10 K/min. */
function arrhenius(t50, width) {
  const peak = t50 - (Math.log(Math.log(2)) / 2.446) * width;
  const energy = (2.446 * GAS_CONSTANT * peak ** 2) / width;
  const frequency = ((TGA_RATE * 2.446) / width) * Math.exp(energy / (GAS_CONSTANT * peak));
  return [frequency, energy];
}

/** Specific heat [J/kg/K] against temperature [K], with melting as a triangle of 50 K. */
function specificHeatRamp(p) {
  const { glass_transition_k: glass, melting_k: melting } = p;
  const crystalline = melting < p.t50_k - 60 ? p.crystallinity : 0;
  const nodes = new Set([AMBIENT_K - 30, 1000]);
  if (glass > AMBIENT_K - 30) [glass - 10, glass + 10].forEach((t) => nodes.add(t));
  if (crystalline > 0.01) [melting - 25, melting, melting + 25].forEach((t) => nodes.add(t));
  return [...nodes].sort((a, b) => a - b).map((t) => {
    const solid = p.specific_heat_solid_j_kg_k * (0.106 + 0.003 * t);
    const melt = p.specific_heat_melt_j_kg_k * (0.64 + 0.0012 * t);
    const molten = (1 - crystalline) * (t >= glass) + crystalline * (t >= melting);
    const fusion = crystalline > 0.01 && t === melting ? p.heat_of_fusion_j_kg / 25 : 0;
    return [t, (1 - molten) * solid + molten * melt + fusion];
  });
}

/** The case of one test in the cone, insulated behind; SI units. */
export function toCase(p, fluxKwM2, thicknessMm, { priors }) {
  const thickness = thicknessMm * 1e-3;
  const irradiance = fluxKwM2 * 1e3;
  const net = Math.max(0.9 * irradiance + p.flame_heat_flux_w_m2 - 20e3, 5e3);
  return {
    thickness,
    irradiance,
    // Generous time to ignite and burn out: 3 MJ/kg at the net flux, twice over.
    end: IGNITION_TIMEOUT_S + (2 * 3e6 * p.density_kg_m3 * thickness) / net,
    timeout: IGNITION_TIMEOUT_S,
    ambient: AMBIENT_K,
    convection: priors.front_convection[0],
    convectionFlaming: 0,
    flame: p.flame_heat_flux_w_m2,
    efficiency: p.flaming_efficiency,
    critical: p.critical_hrr_w_m2,
    ...material(p, priors.char_bound[0]),
  };
}

function material(p, charBound) {
  const virgin = {
    density: p.density_kg_m3,
    conductivity: p.conductivity_w_m_k,
    heat: specificHeatRamp(p),
    emissivity: p.emissivity,
    absorption: p.absorption_coefficient_1_m,
  };
  const components = [virgin];
  const reactions = [];
  const acid = p.acid_fraction;
  let reactant = 0;
  if (acid > 0) {
    components.push({ ...virgin, density: p.density_kg_m3 * (1 - acid) }); // the polyene
    reactions.push({
      reactant: 0, product: 1, A: p.acid_A_1_s, E: p.acid_E_j_mol, yield: 1 - acid,
      heat: p.acid_heat_of_reaction_j_kg, combustion: p.acid_heat_of_combustion_j_kg,
    });
    reactant = 1;
  }
  const char = Math.min(p.char_yield / (acid > 0 ? 1 - acid : 1), charBound);
  const chars = char > 1e-3;
  reactions.push({
    reactant, product: chars ? reactant + 1 : -1, A: p.A_1_s, E: p.E_j_mol,
    yield: chars ? char : 0,
    heat: p.heat_of_decomposition_j_kg, combustion: p.gas_heat_of_combustion_j_kg,
  });
  if (chars) {
    // No lighter than its own density: a residue of 1 % collapses instead of insulating.
    const density = Math.max(p.char_density_kg_m3, char * components[reactant].density);
    components.push({
      density,
      conductivity: p.char_conductivity_w_m_k,
      heat: [[0, p.char_specific_heat_j_kg_k]],
      emissivity: p.char_emissivity,
      absorption: p.char_absorption_m2_kg * density, // by mass, however it foams
    });
  }
  return { components, reactions };
}
