"""How numbers are shown to people: words, units and digits; as tables with aligned columns.

The page "Try your polymer" takes its words and units from here, too.
"""

import sys
from collections.abc import Iterable
from math import floor, log10

#: Words of each quantity, its unit, and the factor from SI to that unit.
QUANTITIES: dict[str, tuple[str, str, float]] = {
    "density_kg_m3": ("density", "kg/m³", 1),
    "conductivity_w_m_k": ("thermal conductivity", "W/(m K)", 1),
    "specific_heat_j_kg_k": ("specific heat at 298 K", "J/(kg K)", 1),
    "specific_heat_solid_j_kg_k": ("specific heat, solid, 298 K", "J/(kg K)", 1),
    "specific_heat_melt_j_kg_k": ("specific heat, melt, 298 K", "J/(kg K)", 1),
    "glass_transition_k": ("glass transition", "K", 1),
    "melting_k": ("melting point", "K", 1),
    "crystallinity": ("crystallinity", "", 1),
    "heat_of_fusion_j_kg": ("heat of fusion", "kJ/kg", 1e-3),
    "heat_of_combustion_j_kg": ("heat of combustion", "MJ/kg", 1e-6),
    "gas_heat_of_combustion_j_kg": ("heat of combustion of the gas", "MJ/kg", 1e-6),
    "t50_k": ("half decomposed at 10 K/min", "K", 1),
    "decomposition_width_k": ("width of decomposition", "K", 1),
    "heat_of_decomposition_j_kg": ("heat of decomposition", "MJ/kg", 1e-6),
    "char_yield": ("char yield", "kg/kg", 1),
    "acid_fraction": ("acid released first", "kg/kg", 1),
    "acid_t50_k": ("acid half released at 10 K/min", "K", 1),
    "acid_heat_of_combustion_j_kg": ("heat of combustion of that gas", "MJ/kg", 1e-6),
    "acid_heat_of_reaction_j_kg": ("heat of releasing the acid", "MJ/kg", 1e-6),
    "flaming_efficiency": ("flaming efficiency", "", 1),
    "soot_yield": ("soot yield", "kg/kg", 1),
    "flame_heat_flux_w_m2": ("heat flux of the flame", "kW/m²", 1e-3),
    "critical_hrr_w_m2": ("critical heat release rate", "kW/m²", 1e-3),
    "emissivity": ("emissivity", "", 1),
    "absorption_coefficient_1_m": ("absorption coefficient", "1/m", 1),
    "char_absorption_m2_kg": ("absorption by char", "m²/kg", 1),
    "char_density_kg_m3": ("density of char", "kg/m³", 1),
    "char_conductivity_w_m_k": ("thermal conductivity of char", "W/(m K)", 1),
    "char_specific_heat_j_kg_k": ("specific heat of char", "J/(kg K)", 1),
    "char_emissivity": ("emissivity of char", "", 1),
    "t_ig_s": ("time to ignition", "s", 1),
    "phrr_kw_m2": ("peak heat release rate", "kW/m²", 1),
    "t_peak_s": ("time of the peak", "s", 1),
    "thr_mj_m2": ("total heat released", "MJ/m²", 1),
    "q180_kw_m2": ("mean over 180 s", "kW/m²", 1),
    "sea_m2_kg": ("smoke (extinction area)", "m²/kg", 1),
}
#: Say nothing of a polymer that does not crystallise.
OF_CRYSTALS = ("melting_k", "heat_of_fusion_j_kg")
CERTAIN = 0.995  # a probability of ignition that is shown as 1.00


def figures(value: float | None, digits: int = 3) -> str:
    """So many significant figures, and no more; nothing is said to be without ignition."""
    if value is None or value != value:
        return "no ignition"
    return f"{float(f'{value:.{digits}g}'):.12g}"


def with_sigma(value: float, sigma: float) -> tuple[str, str]:
    """A value with the digits that its standard error leaves, and that error as ±.

    Examples
    --------
    >>> with_sigma(1217.0, 152.0), with_sigma(0.18, 0.045)
    (('1220', '± 150'), ('0.180', '± 0.045'))
    """
    if not sigma:
        return figures(value), "± 0"
    places = 1 - floor(log10(float(f"{sigma:.2g}")))
    shown, error = (f"{round(number, places):.{max(places, 0)}f}" for number in (value, sigma))
    return shown, f"± {error}"


def print_table(
    head: tuple[str, ...], rows: Iterable[tuple[str, ...]], to_the_left: tuple[str, ...] = ()
) -> None:
    """Print aligned columns without lines: the first and those named to the left, others right.

    What is not a terminal gets plain text that is never folded.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, justify="left" if name in (head[0], *to_the_left) else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(
        width=None if sys.stdout.isatty() else 1000, markup=False, highlight=False, emoji=False
    )
    with console.capture() as caught:
        console.print(table)
    print("\n".join(line.rstrip() for line in caught.get().splitlines()))


def print_estimate(found: dict, title: str) -> None:
    """Print the properties of a polymer (`trinity.chemistry.properties.Estimate.to_dict`)."""
    print(title)
    print("groups:", ", ".join(f"{n:g} × {name}" for name, n in found["groups"].items()) or "none")
    if found["uncovered_atoms"]:
        print(f"not covered by any group: {', '.join(map(str, found['uncovered_atoms']))}")
    rows, properties = [], found["properties"]
    for name, entry in properties.items():
        if name in OF_CRYSTALS and not properties["crystallinity"]["value"]:
            continue
        words, unit, scale = QUANTITIES[name]
        words += ", measured" if name in found["measured"] else ""
        rows.append((words, *with_sigma(scale * entry["value"], scale * entry["sigma"]), unit))
    print_table(("property", "value", "± 1 sigma", "unit"), rows, ("unit",))
    for doubt in found["doubts"]:
        print(f"doubtful: {doubt}")


def print_test(
    found: dict,
    quantities: tuple[str, ...],
    polymer: str,
    how: str,
    remark: str = "",
    bounds: dict[str, float] | None = None,
) -> None:
    """Print one answer about a cone test, each quantity with its 90 % interval.

    A verdict against ignition leads; where ignition is not certain, the quantities are those of a
    specimen that ignites. An end of an interval that equals one of ``bounds`` is only a bound: of
    a specimen that was watched for so long and did not ignite.
    """
    from trinity.prediction.predict import VERDICTS

    likely, bounds = found["ignition_probability"], bounds or {}
    unlikely = likely < 0.5
    print(f"{polymer}, {found['flux_kw_m2']:g} kW/m², {found['thickness_mm']:g} mm{remark}")
    if unlikely:
        print(f"{VERDICTS[0]} (probability of ignition {likely:.2f})")
    rows = []
    for name in quantities:
        words, unit, _ = QUANTITIES[name]
        ends = [found[name + end] for end in ("_lo", "_hi")]
        low, high = (
            f"over {figures(end)}" if end is not None and end == bounds.get(name) else figures(end)
            for end in ends
        )
        both = low if low == high else f"{low} to {high}"
        rows.append((words, figures(found[name]), both, unit))
    if likely < CERTAIN and found["t_ig_s"] is not None:
        how += ", if it ignites"
    print_table(("quantity", how, "90 % interval", "unit"), rows, ("unit",))
    if not unlikely:
        print(f"probability of ignition: {likely:.2f}")
