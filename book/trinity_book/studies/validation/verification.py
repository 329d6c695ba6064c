"""Does the solver solve its equations: exact solutions, order of convergence, balances.

Nothing here is an experiment. `march` runs the compiled step of the model on a uniform grid with
fixed steps, so that one error at a time can be seen; everything else uses the model as it is.
"""

import numpy as np
from scipy.special import erfcx

from trinity.cone import simulate as cone
from trinity.cone.case import check
from trinity.cone.grid import new_cells
from trinity.cone.heat import Faces, workspace
from trinity.cone.run import step
from trinity.cone.slab import pack, unpack
from trinity_book.studies.validation.cases import reference_cases
from trinity_book.studies.validation.report import other_slabs

K, RHO, C, H, HOT = 0.2, 1190.0, 1800.0, 50.0, 800.0  # slab and hot gas of the exact solutions, SI
STEPS_S = (0.5, 0.25, 0.125)
CELLS = (30, 60, 120)


def hot_gas_case(thickness_m: float = 0.03, end_time_s: float = 300.0) -> dict:
    """A slab that does not react and neither absorbs nor emits, under gas of 800 K."""
    virgin = {"density_kg_m3": RHO, "conductivity_w_m_k": K, "specific_heat_j_kg_k": C}
    return {
        "thickness_m": thickness_m,
        "irradiance_w_m2": 0.0,
        "end_time_s": end_time_s,
        "front": {"h_w_m2_k": H, "gas_temperature_k": HOT},
        "components": {"virgin": virgin | {"emissivity": 0.0}},
        "reactions": [],
    }


def semi_infinite_surface(time_s) -> np.ndarray:
    """Surface temperature [K] of a half space under hot gas (Carslaw & Jaeger 1959, section 2.7).

    (T - T0) / (Tg - T0) = 1 - exp(z^2) erfc(z), z = h sqrt(alpha t) / k, with T0 = 300 K.
    """
    z = H * np.sqrt(K / (RHO * C) * np.asarray(time_s, float)) / K
    return 300.0 + (HOT - 300.0) * (1.0 - erfcx(z))


def march(case: dict, cells: int, dt: float, end: float) -> tuple[float, float]:
    """Surface temperature [K] and mass left [kg/m2] at ``end``; uniform grid, fixed steps [s]."""
    slab = unpack(pack([check(case)]), 0)
    setup, C = slab.setup, slab.components.size
    state, w = new_cells(cells + 1, C), workspace(cells + 1, C, slab.reactions.size)
    state.dx[:cells] = setup.thickness / cells
    state.m[:cells, 0] = slab.components[0].rho * state.dx[:cells]
    state.T[:] = setup.T0
    faces = Faces(Ts=setup.T0, Tb=setup.T0, q=0.0, q_back=0.0, iterations=0)
    for _ in range(round(end / dt)):
        faces, _ = step(slab, False, state, cells, cells, dt, faces, 1e-9, w)
        state.T[:], state.m[:] = w.T1, w.m1
    return faces.Ts, state.m[:cells].sum()


def convergence() -> dict[str, dict[str, list[float]]]:
    """Errors when the step, or the cell, is halved, and the order that they show.

    In time: mass left of a reacting 2 mm slab after 40 s, against a step of 1/64 s [kg/m2]. In
    space: surface temperature after 60 s under hot gas, against the exact one [K].
    """
    burning = {**reference_cases()[0], "thickness_m": 0.002}
    left = [march(burning, 40, dt, 40.0)[1] for dt in (*STEPS_S, 1 / 64)]
    exact = float(semi_infinite_surface(60.0))
    hot = [march(hot_gas_case(), n, 0.05, 60.0)[0] for n in CELLS]
    sizes = [1e3 * 0.03 / n for n in CELLS]
    return {
        "time": _order(list(STEPS_S), np.abs(np.array(left[:-1]) - left[-1])),
        "space": _order(sizes, np.abs(np.array(hot) - exact)),
    }


def _order(sizes: list[float], errors: np.ndarray) -> dict[str, list[float]]:
    """Sizes, errors, and the order between neighbours; each size is half of the one before."""
    order = np.log2(errors[:-1] / errors[1:])
    return {"size": sizes, "error": errors.tolist(), "order": order.tolist()}


def heating_curve() -> dict[str, np.ndarray]:
    """Surface temperature of the model as it is beside the exact one, first 300 s of 50 mm."""
    curves = cone.simulate(hot_gas_case(0.05), curves=True)["curves"]
    time_s = curves["time_s"][1:]
    return {
        "time_s": time_s,
        "simulated_k": curves["surface_temperature_k"][1:],
        "exact_k": semi_infinite_surface(time_s),
    }


def balances(n: int = 12, seed: int = 0) -> dict[str, dict[str, float]]:
    """Largest relative error of mass and of energy, by resolution.

    Over ``n`` slabs of 1-30 mm under 15-100 kW/m2, half of them with ramps: constant specific
    heats would close whatever Newton's method leaves over.
    """
    result = {}
    for name, numerics in (("default", cone.DEFAULT), ("fine", cone.FINE)):
        found = cone.simulate_batch(other_slabs(n, seed), numerics=numerics)
        result[name] = {
            part: float(np.abs(found[f"{part}_balance_error"]).max()) for part in ("mass", "energy")
        }
    return result
