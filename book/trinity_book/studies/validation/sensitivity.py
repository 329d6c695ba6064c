"""What a simulated cone test depends on: ignition lines, its energy budget, global sensitivity, and
each constant of general knowledge, its row moved by 1 sigma both ways."""

import numpy as np
from SALib.analyze import morris as analyse_morris
from SALib.sample import morris as sample_morris

from trinity.chemistry.priors import moved, prior_table
from trinity.chemistry.properties import estimate
from trinity.chemistry.sampling import DERIVED, LIMITS, arrhenius, sample_parameters
from trinity.chemistry.thermochemistry import gas_heat_of_combustion
from trinity.cone import simulate as cone
from trinity.cone import specimen
from trinity.cone.curve import LAG_S
from trinity.measurements.specimens import load_measurements
from trinity.quantities import PRIMARY
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA
from trinity_book.studies.validation.cases import blind_parameters, material_of, reference_cases

FLUXES_KW_M2 = tuple(range(10, 101, 5))
#: Properties that others decide.
FOLLOWING = (DERIVED, "gas_heat_of_combustion_j_kg")
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
    """Morris' elementary effects of each blind parameter, each moved within +-1 sigma as
    `trinity.chemistry.sampling` draws it; the heat of combustion of the gas follows.

    ``mu_star`` is the mean absolute change of ln t_ig or ln pHRR (natural logarithm) when a
    parameter crosses its range, ``sigma`` the spread of it (Morris 1991; Campolongo 2007), at
    50 kW/m2 and 6 mm.
    """
    tests = {test.polymer: test for test in load_measurements()[::-1].itertuples()}
    return {name: _morris(tests[name], trajectories, seed) for name in STUDIED}


def _morris(test, trajectories: int, seed: int) -> dict:
    varied = {
        name: p
        for name, p in estimate(material_of(test)).properties.items()
        if p.sigma > 0.0 and name not in FOLLOWING and not name.startswith("acid_")
    }
    many = len(varied)
    problem = {"num_vars": many, "names": list(varied), "bounds": [[-1.0, 1.0]] * many}
    points = sample_morris.sample(problem, trajectories, num_levels=6, seed=seed)
    parameters = blind_parameters(test, len(points))
    for j, (name, p) in enumerate(varied.items()):
        parameters[name] = _moved(name, p, points[:, j])
    parameters["gas_heat_of_combustion_j_kg"] = gas_heat_of_combustion(
        *(parameters[k] for k in ("heat_of_combustion_j_kg", "char_yield", "acid_fraction"))
    )
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
            for name, mu, spread in zip(varied, answer["mu_star"], answer["sigma"], strict=True)
            if mu > 1e-6
        }
    return effects


def _moved(name: str, of, sigmas: np.ndarray) -> np.ndarray:
    """A property moved by so many sigma: in proportion, or linearly within its limits."""
    if name in LIMITS:
        return np.clip(of.value + of.sigma * sigmas, *LIMITS[name])
    return of.value * np.exp(of.sigma / of.value * sigmas)


def primary_endpoint(cases: list[dict], tests) -> float:
    """The primary endpoint of the analysis plan, of simulated cases (n,) beside ``tests`` (n, ...).

    Mean over the nine groups of |ln(simulated / measured)|, laboratories of a group counting the
    same, averaged over t_ig and pHRR. A case that does not ignite has no error.
    """
    found = cone.simulate_batch(cases, lag_s=LAG_S)
    table = tests[["group_nine", "lab"]].copy()
    for target in PRIMARY:
        table[target] = np.abs(np.log(found[f"rule_{target}"] / tests[target]))
    by_lab = table.groupby(["group_nine", "lab"])[list(PRIMARY)].mean()
    return float(by_lab.groupby("group_nine").mean().mean().mean())


def prior_effects() -> dict:
    """Endpoint of the blind physics at every row's value, and its change 1 sigma below and above.

    ``effects`` holds name -> [below, above]; a row that no tested polymer uses has zeros. A row
    that only widens intervals has no effect on nominal values either.
    """
    tests = load_measurements().query("t_ig_s.notna()").reset_index(drop=True)
    polymers = [material_of(test) for test in tests.itertuples()]

    def cases() -> list[dict]:
        by_polymer = {polymer: sample_parameters(estimate(polymer)) for polymer in set(polymers)}
        return [
            specimen.to_case(by_polymer[polymer], 0, test.flux_kw_m2, test.thickness_mm)
            for polymer, test in zip(polymers, tests.itertuples(), strict=True)
        ]

    nominal, effects = cases(), {}
    base = primary_endpoint(nominal, tests)
    for name in prior_table().name:
        effects[name] = []
        for sigmas in (-1.0, 1.0):
            with moved(name, sigmas):
                changed = cases()
                found = base if changed == nominal else primary_endpoint(changed, tests)
                effects[name].append(found - base)
    return {"endpoint": base, "effects": effects}


def priors_shown(validation: dict) -> tuple[str, list]:
    """Head and rows of a table of all priors for a page; effects as ``validation`` has them."""
    effects, rows = validation.get("priors", {}).get("effects", {}), []
    for row in prior_table().itertuples():
        moves = (f"{x:+.3f}" if x else "" for x in effects.get(row.name, (0.0, 0.0)))
        amount = f"{row.value:,.4g} ± {row.sigma:,.2g}"
        rows.append((row.what, amount, row.unit, *moves, row.source, row.status))
    return "what | value and sigma: | unit | -1 sigma: | +1 sigma: | source | status", rows
