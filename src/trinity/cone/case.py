"""Cases of the bare solver: what a case may say, checked in plain Python.

A case is a dict in the schema of ``data/reference/cone_reference_cases.json``; `check` reads one
into the rows of a `trinity.cone.slab.Slab`.
"""

from math import inf, log

from trinity.cone.slab import Component, Point, Reaction, Setup, Slab
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
#: Fields of the back, and their names beside a back that is plain text.
BESIDE = {
    "temperature_k": "back_temperature_k",
    "gas_temperature_k": "gas_temperature_back_k",
    "h_w_m2_k": "h_back_w_m2_k",
}


class Fields:
    """Named fields of a case or of a part of it; reading one checks it.

    Raises InputError, one sentence: the field with ``where`` before it, its value, the accepted
    range.
    """

    def __init__(self, values, where: str = "") -> None:
        if not isinstance(values, dict):
            shown = values if where else str(values)[:40]
            name = where or "A case"
            raise InputError(f"{name} is {shown!r}; it must be an object of named fields.")
        self.values = values
        self.where = f"{where}." if where else ""

    def given(self, key: str) -> bool:
        """Whether a field is there and not null."""
        return self.values.get(key) is not None

    def number(self, key: str, low: float, high: float, default=None, slip=None) -> float:
        """A number in [low, high]; ``slip`` says which range looks like which wrong unit."""
        value = self.values.get(key, default)
        number = isinstance(value, (float, int)) and not isinstance(value, bool)
        slipped = number and slip and slip[0] < value < slip[1]
        if number and low <= value <= high and not slipped:
            return value
        shown = repr(value) if key in self.values else "missing"
        looks = f", which looks like {slip[2]}" if slipped else ""
        allowed = f"it must be a number from {low:g} to {high:g}"
        raise InputError(f"{self.where}{key} is {shown}{looks}; {allowed}.")

    def kelvin(self, key: str, default: float | None = None) -> float:
        """A temperature [K]."""
        return self.number(key, 150.0, 3000.0, default, (-101, 150, "degrees Celsius, not kelvin"))

    def ramp(self, key: str, low: float, high: float, points: list[Point]) -> tuple[int, int]:
        """Append a constant or a ``[[T, value], ...]`` ramp to ``points``; (first, length)."""
        given, first, name = self.values.get(key), len(points), f"{self.where}{key}"
        if not isinstance(given, (list, tuple)):
            points.append(Point(at=0.0, value=self.number(key, low, high), integral=0.0))
            return first, 1
        if not 1 <= len(given) <= 100:
            raise InputError(f"{name} has {len(given)} points; a ramp must have 1 to 100.")
        for pair in given:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise InputError(f"{name} has the point {pair!r}; it must be [kelvin, value].")
            point = Fields(dict(zip(("temperature", "value"), pair, strict=True)), name)
            T, value = point.kelvin("temperature"), point.number("value", low, high)
            integral = T * value
            if len(points) > first:
                last = points[-1]
                if T <= last.at:
                    raise InputError(f"{name} goes from {last.at} K to {T} K; must rise.")
                integral = last.integral + 0.5 * (value + last.value) * (T - last.at)
            points.append(Point(at=T, value=value, integral=integral))
        return first, len(given)


def _component(fields: Fields, fraction: float, points: list[Point]) -> Component:
    """One component; its ramps are appended to ``points``."""
    kappa = OPAQUE
    if fields.given("absorption_coefficient_1_m"):
        kappa = min(fields.number("absorption_coefficient_1_m", 1.0, 1e12), OPAQUE)
    k_first, k_length = fields.ramp("conductivity_w_m_k", 1e-4, 1e4, points)
    c_first, c_length = fields.ramp("specific_heat_j_kg_k", 10.0, 1e5, points)
    return Component(
        rho=fields.number("density_kg_m3", 1.0, 30000.0),
        eps=fields.number("emissivity", 0.0, 1.0),
        kappa=kappa,
        w0=fraction,
        k_first=k_first,
        k_length=k_length,
        c_first=c_first,
        c_length=c_length,
    )


def _reaction(step: Fields, names: dict[str, int], hc_default: float) -> Reaction:
    """One reaction; a slow one has a temperature below which it is not computed."""
    where, reactant, product = step.where, step.values.get("reactant"), step.values.get("product")
    for key, name in (
        ("reactant", reactant),
        ("product", reactant if product is None else product),
    ):
        if name not in names:
            null = "null or " if key == "product" else ""
            raise InputError(f"{where}{key} is {name!r}; it must be {null}one of {sorted(names)}.")
    order = step.values.get("order", 1)
    if order != 1:
        raise InputError(f"{where}order is {order!r}; only first order (1) is known.")
    A, E = step.number("A_1_s", 0.0, 1e80), step.number("E_j_mol", 0.0, 2e6)
    y = step.number("solid_yield", 0.0, 1.0, 0.0 if product is None else None)
    if product is None and y > 0.0:
        raise InputError(f"{where}solid_yield is {y!r} but product is null; name the product or 0.")
    T_on = 0.0
    if step.given("threshold_temperature_k"):
        T_on = step.kelvin("threshold_temperature_k")
    if A <= COLDEST_RATE:
        T_on = inf
    elif E > 0.0:
        T_on = max(T_on, E / (GAS_CONSTANT_J_MOL_K * log(A / COLDEST_RATE)))
    return Reaction(
        reactant=names[reactant],
        product=-1 if product is None else names[product],
        A=A,
        E=E,
        y=y,
        dh=step.number("heat_of_reaction_j_kg", -2e7, 2e7),
        hc=step.number("heat_of_combustion_j_kg", 0.0, 2e8, hc_default),
        T_on=T_on,
    )


def _reactions(case: Fields, names: dict[str, int]) -> list[Reaction]:
    """Reactions, every reactant's source before it; refuses loops and shared reactants."""
    steps = case.values.get("reactions")
    if not isinstance(steps, list):
        raise InputError(f"reactions is {steps!r}; it must be a list (it may be empty).")
    hc = case.number("heat_of_combustion_j_kg", 0.0, 2e8, 0.0)
    waiting = [_reaction(Fields(s, f"reactions[{j}]"), names, hc) for j, s in enumerate(steps)]
    order: list[Reaction] = []
    while waiting:
        made = {reaction.product for reaction in waiting}
        free = [reaction for reaction in waiting if reaction.reactant not in made]
        if not free:
            raise InputError("reactions form a loop; they must lead from the virgin to a residue.")
        order += free
        waiting = [reaction for reaction in waiting if reaction.reactant in made]
    if len({reaction.reactant for reaction in order}) < len(order):
        raise InputError("Two reactions share one reactant; reactions must be in series.")
    return order


def _initial(case: Fields, names: dict[str, int], reactions: list[Reaction]) -> list[float]:
    """Initial mass fraction of each component; all in the first that reacts and is not made."""
    given = case.values.get("initial_mass_fractions")
    if given is None:
        made = {reaction.product for reaction in reactions}
        first = min((r.reactant for r in reactions if r.reactant not in made), default=0)
        return [float(i == first) for i in range(len(names))]
    if not isinstance(given, dict) or not set(given) <= set(names):
        raise InputError(f"initial_mass_fractions must name components among {sorted(names)}.")
    table = Fields(given, "initial_mass_fractions")
    fractions = [table.number(name, 0.0, 1.0, 0.0) for name in names]
    if abs(sum(fractions) - 1.0) > 1e-6:
        raise InputError(f"initial_mass_fractions sum to {sum(fractions):g}; they must sum to 1.")
    return fractions


def _residue(fractions: list[float], reactions: list[Reaction]) -> float:
    """Mass fraction that is left when every reaction has run to its end."""
    left = list(fractions)
    for reaction in reactions:
        if reaction.product >= 0:
            left[reaction.product] += reaction.y * left[reaction.reactant]
        left[reaction.reactant] = 0.0
    return sum(left)


def _back(case: Fields, T0: float) -> tuple[dict, dict | None]:
    r"""Back face: its fields of `Setup`, and the layer behind it or None.

    Net flux into it [W/m2]: 0 (insulated); :math:`h(T_g-T_b)+\epsilon\sigma(T_g^4-T_b^4)`, with h
    [W/m2/K] given (convection and radiation) or that of still air, conductivity [W/m/K] over
    thickness [m] (air gap; Carslaw & Jaeger 1959). Ceramic wool is a layer of its own, whose back
    obeys the same line: :math:`\rho c\,\partial_t T=k\,\partial_{xx}T`.
    """
    kind = case.values.get("back", "insulated")
    if isinstance(kind, dict):
        table = Fields(kind, "back")
        kind = table.values.get("type")
    else:
        table = Fields({k: case.values[name] for k, name in BESIDE.items() if case.given(name)})
    if isinstance(kind, str) and kind.startswith("convection and radiation"):
        kind = "convection and radiation"
    if kind not in BACKS:
        raise InputError(f"back is {kind!r}; it must be one of {', '.join(BACKS)}.")
    face = {"held": kind == "fixed temperature", "h_back": 0.0, "T_back": T0, "eps_back": 0.0}
    if kind == "insulated":
        return face, None
    if face["held"]:
        return face | {"T_back": table.kelvin("temperature_k", T0)}, None
    if kind == "air gap":  # conduction through still air beside radiation to the holder
        gap = table.number("thickness_m", 1e-5, 0.1, 0.01)
        h = table.number("conductivity_w_m_k", 1e-3, 1.0, 0.04) / gap
    else:
        h = table.number("h_w_m2_k", 0.0, 1000.0, 10.0)
    eps = table.number("emissivity", 0.0, 1.0, 0.9)
    face |= {"h_back": h, "T_back": table.kelvin("gas_temperature_k", T0), "eps_back": eps}
    own = {key: value for key, value in table.values.items() if key in WOOL}
    return face, {**WOOL, **own, "emissivity": eps} if kind == "ceramic wool" else None


def _ignition(case: Fields, fuel: bool) -> dict:
    """What decides on ignition: the fields ``rule`` and ``critical`` of `Setup`.

    Surface temperature [K], else mass flux of all gas [kg/m2/s], else heat release rate of the gas
    [W/m2], flaming efficiency times heat of combustion times mass flux: the rule of the measured
    tests, 24 kW/m2 (the literature has no one value, Lyon & Quintiere 2007).
    """
    if case.given("critical_surface_temperature_k"):
        return {"rule": 2, "critical": case.kelvin("critical_surface_temperature_k")}
    if case.given("critical_mass_flux_kg_m2_s"):
        return {"rule": 1, "critical": case.number("critical_mass_flux_kg_m2_s", 1e-5, 1.0)}
    critical = case.number("critical_hrr_w_m2", 100.0, 1e6, 24000.0)
    return {"rule": 0 if fuel else -1, "critical": critical}


def check(case: dict) -> Slab:
    """Check one case (schema: ``data/reference/cone_reference_cases.json`` and book, "Physics").

    Raises InputError, one sentence that names the field, its value and the accepted range.
    """
    case = Fields(case)
    thickness = case.number("thickness_m", 1e-4, 0.2)
    T0 = case.kelvin("initial_temperature_k", AMBIENT_K)
    front, table = (Fields(case.values.get(key), key) for key in ("front", "components"))
    if not 1 <= len(table.values) <= 30:
        raise InputError(f"components has {len(table.values)} entries; it must have 1 to 30.")
    names = {name: i for i, name in enumerate(table.values)}
    reactions = _reactions(case, names)
    fractions = _initial(case, names, reactions)
    ramps: list[Point] = []
    components = [
        _component(Fields(properties, f"components.{name}"), fraction, ramps)
        for (name, properties), fraction in zip(table.values.items(), fractions, strict=True)
    ]
    # A component that the slab never holds has no say.
    held = {i for i, w0 in enumerate(fractions) if w0 > 0.0} | {r.product for r in reactions}
    in_depth = min(part.kappa for i, part in enumerate(components) if i in held) < OPAQUE
    mass = thickness / sum(component.w0 / component.rho for component in components)
    back, layer = _back(case, T0)
    if layer:
        components.append(_component(Fields(layer, "back"), 0.0, ramps))
    fuel = any(reaction.hc > 0.0 and reaction.y < 1.0 for reaction in reactions)
    h = front.number("h_w_m2_k", 0.0, 1000.0)
    T_gas = front.kelvin("gas_temperature_k", T0)
    late = case.given("ignition_timeout_s")
    setup = Setup(
        thickness=thickness,
        end=case.number("end_time_s", 1.0, 1e5),
        timeout=case.number("ignition_timeout_s", 1.0, 1e5) if late else inf,
        T0=T0,
        # 0 or at least 1 kW/m2
        irradiance=case.number("irradiance_w_m2", 0.0, 2e5, None, (0, 1000, "kW/m2, not W/m2")),
        in_depth=in_depth,
        T_gas=T_gas,
        T_around=front.kelvin("surroundings_temperature_k", T_gas),
        h=h,
        h_flaming=front.number("h_after_ignition_w_m2_k", 0.0, 1000.0, h),
        flame=front.number("flame_heat_flux_w_m2", 0.0, 200000.0, 0.0),
        **back,
        wool=Fields(layer, "back").number("thickness_m", 1e-4, 0.2) if layer else 0.0,
        **_ignition(case, fuel),
        efficiency=case.number("flaming_efficiency", 0.0, 1.0, 1.0),
        fuel=fuel,
        mass=mass,
        volatiles=mass * (1.0 - _residue(fractions, reactions)),
    )
    return Slab(setup, components, ramps, reactions)
