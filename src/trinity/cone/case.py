"""Cases of the bare solver: what a case may say, checked in plain Python and packed into arrays.

A case is a dict in the schema of ``data/reference/cone_reference_cases.json``; `pack` turns many
of them into a few flat arrays (components, ramps and reactions of all cases one after the other,
with offsets), which is the shape the compiled solver reads.
"""

from math import inf, log
from typing import NamedTuple

import numpy as np

from trinity.errors import InputError
from trinity.quantities import AMBIENT_K, GAS_CONSTANT_J_MOL_K

OPAQUE = 1e6  # absorption coefficient that stands for absorption at the surface [1/m]
COLDEST_RATE = 1e-8  # reactions slower than this are not computed [1/s]
BACKS = ("insulated", "fixed temperature", "convection and radiation", "air gap", "ceramic wool")

# A half-inch blanket of low-density ceramic fibre, as it lies under cone specimens: round values
# typical of data sheets near 400 K, a default and no measurement. A case can give its own.
WOOL = {
    "thickness_m": 0.0127,
    "density_kg_m3": 128.0,
    "conductivity_w_m_k": 0.06,
    "specific_heat_j_kg_k": 1070.0,
}


class Packed(NamedTuple):
    """Arrays of many cases: what `trinity.cone.batch.run_range` reads."""

    scalars: np.ndarray  # (n, 21) one row a case, see `SCALARS`
    offsets: np.ndarray  # (n + 1, 3) first component, ramp row and reaction of each case
    components: np.ndarray  # (components, 4) density, emissivity, absorption, initial fraction
    index: np.ndarray  # (components, 4) first row and length of the k and of the c ramp
    ramps: np.ndarray  # (points, 3) temperature, value, integral from 0 K
    reactions: np.ndarray  # (reactions, 6) A, E, solid yield, heat, heat of combustion, T_on
    chain: np.ndarray  # (reactions, 2) reactant and product, -1 for none


SCALARS = (
    "thickness end T0 h_flaming flame efficiency critical rule timeout wool volatiles "
    "irradiance h T_gas T_around in_depth back h_back T_back eps_back fuel"
).split()


def number(where, table, key, low, high, default=None):
    """The number ``table[key]`` if it lies in [low, high].

    Raises
    ------
    InputError
        One sentence: field, value, accepted range.
    """
    value = table.get(key, default)
    if isinstance(value, (float, int)) and not isinstance(value, bool) and low <= value <= high:
        return value
    if key not in table:
        raise InputError(f"{where}{key} is missing; give a number from {low:g} to {high:g}.")
    raise InputError(f"{where}{key} is {value!r}; it must be a number from {low:g} to {high:g}.")


def _temperature(where, table, key, default=None):
    """A temperature in kelvin."""
    value = table.get(key, default)
    if isinstance(value, (float, int)) and -100 <= value < 150:
        raise InputError(
            f"{where}{key} is {value!r}, which looks like degrees Celsius; "
            "it must be in kelvin, from 150 to 3000."
        )
    return number(where, table, key, 150.0, 3000.0, default)


def _irradiance(case):
    """Irradiance in W/m2; kilowatts are told apart by their size."""
    value = case.get("irradiance_w_m2")
    if isinstance(value, (float, int)) and 0 < value < 1000:
        raise InputError(
            f"irradiance_w_m2 is {value!r}, which looks like kW/m2; "
            "it must be in W/m2, 0 or from 1000 to 200000."
        )
    return number("", case, "irradiance_w_m2", 0.0, 200000.0)


def _ramp(where, table, key, low, high, points):
    """Append a constant or a ``[[T, value], ...]`` ramp to ``points``; return (first, length).

    The integral from 0 K goes with each point, so that enthalpies are exact and quick.
    """
    given = table.get(key)
    first = len(points)
    if not isinstance(given, (list, tuple)):
        points.append((0.0, number(where, table, key, low, high), 0.0))
        return first, 1
    if not given or len(given) > 100:
        raise InputError(f"{where}{key} has {len(given)} points; a ramp must have 1 to 100.")
    integral, before = 0.0, None
    for pair in given:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise InputError(f"{where}{key} has the point {pair!r}; it must be [kelvin, value].")
        T = _temperature(f"{where}{key}: ", {"temperature": pair[0]}, "temperature")
        value = number(f"{where}{key}: ", {"value": pair[1]}, "value", low, high)
        if before is None:
            integral = T * value
        elif T <= before[0]:
            raise InputError(f"{where}{key} goes from {before[0]} K to {T} K; it must rise.")
        else:
            integral += 0.5 * (value + before[1]) * (T - before[0])
        before = (T, value)
        points.append((T, value, integral))
    return first, len(given)


def _table(case, key):
    """A field that must be an object."""
    table = case.get(key)
    if not isinstance(table, dict):
        raise InputError(f"{key} is {table!r}; it must be an object of named fields.")
    return table


class Case(NamedTuple):
    """One checked case, in the order in which `Packed` stores it."""

    scalars: list
    components: list
    index: list
    ramps: list
    reactions: list
    chain: list


def _component(name, table, points):
    """Rows of one component: (density, emissivity, absorption) and its ramps."""
    if not isinstance(table, dict):
        raise InputError(f"components.{name} is {table!r}; it must be an object of properties.")
    where = f"components.{name}."
    density = number(where, table, "density_kg_m3", 1.0, 30000.0)
    emissivity = number(where, table, "emissivity", 0.0, 1.0)
    absorption = OPAQUE
    if table.get("absorption_coefficient_1_m") is not None:
        absorption = number(where, table, "absorption_coefficient_1_m", 1.0, 1e12)
    k = _ramp(where, table, "conductivity_w_m_k", 1e-4, 1e4, points)
    c = _ramp(where, table, "specific_heat_j_kg_k", 10.0, 1e5, points)
    return (density, emissivity, min(absorption, OPAQUE)), (*k, *c)


def _reaction(number_, table, names, hc_default):
    """Rows of one reaction, checked: values and (reactant, product)."""
    where = f"reactions[{number_}]."
    if not isinstance(table, dict):
        raise InputError(f"{where[:-1]} is {table!r}; it must be an object.")
    reactant, product = table.get("reactant"), table.get("product")
    if reactant not in names:
        raise InputError(f"{where}reactant is {reactant!r}; it must be one of {sorted(names)}.")
    if product is not None and product not in names:
        raise InputError(
            f"{where}product is {product!r}; it must be null or one of {sorted(names)}."
        )
    if table.get("order", 1) != 1:
        raise InputError(f"{where}order is {table['order']!r}; only first order (1) is known.")
    A = number(where, table, "A_1_s", 0.0, 1e80)
    E = number(where, table, "E_j_mol", 0.0, 2e6)
    y = number(where, table, "solid_yield", 0.0, 1.0, 0.0 if product is None else None)
    dh = number(where, table, "heat_of_reaction_j_kg", -2e7, 2e7)
    hc = number(where, table, "heat_of_combustion_j_kg", 0.0, 2e8, hc_default)
    if product is None and y > 0.0:
        raise InputError(f"{where}solid_yield is {y!r} but product is null; name the product or 0.")
    T_on = 0.0
    if table.get("threshold_temperature_k") is not None:
        T_on = _temperature(where, table, "threshold_temperature_k")
    if A <= COLDEST_RATE:
        T_on = inf
    elif E > 0.0:
        T_on = max(T_on, E / (GAS_CONSTANT_J_MOL_K * log(A / COLDEST_RATE)))
    return (A, E, y, dh, hc, T_on), (names[reactant], -1 if product is None else names[product])


def _in_order(chain):
    """Order of reactions in which every reactant's source comes first; refuses loops."""
    waiting, order = list(range(len(chain))), []
    while waiting:
        made = {chain[j][1] for j in waiting}
        free = [j for j in waiting if chain[j][0] not in made]
        if not free:
            raise InputError("reactions form a loop; they must lead from the virgin to a residue.")
        order += free
        waiting = [j for j in waiting if j not in free]
    return order


def _initial(case, names, chain):
    """Initial mass fraction of each component; all in the first that no reaction makes."""
    given = case.get("initial_mass_fractions")
    if given is None:
        made = {p for _, p in chain}
        first = next((i for i in range(len(names)) if i not in made), 0)
        return [1.0 if i == first else 0.0 for i in range(len(names))]
    if not isinstance(given, dict) or not set(given) <= set(names):
        raise InputError(f"initial_mass_fractions must name components among {sorted(names)}.")
    fractions = [number("initial_mass_fractions.", given, n, 0.0, 1.0, 0.0) for n in names]
    if abs(sum(fractions) - 1.0) > 1e-6:
        raise InputError(f"initial_mass_fractions sum to {sum(fractions):g}; they must sum to 1.")
    return fractions


def _residue(fractions, reactions, chain):
    """Mass fraction that is left when every reaction has run to its end."""
    left = list(fractions)
    for (_, _, y, *_), (a, p) in zip(reactions, chain, strict=True):
        if p >= 0:
            left[p] += y * left[a]
        left[a] = 0.0
    return sum(left)


def _back(case, T0):
    r"""Back face as (kind, h, T, emissivity, layer or None); a name, or an object with ``type``.

    Net flux into it [W/m2]: 0 (insulated); :math:`h(T_g-T_b)+\epsilon\sigma(T_g^4-T_b^4)`, with h
    [W/m2/K] given (convection and radiation) or that of still air, conductivity [W/m/K] over
    thickness [m] (air gap; Carslaw & Jaeger 1959). Ceramic wool is a layer of its own, whose back
    obeys the same line: :math:`\rho c\,\partial_t T=k\,\partial_{xx}T`.
    """
    back = case.get("back", "insulated")
    table = back if isinstance(back, dict) else {}
    kind = table.get("type") if table else back
    if isinstance(kind, str) and kind.startswith("convection and radiation"):
        kind = "convection and radiation"
    if kind not in BACKS:
        raise InputError(f"back is {kind!r}; it must be one of {', '.join(BACKS)}.")
    where = "back." if table else ""
    if not table:  # the names used beside a plain string
        for key, plain in (
            ("temperature_k", "back_temperature_k"),
            ("gas_temperature_k", "gas_temperature_back_k"),
            ("h_w_m2_k", "h_back_w_m2_k"),
        ):
            if case.get(plain) is not None:
                table[key] = case[plain]
    if kind == "insulated":
        return 0, 0.0, T0, 0.0, None
    if kind == "fixed temperature":
        return 1, 0.0, _temperature(where, table, "temperature_k", T0), 0.0, None
    T = _temperature(where, table, "gas_temperature_k", T0)
    eps = number(where, table, "emissivity", 0.0, 1.0, 0.9)
    if kind == "air gap":  # conduction through still air beside radiation to the holder
        gap = number(where, table, "thickness_m", 1e-5, 0.1, 0.01)
        return 2, number(where, table, "conductivity_w_m_k", 1e-3, 1.0, 0.04) / gap, T, eps, None
    h = number(where, table, "h_w_m2_k", 0.0, 1000.0, 10.0)
    if kind == "convection and radiation":
        return 2, h, T, eps, None
    return 2, h, T, eps, {**WOOL, **{k: v for k, v in table.items() if k in WOOL}}


def _ignition(case, fuel):
    """What decides on ignition: (rule, critical value).

    Surface temperature [K], else mass flux of all gas [kg/m2/s], else heat release rate of the gas
    [W/m2], flaming efficiency times heat of combustion times mass flux: the rule of the measured
    tests, 24 kW/m2 (the literature has no one value, Lyon & Quintiere 2007).
    """
    if case.get("critical_surface_temperature_k") is not None:
        return 2, _temperature("", case, "critical_surface_temperature_k")
    if case.get("critical_mass_flux_kg_m2_s") is not None:
        return 1, number("", case, "critical_mass_flux_kg_m2_s", 1e-5, 1.0)
    critical = number("", case, "critical_hrr_w_m2", 100.0, 1e6, 24000.0)
    return (0, critical) if fuel else (-1, critical)


def check(case) -> Case:
    """Check one case.

    Raises
    ------
    InputError
        One sentence that names the field, its value and the accepted range.
    """
    if not isinstance(case, dict):
        raise InputError(f"A case is {str(case)[:40]!r}; it must be an object of named fields.")
    thickness = number("", case, "thickness_m", 1e-4, 0.2)
    irradiance = _irradiance(case)
    end = number("", case, "end_time_s", 1.0, 1e5)
    T0 = _temperature("", case, "initial_temperature_k", AMBIENT_K)
    timeout = inf
    if case.get("ignition_timeout_s") is not None:
        timeout = number("", case, "ignition_timeout_s", 1.0, 1e5)
    front = _table(case, "front")
    h = number("front.", front, "h_w_m2_k", 0.0, 1000.0)
    h_flaming = number("front.", front, "h_after_ignition_w_m2_k", 0.0, 1000.0, h)
    T_gas = _temperature("front.", front, "gas_temperature_k", T0)
    T_around = _temperature("front.", front, "surroundings_temperature_k", T_gas)
    flame = number("front.", front, "flame_heat_flux_w_m2", 0.0, 200000.0, 0.0)
    table = _table(case, "components")
    if not 1 <= len(table) <= 30:
        raise InputError(f"components has {len(table)} entries; it must have 1 to 30.")
    ramps, components, index = [], [], []
    for name, properties in table.items():
        row, where = _component(name, properties, ramps)
        components.append(row)
        index.append(where)
    names = {name: i for i, name in enumerate(table)}
    steps = case.get("reactions")
    if not isinstance(steps, list):
        raise InputError(f"reactions is {steps!r}; it must be a list (it may be empty).")
    hc = number("", case, "heat_of_combustion_j_kg", 0.0, 2e8, 0.0)
    rows = [_reaction(j, step, names, hc) for j, step in enumerate(steps)]
    order = _in_order([chain for _, chain in rows])
    reactions, chain = [rows[j][0] for j in order], [rows[j][1] for j in order]
    if len({a for a, _ in chain}) < len(chain):
        raise InputError("Two reactions share one reactant; reactions must be in series.")
    fractions = _initial(case, names, chain)
    efficiency = number("", case, "flaming_efficiency", 0.0, 1.0, 1.0)
    in_depth = min(row[2] for row in components) < OPAQUE
    mass = thickness / sum(f / row[0] for f, row in zip(fractions, components, strict=True))
    volatiles = mass * (1.0 - _residue(fractions, reactions, chain))
    kind, h_back, T_back, eps_back, layer = _back(case, T0)
    if layer:
        wool = number("back.", layer, "thickness_m", 1e-4, 0.2)
        row, where = _component("back", {**layer, "emissivity": eps_back}, ramps)
        components.append(row)
        index.append(where)
        fractions.append(0.0)
    fuel = any(r[4] > 0.0 and r[2] < 1.0 for r in reactions)
    rule, critical = _ignition(case, fuel)
    scalars = [
        thickness, end, T0, h_flaming, flame, efficiency, critical, rule, timeout,
        wool if layer else 0.0, volatiles, irradiance, h, T_gas, T_around, in_depth,
        kind, h_back, T_back, eps_back, fuel,
    ]  # fmt: skip
    rows = [(*row, f) for row, f in zip(components, fractions, strict=True)]
    return Case(scalars, rows, index, ramps, reactions, chain)


def pack(cases: list[Case]) -> Packed:
    """Lay checked cases one after the other; no padding, so cost is linear in what they hold."""
    counts = [(len(c.components), len(c.ramps), len(c.reactions)) for c in cases]
    offsets = np.zeros((len(cases) + 1, 3), dtype=np.int64)
    np.cumsum(np.array(counts, dtype=np.int64).reshape(-1, 3), axis=0, out=offsets[1:])

    def rows(field, width, dtype=np.float64):
        flat = [row for c in cases for row in getattr(c, field)]
        return np.array(flat, dtype=dtype).reshape(-1, width)

    scalars = np.array([c.scalars for c in cases], dtype=np.float64).reshape(-1, len(SCALARS))
    return Packed(
        scalars, offsets, rows("components", 4), rows("index", 4, np.int64), rows("ramps", 3),
        rows("reactions", 6), rows("chain", 2, np.int64),
    )  # fmt: skip
