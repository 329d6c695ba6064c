"""What a simulated cone test depends on: ignition lines, its energy budget, global sensitivity."""

import numpy as np
from SALib.analyze import morris as analyse_morris
from SALib.sample import morris as sample_morris

from trinity.chemistry import properties
from trinity.chemistry.sampling import arrhenius
from trinity.cone import simulate as cone
from trinity.cone import specimen
from trinity.cone.curve import LAG_S
from trinity.measurements.specimens import load_measurements
from trinity.quantities import PRIMARY
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA
from trinity_book.studies.validation.cases import blind_parameters, material_of, reference_cases

FLUXES_KW_M2 = tuple(range(10, 101, 5))
STUDIED = ("PMMA", "HDPE", "PC")  # a clean burner, one of high E, a char former


def ignition_lines(thickness_mm: float = 6.0) -> dict:
    """Blind t_ig against flux for every measured polymer, with the flux below which none comes.

    ``critical_flux_kw_m2`` is the middle between the last flux that does not ignite the specimen
    within the time limit and the first that does, after bisection to 0.25 kW/m2.
    """
    tests = load_measurements().drop_duplicates("polymer")
    lines = {}
    for test in tests.itertuples():
        parameters = blind_parameters(test)
        cases = [specimen.to_case(parameters, 0, float(q), thickness_mm) for q in FLUXES_KW_M2]
        t_ig = cone.simulate_batch(cases)["t_ig_s"]
        lines[test.polymer] = {
            "flux_kw_m2": list(FLUXES_KW_M2),
            "t_ig_s": [float(t) if np.isfinite(t) else None for t in t_ig],
            "critical_flux_kw_m2": _critical_flux(parameters, thickness_mm),
        }
    return {"thickness_mm": thickness_mm, "polymers": lines}


def _critical_flux(parameters, thickness_mm: float, low: float = 5.0, high: float = 100.0) -> float:
    while high - low > 0.25:
        middle = 0.5 * (low + high)
        case = specimen.to_case(parameters, 0, middle, thickness_mm)
        lit = np.isfinite(cone.simulate(case)["t_ig_s"])
        low, high = (low, middle) if lit else (middle, high)
    return 0.5 * (low + high)


def energy_budget() -> dict:
    """Where the heat of one test goes [MJ/m2]: PMMA-like slab, 6 mm under 50 kW/m2, to burn-out.

    Integrals of the terms of the surface balance over the surface temperature; what remains of
    the net heat after the reaction leaves with the gas.
    """
    case = reference_cases()[0]
    virgin, step = case["components"]["virgin"], case["reactions"][0]
    curves = cone.simulate(case, curves=True)["curves"]
    t, Ts = curves["time_s"], curves["surface_temperature_k"]
    front, eps = case["front"], virgin["emissivity"]
    terms = {
        "received": np.full_like(t, case["irradiance_w_m2"]),
        "reflected": np.full_like(t, (1.0 - eps) * case["irradiance_w_m2"]),
        "re-radiated": eps * SIGMA * (Ts**4 - front["surroundings_temperature_k"] ** 4),
        "convected": front["h_w_m2_k"] * (Ts - front["gas_temperature_k"]),
    }
    budget = {name: 1e-6 * float(np.trapezoid(flux, t)) for name, flux in terms.items()}
    lost = float(curves["mass_lost_kg_m2"][-1])
    budget["heat of reaction"] = 1e-6 * lost * step["heat_of_reaction_j_kg"]
    spent = sum(budget[x] for x in ("reflected", "re-radiated", "convected", "heat of reaction"))
    budget["sensible heat of the gas"] = budget["received"] - spent
    return budget


def sensitivity(trajectories: int = 30, seed: int = 0) -> dict:
    """Morris' elementary effects of each blind parameter, each moved within +-1 sigma.

    ``mu_star`` is the mean absolute change of ln t_ig or ln pHRR (natural logarithm) when a
    parameter crosses its range, ``sigma`` the spread of it (Morris 1991; Campolongo 2007), at
    50 kW/m2 and 6 mm.
    """
    tests = {test.polymer: test for test in load_measurements()[::-1].itertuples()}
    return {name: _morris(tests[name], trajectories, seed) for name in STUDIED}


def _morris(test, trajectories: int, seed: int) -> dict:
    estimate = properties.estimate(material_of(test))
    moved = {
        name: p
        for name, p in estimate.properties.items()
        if p.sigma > 0.0 and p.value > 0.0 and not name.startswith("acid_")
    }
    problem = {"num_vars": len(moved), "names": list(moved), "bounds": [[-1.0, 1.0]] * len(moved)}
    points = sample_morris.sample(problem, trajectories, num_levels=6, seed=seed)
    parameters = blind_parameters(test, len(points))
    for j, (name, p) in enumerate(moved.items()):
        parameters[name] = p.value * np.exp(p.sigma / p.value * points[:, j])
    for name in ("flaming_efficiency", "emissivity", "char_emissivity"):
        parameters[name] = np.minimum(parameters[name], 1.0)
    parameters["A_1_s"], parameters["E_j_mol"] = arrhenius(
        parameters["t50_k"], parameters["decomposition_width_k"]
    )
    cases = [specimen.to_case(parameters, i, 50.0, 6.0) for i in range(len(points))]
    found = cone.simulate_batch(cases, lag_s=LAG_S)
    effects = {}
    for target in PRIMARY:
        values = np.log(found[f"rule_{target}"])
        values = np.where(np.isfinite(values), values, np.nanmax(values))
        answer = analyse_morris.analyze(problem, points, values, num_levels=6, seed=seed)
        effects[target] = {
            name: {"mu_star": float(mu), "sigma": float(spread)}
            for name, mu, spread in zip(moved, answer["mu_star"], answer["sigma"], strict=True)
            if mu > 1e-6
        }
    return effects
