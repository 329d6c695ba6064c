"""A case as input of two public fire codes, so that anybody can repeat it elsewhere.

FDS (solid phase only) and Gpyro are the codes behind the reference cases. The text holds the same
slab, reactions and boundaries up to ignition; the flame and the ignition rule are not written. What
a code cannot hold is refused in one sentence. Both texts were run: FDS 6.2 and Gpyro 0.82 give the
mass loss of the reference cases (book, "Physics", which has the case fields, too).
"""

from math import log, sqrt

from trinity.cone.case import check
from trinity.cone.slab import Component, Point, Slab
from trinity.errors import InputError
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA

CELSIUS = 273.15
CELL_M = 1e-5  # thickness of a cell
REFERENCE_K = 300.0  # of Gpyro's power laws
SURFACE_1_M = 9e9  # absorption coefficient that both codes take for absorption at the surface

#: A namelist: the name of its group, and its fields in order.
Group = tuple[str, dict]


def _text(groups: list[Group]) -> str:
    """Fortran namelists, a field a line."""

    def written(value) -> str:
        if isinstance(value, bool):
            return ".TRUE." if value else ".FALSE."
        if isinstance(value, tuple):
            return ",".join(map(written, value))
        return f"'{value}'" if isinstance(value, str) else f"{value:.10g}"

    bodies = (",\n".join(f"  {key}={written(value)}" for key, value in fields.items())
              for _, fields in groups)  # fmt: skip
    return "\n".join(f"&{name}\n{body} /\n" for (name, _), body in zip(groups, bodies, strict=True))


def _checked(case: dict) -> tuple[Slab, dict[str, str]]:
    """The case with its defaults, and the names of its components as the codes accept them."""
    slab = check(case)
    if slab.setup.held or slab.setup.wool:
        back = case["back"]
        kind = back["type"] if isinstance(back, dict) else back
        raise InputError(f"back is {kind!r}, which is not exported; use another.")
    names = {}
    for name in case["components"]:
        safe = "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper()[:24]
        names[name] = safe if safe not in names.values() else f"{safe[:20]}_{len(names) + 1}"
    return slab, names


def _ramps(slab: Slab, component: Component) -> tuple[list[Point], list[Point]]:
    """Points of the conductivity and of the specific heat; one for a constant."""
    k, c = component.k_first, component.c_first
    return slab.ramps[k : k + component.k_length], slab.ramps[c : c + component.c_length]


def _irradiance(slab: Slab) -> float:
    """Irradiance beside surroundings at gas temperature [W/m2]: the codes know one of the two."""
    setup = slab.setup
    irradiance = setup.irradiance + SIGMA * (setup.T_around**4 - setup.T_gas**4)
    if irradiance < 0.0:
        raise InputError(
            f"front.surroundings_temperature_k is {setup.T_around:g}, so far below the gas that no"
            " code takes it; raise it or the irradiance."
        )
    return irradiance


def to_fds(case: dict) -> str:
    """Input of FDS, solid phase only (&MISC SOLID_PHASE_ONLY), one cell of gas above the slab.

    Written for FDS 6.2; since 6.7.5 the field ``TMP_BACK`` of &SURF, which stands where the gas
    behind the slab has another temperature than that before it, is called ``TMP_GAS_BACK``.
    The case is as `trinity.cone.simulate.simulate` reads it.

    Raises
    ------
    InputError
        If the case cannot be run, or its back face or its surroundings have no counterpart.
    """
    slab, names = _checked(case)
    setup = slab.setup
    filled = [name for name, part in zip(names, slab.components, strict=True) if part.w0 > 0.0]
    slowest = min(
        min(p.value for p in k) / (part.rho * max(p.value for p in c))
        for part in slab.components
        if part.w0 > 0.0
        for k, c in [_ramps(slab, part)]
    )
    surface = {
        "ID": "SLAB",
        **{f"MATL_ID(1,{i})": names[name] for i, name in enumerate(filled, 1)},
        **{f"MATL_MASS_FRACTION(1,{i})": part.w0
           for i, part in enumerate((p for p in slab.components if p.w0 > 0.0), 1)},
        "THICKNESS(1)": setup.thickness,
        "BACKING": "INSULATED",
        "TMP_INNER": setup.T0 - CELSIUS,
        "EXTERNAL_FLUX": 1e-3 * _irradiance(slab),
        "HEAT_TRANSFER_COEFFICIENT": setup.h,
        "STRETCH_FACTOR(1)": 1.0,
        "CELL_SIZE_FACTOR": CELL_M / sqrt(slowest),
        "N_LAYER_CELLS_MAX(1)": 20000,
    }  # fmt: skip
    if setup.h_back > 0.0 or setup.eps_back > 0.0:
        surface |= {"BACKING": "VOID", "HEAT_TRANSFER_COEFFICIENT_BACK": setup.h_back,
                    "EMISSIVITY_BACK": setup.eps_back}  # fmt: skip
        if setup.T_back != setup.T_gas:
            surface["TMP_BACK"] = setup.T_back - CELSIUS
    at = {"XYZ": (0.0, 0.0, 0.0), "IOR": 3}
    groups = [
        ("HEAD", {"CHID": "cone", "TITLE": "Written by trinity"}),
        ("MESH", {"IJK": (3, 3, 4), "XB": (-0.15, 0.15, -0.15, 0.15, 0.0, 0.4)}),
        ("TIME", {"T_END": setup.end, "DT": 0.01, "WALL_INCREMENT": 1}),
        ("MISC", {"SOLID_PHASE_ONLY": True, "TMPA": setup.T_gas - CELSIUS}),
        ("REAC", {"FUEL": "METHANE"}),
        *(
            group
            for name, part in zip(names, slab.components, strict=True)
            for group in _fds_material(case, slab, names, name, part)
        ),
        ("SURF", surface),
        ("VENT", {"XB": (-0.05, 0.05, -0.05, 0.05, 0.0, 0.0), "SURF_ID": "SLAB"}),
        ("DEVC", {"ID": "mlr", **at, "QUANTITY": "BURNING RATE"}),
        ("DEVC", {"ID": "T", **at, "QUANTITY": "WALL TEMPERATURE"}),
        ("TAIL", {}),
    ]
    return _text(groups)


def _fds_material(case: dict, slab: Slab, names: dict, name: str, part: Component) -> list[Group]:
    """&MATL, with its reaction, and its &RAMP lines for one component."""
    fields, ramps = {"ID": names[name], "DENSITY": part.rho}, []
    labels = (("CONDUCTIVITY", 1.0), ("SPECIFIC_HEAT", 1e-3))
    for points, (label, unit) in zip(_ramps(slab, part), labels, strict=True):
        if len(points) == 1:
            fields[label] = unit * points[0].value
            continue
        fields[f"{label}_RAMP"] = ramp = f"{names[name]}_{label[:4]}"
        ramps += [
            ("RAMP", {"ID": ramp, "T": point.at - CELSIUS, "F": unit * point.value})
            for point in points
        ]
    fields["EMISSIVITY"] = part.eps
    if case["components"][name].get("absorption_coefficient_1_m") is not None:
        fields["ABSORPTION_COEFFICIENT"] = part.kappa
    for step in (step for step in case["reactions"] if step["reactant"] == name):
        y, threshold = step.get("solid_yield", 0.0), step.get("threshold_temperature_k")
        fields |= {
            "N_REACTIONS": 1,
            "A(1)": step["A_1_s"],
            "E(1)": step["E_j_mol"],
            "HEAT_OF_REACTION(1)": 1e-3 * step["heat_of_reaction_j_kg"],
            "SPEC_ID(1,1)": "METHANE",
            "NU_SPEC(1,1)": 1.0 - y,
        }
        if threshold:
            fields["THRESHOLD_TEMPERATURE(1)"] = threshold - CELSIUS
        if y > 0.0:
            fields |= {"MATL_ID(1,1)": names[step["product"]], "NU_MATL(1,1)": y}
    return [("MATL", fields), *ramps]


def to_gpyro(case: dict) -> str:
    """Input of Gpyro (Lautenberger & Fernandez-Pello 2009), one dimension, cells of 10 um.

    Gpyro knows k(T) = k0 (T/Tr)^n: a ramp is written as the power law through its two ends.

    Raises
    ------
    InputError
        As `to_fds`; also if the back face has an emissivity other than that of the components, or
        a reaction leaves less mass at the density of its reactant, which Gpyro's yields forbid.
    """
    slab, names = _checked(case)
    setup, parts = slab.setup, dict(zip(names, slab.components, strict=True))
    if setup.eps_back > 0.0 and any(part.eps != setup.eps_back for part in parts.values()):
        raise InputError(
            f"The back's emissivity is {setup.eps_back:g}; Gpyro takes that of the components."
        )
    species: dict = {"NSSPEC": len(parts)}
    initial: dict = {"NIC": 1, "TMP_INITIAL(1)": setup.T0, "TMPG_INITIAL(1)": setup.T0}
    for i, (name, part) in enumerate(parts.items(), 1):
        (k, nk), (c, nc) = map(_power, _ramps(slab, part))
        given = case["components"][name].get("absorption_coefficient_1_m")
        species |= {
            f"NAME({i})": names[name], f"K0Z({i})": k, f"NKZ({i})": nk, f"R0({i})": part.rho,
            f"NR({i})": 0.0, f"C0({i})": c, f"NC({i})": nc, f"EMIS({i})": part.eps,
            f"KAPPA({i})": SURFACE_1_M if given is None else part.kappa,
        }  # fmt: skip
        initial[f"YI0(1,{i})"] = part.w0
    reactions: dict = {"NRXNS": len(slab.reactions)}
    for j, step in enumerate(case["reactions"], 1):
        reactions |= _gpyro_reaction(j, step, names, parts)
    face = {"T": 0.0, "QE": 0.0, "HC": 0.0, "NHC": 0.0, "TINF": setup.T_gas, "RERADIATION": True,
            "TFIXED": -1.0, "MDOTPP": 0.0, "PRES": 101300.0, "HM": 0.0}  # fmt: skip
    front = face | {"QE": _irradiance(slab), "HC": setup.h}
    back = face | {"HC": setup.h_back, "TINF": setup.T_back, "RERADIATION": setup.eps_back > 0.0}
    boundary: dict = {"NSURF_IDX": 2}
    for i, fields in enumerate((front, back), 1):
        boundary[f"SURF_IDX({i})"] = i
        boundary |= {f"{key}({i})": value for key, value in fields.items()}
        boundary[f"YJINF({i},1)"] = 1.0
    geometry = {
        "NMESH": 1, "NOBST": 1, "ZDIM(1)": setup.thickness,
        "NCELLZ(1)": max(round(setup.thickness / CELL_M), 10) + 1,
        "XDIM(1)": 1.0, "NCELLX(1)": 1, "YDIM(1)": 1.0, "NCELLY(1)": 1,
        "GEOMETRY_FILE(1)": "null", "DEFAULT_SURF_IDX(1,1:6)": (0, 0, 0, 0, 1, 2),
        "DEFAULT_IC(1)": 1, "IMESH(1)": 1, "Z1(1)": 0.0, "Z2(1)": setup.thickness,
        "X1(1)": 0.0, "X2(1)": 1.0, "Y1(1)": 0.0, "Y2(1)": 1.0, "ICNUM(1)": 1,
        "SURF_IDX2D(1,1:6)": (0, 0, 0, 0, 1, 2),
    }  # fmt: skip
    general = {  # gas leaves without exchanging heat on its way out
        "DT0": 0.02, "TAMB": setup.T_gas, "TREF": REFERENCE_K, "THERMAL_EQUILIBRIUM": False,
        "SHYI_CORRECTION": True,
    }  # fmt: skip
    output = {
        "CASENAME": "cone", "N_POINT_QUANTITIES": 2, "N_PROFILE_QUANTITIES": 0,
        "DTDUMP_POINT": 0.5, "POINT_QUANTITY(1)": "MLR", "POINT_QUANTITY_INDEX(1)": 0,
        "POINT_QUANTITY(2)": "TEMPERATURE", "POINT_Z(2)": 0.0, "POINT_QUANTITY_INDEX(2)": 0,
    }  # fmt: skip
    groups = [
        ("GPYRO_GENERAL", general),
        ("GPYRO_OUTPUT", output),
        ("GPYRO_SPROPS", species),
        ("GPYRO_RXNS", reactions),
        ("GPYRO_HGRXNS", {"NHGRXNS": 0}),
        ("GPYRO_GPROPS", {"NGSPEC": 1, "IBG": 1, "NAME(1)": "pyrolysate"}),
        ("GPYRO_GYIELDS", {f"GYIELDS(1,{j})": 1.0 for j in range(1, len(slab.reactions) + 1)}),
        ("GPYRO_HGYIELDS", {}),
        ("GPYRO_CASES", {"NCASES": 1, "IMESH(1)": 1, "TSTOP(1)": setup.end, "ZEROD(1)": False}),
        ("GPYRO_IC", initial),
        ("GPYRO_ALLBC", boundary),
        ("GPYRO_GEOM", geometry),
    ]
    return _text(groups)


def _power(points: list[Point]) -> tuple[float, float]:
    """Value at the reference temperature and exponent of the power law through the ends."""
    first, last = points[0], points[-1]
    if len(points) == 1:
        return first.value, 0.0
    exponent = log(last.value / first.value) / log(last.at / first.at)
    return first.value * (REFERENCE_K / first.at) ** exponent, exponent


def _gpyro_reaction(j: int, step: dict, names: dict, parts: dict[str, Component]) -> dict:
    """Fields of reaction ``j``.

    Gpyro's yield follows from densities, y = 1 + chi (rho_B/rho_A - 1), and its heats are per kg
    of gas (DHV) or of solid formed (DHS); Lautenberger & Fernandez-Pello 2009, section 2.
    """
    reactant, product, y = step["reactant"], step.get("product"), step.get("solid_yield", 0.0)
    chi = 1.0
    if product is not None and y < 1.0:
        ratio = parts[product].rho / parts[reactant].rho
        if ratio == 1.0:
            raise InputError(
                f"{product} has the density of {reactant} and a yield of {y:g}; Gpyro's yields"
                " follow from densities, so change one of them a little."
            )
        chi = (1.0 - y) / (1.0 - ratio)
    elif product is not None:
        chi = 0.0
    heat = step["heat_of_reaction_j_kg"]
    vapour, solid = (heat / (1.0 - y), 0.0) if y < 1.0 else (0.0, heat)
    fields = {
        "CFROM": names[reactant], "CTO": "gases" if product is None else names[product],
        "Z": step["A_1_s"], "E": 1e-3 * step["E_j_mol"], "ORDER": 1.0, "CHI": chi,
        "DHV": vapour, "DHS": solid, "TCRIT": step.get("threshold_temperature_k") or 0.0,
    }  # fmt: skip
    return {f"{key}({j})": value for key, value in fields.items()}
