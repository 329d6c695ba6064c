"""A case as input of two public fire codes, so that anybody can repeat it elsewhere.

FDS (solid phase only) and Gpyro are the codes behind the reference cases. The text holds the same
slab, reactions and boundaries up to ignition; the flame and the ignition rule are not written. What
a code cannot hold is refused in one sentence. FDS 6.2 and Gpyro 0.82 run both texts
(`benchmarks.fire_codes`). Case fields and units: book, chapter "Physics".
"""

from math import log, sqrt

from trinity.cone.case import OPAQUE, check
from trinity.cone.slab import Component, Point, Slab
from trinity.errors import InputError
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA

CELSIUS = 273.15
CELL_M = 1e-5  # thickness of a cell
REFERENCE_K = 300.0  # of Gpyro's power laws
SURFACE_1_M = 9e9  # absorption coefficient that Gpyro takes for absorption at the surface


def _checked(case: dict) -> tuple[Slab, dict[str, str], float]:
    """The case with its defaults, names of its components that the codes accept, and irradiance.

    The codes know one temperature before the slab: irradiance [W/m2] makes up for surroundings that
    are not at that of the gas.
    """
    slab = check(case)
    setup = slab.setup
    if setup.held or setup.wool:
        back = case["back"]
        kind = back["type"] if isinstance(back, dict) else back
        raise InputError(f"back is {kind!r}, which is not exported; use another.")
    flux = setup.irradiance + SIGMA * (setup.T_around**4 - setup.T_gas**4)
    if flux < 0.0:
        raise InputError(
            f"front.surroundings_temperature_k is {setup.T_around:g}, so far below the gas that no"
            " code takes it; raise it or the irradiance."
        )
    names: dict[str, str] = {}
    for name in case["components"]:
        safe = "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper()[:24]
        names[name] = safe if safe not in names.values() else f"{safe[:20]}_{len(names) + 1}"
    return slab, names, flux


def _ramps(slab: Slab, component: Component) -> tuple[list[Point], list[Point]]:
    """Points of the conductivity and of the specific heat; one for a constant."""
    k, c = component.k_first, component.c_first
    return slab.ramps[k : k + component.k_length], slab.ramps[c : c + component.c_length]


def to_fds(case: dict) -> str:
    """Input of FDS, solid phase only (&MISC SOLID_PHASE_ONLY), one cell of gas above the slab.

    Written for FDS 6.2; since 6.7.5 the field ``TMP_BACK`` of &SURF, which stands where the gas
    behind the slab has another temperature than that before it, is called ``TMP_GAS_BACK``.
    The case is as `trinity.cone.simulate.simulate` reads it.

    Raises InputError if the case cannot be run, or its back face or its surroundings have no
    counterpart.
    """
    slab, names, flux = _checked(case)
    setup, parts = slab.setup, dict(zip(names, slab.components, strict=True))
    materials = "\n".join(_fds_material(case, slab, names, name) for name in parts)
    filled = {names[name]: part for name, part in parts.items() if part.w0 > 0.0}
    mixture = ", ".join(
        f"MATL_ID(1,{i})='{name}', MATL_MASS_FRACTION(1,{i})={part.w0:.10g}"
        for i, (name, part) in enumerate(filled.items(), 1)
    )
    back = "'INSULATED'"
    if setup.h_back > 0.0 or setup.eps_back > 0.0:
        back = f"'VOID', HEAT_TRANSFER_COEFFICIENT_BACK={setup.h_back:.10g}, "
        back += f"EMISSIVITY_BACK={setup.eps_back:.10g}"
        if setup.T_back != setup.T_gas:
            back += f", TMP_BACK={setup.T_back - CELSIUS:.10g}"
    diffusivity = min(  # the smallest, of which FDS makes the size of its cells [m2/s]
        min(p.value for p in k) / (part.rho * max(p.value for p in c))
        for part in filled.values()
        for k, c in [_ramps(slab, part)]
    )
    return f"""\
&HEAD CHID='cone', TITLE='Written by trinity' /
&MESH IJK=3,3,4, XB=-0.15,0.15,-0.15,0.15,0.0,0.4 /
&TIME T_END={setup.end:.10g}, DT=0.01, WALL_INCREMENT=1 /
&MISC SOLID_PHASE_ONLY=.TRUE., TMPA={setup.T_gas - CELSIUS:.10g} /
&REAC FUEL='METHANE' /
{materials}
&SURF ID='SLAB', THICKNESS(1)={setup.thickness:.10g},
  {mixture},
  BACKING={back},
  TMP_INNER={setup.T0 - CELSIUS:.10g}, EXTERNAL_FLUX={1e-3 * flux:.10g},
  HEAT_TRANSFER_COEFFICIENT={setup.h:.10g},
  STRETCH_FACTOR(1)=1, CELL_SIZE_FACTOR={CELL_M / sqrt(diffusivity):.10g},
  N_LAYER_CELLS_MAX(1)=20000 /
&VENT XB=-0.05,0.05,-0.05,0.05,0.0,0.0, SURF_ID='SLAB' /
&DEVC ID='mlr', XYZ=0,0,0, IOR=3, QUANTITY='BURNING RATE' /
&DEVC ID='T', XYZ=0,0,0, IOR=3, QUANTITY='WALL TEMPERATURE' /
&TAIL /
"""


def _fds_material(case: dict, slab: Slab, names: dict[str, str], name: str) -> str:
    """&MATL, with its reaction, and its &RAMP lines for one component."""
    key, part = names[name], slab.components[list(names).index(name)]
    fields, ramps = [f"&MATL ID='{key}', DENSITY={part.rho:.10g}"], []
    labels = (("CONDUCTIVITY", 1.0), ("SPECIFIC_HEAT", 1e-3))
    for points, (label, unit) in zip(_ramps(slab, part), labels, strict=True):
        if len(points) == 1:
            fields.append(f"{label}={unit * points[0].value:.10g}")
            continue
        ramp = f"{key}_{label[:4]}"
        fields.append(f"{label}_RAMP='{ramp}'")
        ramps += [
            f"&RAMP ID='{ramp}', T={point.at - CELSIUS:.10g}, F={unit * point.value:.10g} /"
            for point in points
        ]
    fields.append(f"EMISSIVITY={part.eps:.10g}")
    if case["components"][name].get("absorption_coefficient_1_m") is not None:
        fields.append(f"ABSORPTION_COEFFICIENT={part.kappa:.10g}")
    for step in (step for step in case["reactions"] if step["reactant"] == name):
        y, threshold = step.get("solid_yield", 0.0), step.get("threshold_temperature_k")
        heat = 1e-3 * step["heat_of_reaction_j_kg"]
        fields += [
            f"N_REACTIONS=1, A(1)={step['A_1_s']:.10g}, E(1)={step['E_j_mol']:.10g}",
            f"HEAT_OF_REACTION(1)={heat:.10g}, SPEC_ID(1,1)='METHANE', NU_SPEC(1,1)={1.0 - y:.10g}",
        ]
        if threshold:
            fields.append(f"THRESHOLD_TEMPERATURE(1)={threshold - CELSIUS:.10g}")
        if y > 0.0:
            fields.append(f"MATL_ID(1,1)='{names[step['product']]}', NU_MATL(1,1)={y:.10g}")
    return "\n".join([",\n  ".join(fields) + " /", *ramps])


def to_gpyro(case: dict) -> str:
    """Input of Gpyro (Lautenberger & Fernandez-Pello 2009), one dimension, cells of 10 um.

    Gpyro knows k(T) = k0 (T/Tr)^n: a ramp is written as the power law through its two ends.

    Raises InputError as `to_fds` does, and if the back face has an emissivity other than that of
    the components, or a reaction leaves less mass at the density of its reactant, which Gpyro's
    yields forbid.
    """
    slab, names, flux = _checked(case)
    setup, parts = slab.setup, dict(zip(names, slab.components, strict=True))
    if setup.eps_back > 0.0 and any(part.eps != setup.eps_back for part in parts.values()):
        raise InputError(
            f"The back's emissivity is {setup.eps_back:g}; Gpyro takes that of the components."
        )
    species = ",\n".join(
        _gpyro_species(i, names[name], part, *map(_power, _ramps(slab, part)))
        for i, (name, part) in enumerate(parts.items(), 1)
    )
    fractions = ", ".join(f"YI0(1,{i})={p.w0:.10g}" for i, p in enumerate(parts.values(), 1))
    steps = [_gpyro_reaction(j, step, names, parts) for j, step in enumerate(case["reactions"], 1)]
    reactions = "".join(f",\n{step}" for step in steps)
    yields = ", ".join(f"GYIELDS(1,{j})=1" for j in range(1, len(steps) + 1))
    # Gas leaves the slab without exchanging heat on its way out: no thermal equilibrium.
    return f"""\
&GPYRO_GENERAL DT0=0.02, TAMB={setup.T_gas:.10g}, TREF={REFERENCE_K:.10g},
  THERMAL_EQUILIBRIUM=.FALSE., SHYI_CORRECTION=.TRUE. /
&GPYRO_OUTPUT CASENAME='cone', N_POINT_QUANTITIES=2, N_PROFILE_QUANTITIES=0, DTDUMP_POINT=0.5,
  POINT_QUANTITY(1)='MLR', POINT_QUANTITY_INDEX(1)=0,
  POINT_QUANTITY(2)='TEMPERATURE', POINT_QUANTITY_INDEX(2)=0, POINT_Z(2)=0 /
&GPYRO_SPROPS NSSPEC={len(parts)},
{species} /
&GPYRO_RXNS NRXNS={len(steps)}{reactions} /
&GPYRO_GPROPS NGSPEC=1, IBG=1, NAME(1)='pyrolysate' /
&GPYRO_GYIELDS {yields} /
&GPYRO_CASES NCASES=1, IMESH(1)=1, TSTOP(1)={setup.end:.10g}, ZEROD(1)=.FALSE. /
&GPYRO_IC NIC=1, TMP_INITIAL(1)={setup.T0:.10g}, TMPG_INITIAL(1)={setup.T0:.10g}, {fractions} /
&GPYRO_ALLBC NSURF_IDX=2,
  SURF_IDX(1)=1, QE(1)={flux:.10g}, HC(1)={setup.h:.10g}, TINF(1)={setup.T_gas:.10g},
  RERADIATION(1)=.TRUE., YJINF(1,1)=1,
  SURF_IDX(2)=2, QE(2)=0, HC(2)={setup.h_back:.10g}, TINF(2)={setup.T_back:.10g},
  RERADIATION(2)={".TRUE." if setup.eps_back > 0.0 else ".FALSE."}, YJINF(2,1)=1 /
&GPYRO_GEOM ZDIM(1)={setup.thickness:.10g}, NCELLZ(1)={round(setup.thickness / CELL_M) + 1},
  XDIM(1)=1, NCELLX(1)=1, YDIM(1)=1, NCELLY(1)=1, GEOMETRY_FILE(1)='null',
  DEFAULT_SURF_IDX(1,1:6)=0,0,0,0,1,2, IMESH(1)=1, SURF_IDX2D(1,1:6)=0,0,0,0,1,2 /
"""


def _power(points: list[Point]) -> tuple[float, float]:
    """Value at the reference temperature and exponent of the power law through the ends."""
    first, last = points[0], points[-1]
    if len(points) == 1:
        return first.value, 0.0
    exponent = log(last.value / first.value) / log(last.at / first.at)
    return first.value * (REFERENCE_K / first.at) ** exponent, exponent


def _gpyro_species(i: int, name: str, part: Component, k, c) -> str:
    """Properties of condensed species ``i``."""
    kappa = SURFACE_1_M if part.kappa >= OPAQUE else part.kappa
    return (
        f"  NAME({i})='{name}', R0({i})={part.rho:.10g}, EMIS({i})={part.eps:.10g},"
        f" KAPPA({i})={kappa:.10g},\n  K0Z({i})={k[0]:.10g}, NKZ({i})={k[1]:.10g},"
        f" C0({i})={c[0]:.10g}, NC({i})={c[1]:.10g}"
    )


def _gpyro_reaction(j: int, step: dict, names: dict[str, str], parts: dict) -> str:
    """Fields of reaction ``j``.

    Gpyro's yield follows from densities, y = 1 + chi (rho_B/rho_A - 1), and its heats are per kg
    of gas (DHV) or of solid formed (DHS); Lautenberger & Fernandez-Pello 2009, section 2.
    """
    reactant, product, y = step["reactant"], step.get("product"), step.get("solid_yield", 0.0)
    ratio = parts[product].rho / parts[reactant].rho if product else 0.0
    if ratio == 1.0 and y < 1.0:
        raise InputError(
            f"{product} has the density of {reactant} and a yield of {y:g}; Gpyro's yields"
            " follow from densities, so change one of them a little."
        )
    chi = (1.0 - y) / (1.0 - ratio) if y < 1.0 else 0.0
    heat = step["heat_of_reaction_j_kg"]
    vapour, solid = (heat / (1.0 - y), 0.0) if y < 1.0 else (0.0, heat)
    return (
        f"  CFROM({j})='{names[reactant]}', CTO({j})='{names[product] if product else 'gases'}',"
        f" Z({j})={step['A_1_s']:.10g},\n  E({j})={1e-3 * step['E_j_mol']:.10g}, ORDER({j})=1,"
        f" CHI({j})={chi:.10g}, DHV({j})={vapour:.10g}, DHS({j})={solid:.10g},"
        f" TCRIT({j})={step.get('threshold_temperature_k') or 0:.10g}"
    )
