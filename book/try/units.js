// Names and units of what the page shows.

export const SCALARS = ["t_ig_s", "phrr_kw_m2", "t_peak_s", "thr_mj_m2"];

/** Words, unit and factor from SI to that unit. */
export const QUANTITIES = {
  density_kg_m3: ["density", "kg/m³", 1],
  conductivity_w_m_k: ["thermal conductivity", "W/(m K)", 1],
  specific_heat_j_kg_k: ["specific heat at 298 K", "J/(kg K)", 1],
  specific_heat_solid_j_kg_k: ["specific heat, solid, 298 K", "J/(kg K)", 1],
  specific_heat_melt_j_kg_k: ["specific heat, melt, 298 K", "J/(kg K)", 1],
  glass_transition_k: ["glass transition", "K", 1],
  melting_k: ["melting", "K", 1],
  crystallinity: ["crystallinity", "", 1],
  heat_of_fusion_j_kg: ["heat of fusion", "kJ/kg", 1e-3],
  heat_of_combustion_j_kg: ["heat of combustion", "MJ/kg", 1e-6],
  gas_heat_of_combustion_j_kg: ["heat of combustion of the gas", "MJ/kg", 1e-6],
  t50_k: ["half decomposed at 10 K/min", "K", 1],
  decomposition_width_k: ["width of decomposition", "K", 1],
  heat_of_decomposition_j_kg: ["heat of decomposition", "MJ/kg", 1e-6],
  char_yield: ["char yield", "kg/kg", 1],
  acid_fraction: ["acid released first", "kg/kg", 1],
  acid_t50_k: ["acid half released at 10 K/min", "K", 1],
  acid_heat_of_combustion_j_kg: ["heat of combustion of that gas", "MJ/kg", 1e-6],
  acid_heat_of_reaction_j_kg: ["heat of releasing the acid", "MJ/kg", 1e-6],
  flaming_efficiency: ["flaming efficiency", "", 1],
  soot_yield: ["soot yield", "kg/kg", 1],
  flame_heat_flux_w_m2: ["heat flux of the flame", "kW/m²", 1e-3],
  critical_hrr_w_m2: ["critical heat release rate", "kW/m²", 1e-3],
  emissivity: ["emissivity", "", 1],
  absorption_coefficient_1_m: ["absorption coefficient", "1/m", 1],
  char_absorption_m2_kg: ["absorption by char", "m²/kg", 1],
  char_density_kg_m3: ["density of char", "kg/m³", 1],
  char_conductivity_w_m_k: ["thermal conductivity of char", "W/(m K)", 1],
  char_specific_heat_j_kg_k: ["specific heat of char", "J/(kg K)", 1],
  char_emissivity: ["emissivity of char", "", 1],
};

/** A number with so many significant figures, and no more digits than that. */
export function figures(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(digits));
  return Math.abs(rounded) >= 1e-4 ? String(rounded) : rounded.toExponential();
}
