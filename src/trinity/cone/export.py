"""A case as input text of two public fire codes, so that anybody can repeat it elsewhere.

FDS (solid phase only) and Gpyro are the codes behind the reference cases. The text holds the same
slab, reactions and boundary up to ignition; the flame and the ignition rule are not written. FDS
keywords follow the pyrolysis inputs of its validation suite (UMD_Polymers), Gpyro's follow its
technical reference; the texts are checked for completeness, not by running the codes.
Case fields and units: book, chapter "Physics".
"""

from collections.abc import Iterator
from math import log

from trinity.cone.case import OPAQUE, check
from trinity.cone.slab import Component, Point, Slab
from trinity.errors import InputError

CELSIUS = 273.15


def _checked(case: dict) -> Slab:
    """The case with its defaults, if both codes know its back face."""
    slab = check(case)
    back = case.get("back", "insulated")
    kind = back.get("type") if isinstance(back, dict) else back
    if kind not in ("insulated", "convection and radiation"):
        raise InputError(
            f"back is {kind!r}, which is not exported; use insulated or convection and radiation."
        )
    return slab


def _name(text: str) -> str:
    """A component's name as the codes accept it."""
    return "".join(c if c.isalnum() else "_" for c in text).upper()[:24]


def _materials(
    case: dict, slab: Slab
) -> Iterator[tuple[str, Component, list[Point], list[Point], float | None]]:
    """Name, numbers, points of conductivity and specific heat, absorption where it is given."""
    for (name, given), row in zip(case["components"].items(), slab.components, strict=True):
        k, c = row.k_first, row.c_first
        ramps = slab.ramps[k : k + row.k_length], slab.ramps[c : c + row.c_length]
        yield name, row, *ramps, given.get("absorption_coefficient_1_m")


def to_fds(case: dict) -> str:
    """Input of FDS, solid phase only (&MISC SOLID_PHASE_ONLY), one cell of gas above the slab.

    The case is as `trinity.cone.simulate.simulate` reads it. FDS computes the natural convection
    of a void behind the slab itself.

    Raises
    ------
    InputError
        If the case cannot be run, or its back face has no counterpart.
    """
    slab = _checked(case)
    setup = slab.setup
    back = "BACKING='INSULATED'"
    if setup.h_back > 0.0 or setup.eps_back > 0.0:
        back = f"BACKING='VOID', TMP_GAS_BACK={setup.T_back - CELSIUS:.2f}"
    lines = [
        "&HEAD CHID='cone', TITLE='Written by trinity' /",
        "&MESH IJK=3,3,4, XB=-0.15,0.15,-0.15,0.15,0.0,0.4 /",
        f"&TIME T_END={setup.end:g}, DT=0.01, WALL_INCREMENT=1 /",
        f"&MISC SOLID_PHASE_ONLY=T, TMPA={setup.T_around - CELSIUS:.2f} /",
        "&REAC FUEL='METHANE' /",
    ]
    for material in _materials(case, slab):
        lines += _fds_material(case, *material)
    lines += [
        "&SURF ID='SLAB', COLOR='GRAY'",
        f"  MATL_ID(1,1)='{_name(next(iter(case['components'])))}', "
        f"THICKNESS(1)={setup.thickness:g}",
        f"  {back}, TMP_INNER={setup.T0 - CELSIUS:.2f}",
        f"  EXTERNAL_FLUX={1e-3 * setup.irradiance:g}",
        f"  HEAT_TRANSFER_COEFFICIENT={setup.h:g}, STRETCH_FACTOR=1., CELL_SIZE=1.E-5 /",
        "&VENT XB=-0.05,0.05,-0.05,0.05,0.0,0.0, SURF_ID='SLAB' /",
        "&DEVC ID='mlr', XYZ=0.,0.,0., IOR=3, QUANTITY='BURNING RATE' /",
        "&DEVC ID='T', XYZ=0.,0.,0., IOR=3, QUANTITY='WALL TEMPERATURE' /",
        "&TAIL /",
    ]
    return "\n".join(lines) + "\n"


def _fds_material(case: dict, name: str, component: Component, k, c, kappa) -> list[str]:
    """&MATL, with its reaction, and its &RAMP lines for one component."""
    key = _name(name)
    lines, ramps = [f"&MATL ID='{key}', DENSITY={component.rho:g}"], []
    for points, label, unit in ((k, "CONDUCTIVITY", 1.0), (c, "SPECIFIC_HEAT", 1e-3)):
        if len(points) == 1:
            lines.append(f"  {label}={unit * points[0].value:g}")
            continue
        ramp = f"{key}_{label[:4]}"
        lines.append(f"  {label}_RAMP='{ramp}'")
        ramps += [
            f"&RAMP ID='{ramp}', T={point.at - CELSIUS:.2f}, F={unit * point.value:g} /"
            for point in points
        ]
    lines.append(f"  EMISSIVITY={component.eps:g}")
    if kappa is not None:
        lines.append(f"  ABSORPTION_COEFFICIENT={kappa:g}")
    for step in (step for step in case["reactions"] if step["reactant"] == name):
        y, threshold = step.get("solid_yield", 0.0), step.get("threshold_temperature_k")
        lines += [
            f"  N_REACTIONS=1, A(1)={step['A_1_s']:g}, E(1)={step['E_j_mol']:g}",
            f"  HEAT_OF_REACTION(1)={1e-3 * step['heat_of_reaction_j_kg']:g}",
            f"  SPEC_ID(1,1)='METHANE', NU_SPEC(1,1)={1.0 - y:g}",
        ]
        if threshold:
            lines.append(f"  THRESHOLD_TEMPERATURE(1)={threshold - CELSIUS:.2f}")
        if y > 0.0:
            lines.append(f"  MATL_ID(1,1)='{_name(step['product'])}', NU_MATL(1,1)={y:g}")
    return [",\n".join(lines) + " /", *ramps]


def to_gpyro(case: dict) -> str:
    """Input of Gpyro (Lautenberger & Fernandez-Pello 2009), one dimension, cells of 10 um.

    Gpyro knows k(T) = k0 (T/Tr)^n: a ramp is written as the power law through its two ends.

    Parameters and errors as `to_fds`.
    """
    slab = _checked(case)
    setup = slab.setup
    species, reactions = [], []
    for i, (name, component, k, c, kappa) in enumerate(_materials(case, slab), 1):
        (k0, nk), (c0, nc) = _power(k), _power(c)
        species += [
            f" NAME({i})='{_name(name)}', K0Z({i})={k0:g}, NKZ({i})={nk:g},",
            f" R0({i})={component.rho:g}, NR({i})=0., C0({i})={c0:g}, NC({i})={nc:g},",
            f" EMIS({i})={component.eps:g}, KAPPA({i})={OPAQUE if kappa is None else kappa:g},",
        ]
    for j, step in enumerate(case["reactions"], 1):
        reactions += _gpyro_reaction(j, step, case["components"])
    lines = [
        "&GPYRO_GENERAL",
        f" DT0=0.01, NCASES=1, TAMB={setup.T_gas:g},",
        " TREF=300., GEOMETRY_FILE='null' /",
        "",
        "&GPYRO_SPROPS",
        f" NSSPEC={len(slab.components)},",
        *species,
        " /",
        "",
        "&GPYRO_RXNS",
        f" NRXNS={len(slab.reactions)},",
        *reactions,
        " /",
        "",
        "&GPYRO_IC",
        f" TMP_INITIAL(1)={setup.T0:g}, YI0(1,1)=1.0 /",
        "",
        "&GPYRO_ALLBC",
        f" SURF_IDX(1)=1, QE(1)={setup.irradiance:g}, HC0(1)={setup.h:g},",
        f" TINF(1)={setup.T_gas:g}, RERADIATION(1)=.TRUE.,",
        f" SURF_IDX(2)=2, QE(2)=0., HC0(2)={setup.h_back:g}, TINF(2)={setup.T_back:g} /",
        "",
        "&GPYRO_CASES",
        f" TSTOP(1)={setup.end:g}, ZDIM(1)={setup.thickness:g}, "
        f"NCELLZ(1)={max(round(setup.thickness / 1e-5), 10)} /",
    ]
    return "\n".join(lines) + "\n"


def _power(points: list[Point], reference: float = 300.0) -> tuple[float, float]:
    """Value at the reference temperature and exponent of the power law through the ends."""
    first, last = points[0], points[-1]
    if len(points) == 1:
        return first.value, 0.0
    exponent = log(last.value / first.value) / log(last.at / first.at)
    return first.value * (reference / first.at) ** exponent, exponent


def _gpyro_reaction(j: int, step: dict, components: dict) -> list[str]:
    """Reaction ``j``.

    Gpyro's yield follows from densities, y = 1 + chi (rho_B/rho_A - 1), and its heats are per kg
    of gas (DHV) or of solid formed (DHS); Lautenberger & Fernandez-Pello 2009, section 2.
    """
    reactant, product = step["reactant"], step.get("product")
    rho, y, heat = "density_kg_m3", step.get("solid_yield", 0.0), step["heat_of_reaction_j_kg"]
    ratio = components[product][rho] / components[reactant][rho] if product else 0.0
    chi = (1.0 - y) / (1.0 - ratio) if ratio != 1.0 else 1.0
    vapour, solid = (heat / (1.0 - y), 0.0) if y < 1.0 else (0.0, heat)
    return [
        f" CFROM({j})='{_name(reactant)}', CTO({j})='{_name(product or 'gases')}',",
        f" Z({j})={step['A_1_s']:g}, E({j})={1e-3 * step['E_j_mol']:g}, ORDER({j})=1.,",
        f" CHI({j})={chi:g}, DHV({j})={vapour:g}, DHS({j})={solid:g},",
        f" TCRIT({j})={step.get('threshold_temperature_k') or 0:g},",
    ]
