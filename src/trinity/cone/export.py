"""A case as input text of two public fire codes, so that anybody can repeat it elsewhere.

FDS (solid phase only) and Gpyro are the codes behind the reference cases. The text holds the same
slab, reactions and boundary up to ignition; the flame and the ignition rule are not written. FDS
keywords follow the pyrolysis inputs of its validation suite (UMD_Polymers), Gpyro's follow its
technical reference; the texts are checked for completeness, not by running the codes.
Case fields and units: book, chapter "Physics".
"""

from math import log

from trinity.cone.case import check
from trinity.errors import InputError
from trinity.quantities import AMBIENT_K


def _ramp(value) -> list[tuple[float, float]]:
    """A property as (temperature [K], value) points."""
    if isinstance(value, (list, tuple)):
        return [(float(T), float(v)) for T, v in value]
    return [(300.0, float(value))]


def _name(text: str) -> str:
    """A component's name as the codes accept it."""
    return "".join(c if c.isalnum() else "_" for c in text).upper()[:24]


def _back(case: dict) -> str:
    """Kind of back face, one that both codes know."""
    back = case.get("back", "insulated")
    kind = back.get("type") if isinstance(back, dict) else back
    if kind not in ("insulated", "convection and radiation"):
        raise InputError(
            f"back is {kind!r}, which is not exported; use insulated or convection and radiation."
        )
    return kind


def to_fds(case: dict) -> str:
    """Input of FDS, solid phase only (&MISC SOLID_PHASE_ONLY), one cell of gas above the slab.

    Parameters
    ----------
    case : dict
        As in `trinity.cone.simulate.simulate`.

    Raises
    ------
    InputError
        If the case cannot be run, or its back face has no counterpart.
    """
    check(case)
    _back(case)
    front, materials = case["front"], case["components"]
    ambient = front.get("surroundings_temperature_k", AMBIENT_K) - 273.15
    lines = [
        "&HEAD CHID='cone', TITLE='Written by trinity' /",
        "&MESH IJK=3,3,4, XB=-0.15,0.15,-0.15,0.15,0.0,0.4 /",
        f"&TIME T_END={case['end_time_s']:g}, DT=0.01, WALL_INCREMENT=1 /",
        f"&MISC SOLID_PHASE_ONLY=T, TMPA={ambient:.2f} /",
        "&REAC FUEL='METHANE' /",
    ]
    for name, properties in materials.items():
        lines += _fds_material(name, properties, case["reactions"])
    virgin = _name(next(iter(materials)))
    lines += [
        "&SURF ID='SLAB', COLOR='GRAY'",
        f"  MATL_ID(1,1)='{virgin}', THICKNESS(1)={case['thickness_m']:g}",
        f"  {_fds_back(case)}, TMP_INNER={_celsius(case)}",
        f"  EXTERNAL_FLUX={1e-3 * case['irradiance_w_m2']:g}",
        f"  HEAT_TRANSFER_COEFFICIENT={front['h_w_m2_k']:g}, STRETCH_FACTOR=1., CELL_SIZE=1.E-5 /",
        "&VENT XB=-0.05,0.05,-0.05,0.05,0.0,0.0, SURF_ID='SLAB' /",
        "&DEVC ID='mlr', XYZ=0.,0.,0., IOR=3, QUANTITY='BURNING RATE' /",
        "&DEVC ID='T', XYZ=0.,0.,0., IOR=3, QUANTITY='WALL TEMPERATURE' /",
        "&TAIL /",
    ]
    return "\n".join(lines) + "\n"


def _fds_back(case: dict) -> str:
    """What lies behind the slab; FDS computes the natural convection of a void itself."""
    if _back(case) == "insulated":
        return "BACKING='INSULATED'"
    T0 = case.get("initial_temperature_k", AMBIENT_K)
    T = case["back"].get("gas_temperature_k", T0) if isinstance(case["back"], dict) else T0
    return f"BACKING='VOID', TMP_GAS_BACK={T - 273.15:.2f}"


def _celsius(case: dict) -> str:
    return f"{case.get('initial_temperature_k', AMBIENT_K) - 273.15:.2f}"


def _fds_material(name: str, properties: dict, reactions: list[dict]) -> list[str]:
    """&MATL and its &RAMP lines for one component."""
    key = _name(name)
    lines, ramps = [f"&MATL ID='{key}', DENSITY={properties['density_kg_m3']:g}"], []
    for field, label, unit in (
        ("conductivity_w_m_k", "CONDUCTIVITY", 1.0),
        ("specific_heat_j_kg_k", "SPECIFIC_HEAT", 1e-3),
    ):
        points = _ramp(properties[field])
        if len(points) == 1:
            lines.append(f"  {label}={unit * points[0][1]:g}")
            continue
        ramp = f"{key}_{label[:4]}"
        lines.append(f"  {label}_RAMP='{ramp}'")
        ramps += [f"&RAMP ID='{ramp}', T={T - 273.15:.2f}, F={unit * v:g} /" for T, v in points]
    kappa = properties.get("absorption_coefficient_1_m")
    lines.append(f"  EMISSIVITY={properties['emissivity']:g}")
    if kappa is not None:
        lines.append(f"  ABSORPTION_COEFFICIENT={kappa:g}")
    for step in reactions:
        if step["reactant"] == name:
            lines += _fds_reaction(step)
    return [",\n".join(lines) + " /", *ramps]


def _fds_reaction(step: dict) -> list[str]:
    """The reaction of one component, as lines of its &MATL."""
    y = step.get("solid_yield", 0.0) if step.get("product") else 0.0
    lines = [
        f"  N_REACTIONS=1, A(1)={step['A_1_s']:g}, E(1)={step['E_j_mol']:g}",
        f"  HEAT_OF_REACTION(1)={1e-3 * step['heat_of_reaction_j_kg']:g}",
        f"  SPEC_ID(1,1)='METHANE', NU_SPEC(1,1)={1.0 - y:g}",
    ]
    if step.get("threshold_temperature_k"):
        lines.append(f"  THRESHOLD_TEMPERATURE(1)={step['threshold_temperature_k'] - 273.15:.2f}")
    if y > 0.0:
        lines.append(f"  MATL_ID(1,1)='{_name(step['product'])}', NU_MATL(1,1)={y:g}")
    return lines


def to_gpyro(case: dict) -> str:
    """Input of Gpyro (Lautenberger & Fernandez-Pello 2009), one dimension, cells of 10 um.

    Gpyro knows k(T) = k0 (T/Tr)^n: a ramp is written as the power law through its two ends.

    Parameters and errors as `to_fds`.
    """
    check(case)
    names = list(case["components"])
    front, kind = case["front"], _back(case)
    lines = [
        "&GPYRO_GENERAL",
        f" DT0=0.01, NCASES=1, TAMB={front.get('gas_temperature_k', AMBIENT_K):g},",
        " TREF=300., GEOMETRY_FILE='null' /",
        "",
        "&GPYRO_SPROPS",
        f" NSSPEC={len(names)},",
    ]
    for i, name in enumerate(names, 1):
        lines += _gpyro_species(i, name, case["components"][name])
    lines += [" /", "", "&GPYRO_RXNS", f" NRXNS={len(case['reactions'])},"]
    for j, step in enumerate(case["reactions"], 1):
        lines += _gpyro_reaction(j, step, case["components"])
    back_h, back_t = _gpyro_back(case, kind)
    lines += [
        " /",
        "",
        "&GPYRO_IC",
        f" TMP_INITIAL(1)={case.get('initial_temperature_k', AMBIENT_K):g}, YI0(1,1)=1.0 /",
        "",
        "&GPYRO_ALLBC",
        f" SURF_IDX(1)=1, QE(1)={case['irradiance_w_m2']:g}, HC0(1)={front['h_w_m2_k']:g},",
        f" TINF(1)={front.get('gas_temperature_k', AMBIENT_K):g}, RERADIATION(1)=.TRUE.,",
        f" SURF_IDX(2)=2, QE(2)=0., HC0(2)={back_h:g}, TINF(2)={back_t:g} /",
        "",
        "&GPYRO_CASES",
        f" TSTOP(1)={case['end_time_s']:g}, ZDIM(1)={case['thickness_m']:g}, "
        f"NCELLZ(1)={max(round(case['thickness_m'] / 1e-5), 10)} /",
    ]
    return "\n".join(lines) + "\n"


def _gpyro_back(case: dict, kind: str) -> tuple[float, float]:
    """Convection coefficient and temperature of the back."""
    back = case["back"] if isinstance(case.get("back"), dict) else {}
    T0 = case.get("initial_temperature_k", AMBIENT_K)
    if kind == "insulated":
        return 0.0, T0
    return back.get("h_w_m2_k", 10.0), back.get("gas_temperature_k", T0)


def _power(points: list[tuple[float, float]], reference: float = 300.0) -> tuple[float, float]:
    """Value at the reference temperature and exponent of the power law through the ends."""
    (T0, v0), (T1, v1) = points[0], points[-1]
    exponent = log(v1 / v0) / log(T1 / T0) if T1 > T0 else 0.0
    return v0 * (reference / T0) ** exponent, exponent


def _gpyro_species(i: int, name: str, properties: dict) -> list[str]:
    """Properties of condensed species ``i``."""
    k, nk = _power(_ramp(properties["conductivity_w_m_k"]))
    c, nc = _power(_ramp(properties["specific_heat_j_kg_k"]))
    kappa = properties.get("absorption_coefficient_1_m")
    return [
        f" NAME({i})='{_name(name)}', K0Z({i})={k:g}, NKZ({i})={nk:g},",
        f" R0({i})={properties['density_kg_m3']:g}, NR({i})=0., C0({i})={c:g}, NC({i})={nc:g},",
        f" EMIS({i})={properties['emissivity']:g}, KAPPA({i})={1e6 if kappa is None else kappa:g},",
    ]


def _gpyro_reaction(j: int, step: dict, components: dict) -> list[str]:
    """Reaction ``j``.

    Gpyro's yield follows from densities, y = 1 + chi (rho_B/rho_A - 1), and its heats are per kg
    of gas (DHV) or of solid formed (DHS); Lautenberger & Fernandez-Pello 2009, section 2.
    """
    product = step.get("product")
    y = step.get("solid_yield", 0.0) if product else 0.0
    ratio = 0.0
    if product:
        densities = [components[name]["density_kg_m3"] for name in (product, step["reactant"])]
        ratio = densities[0] / densities[1]
    chi = (1.0 - y) / (1.0 - ratio) if ratio != 1.0 else 1.0
    heat = step["heat_of_reaction_j_kg"]
    vapour, solid = (heat / (1.0 - y), 0.0) if y < 1.0 else (0.0, heat)
    return [
        f" CFROM({j})='{_name(step['reactant'])}', CTO({j})='{_name(product or 'gases')}',",
        f" Z({j})={step['A_1_s']:g}, E({j})={1e-3 * step['E_j_mol']:g}, ORDER({j})=1.,",
        f" CHI({j})={chi:g}, DHV({j})={vapour:g}, DHS({j})={solid:g},",
        f" TCRIT({j})={step.get('threshold_temperature_k') or 0:g},",
    ]
