"""Slips in a case that would pass in silence: a misspelt field, for which a default would be taken,
or one that stands in the wrong part."""

from difflib import get_close_matches

from trinity.cone.case import BESIDE, WOOL

#: Fields that `check` reads of each part of a case; others are remarks of the writer's.
FIELDS = {
    "case": "thickness_m irradiance_w_m2 end_time_s initial_temperature_k ignition_timeout_s front "
    "components reactions initial_mass_fractions heat_of_combustion_j_kg flaming_efficiency "
    "critical_hrr_w_m2 critical_mass_flux_kg_m2_s critical_surface_temperature_k back "
    + " ".join(BESIDE.values()),
    "front": "h_w_m2_k h_after_ignition_w_m2_k gas_temperature_k surroundings_temperature_k "
    "flame_heat_flux_w_m2",
    "back": " ".join(("type emissivity", *BESIDE, *WOOL)),
    "components": "density_kg_m3 conductivity_w_m_k specific_heat_j_kg_k emissivity "
    "absorption_coefficient_1_m",
    "reactions": "reactant product order A_1_s E_j_mol solid_yield threshold_temperature_k "
    "heat_of_reaction_j_kg heat_of_combustion_j_kg",
}

PLAIN = {"type", "order", "product"}  # words that a remark may be called by


def misspelt(case: object) -> str | None:
    """One sentence on the first field that looks like a misspelt one of `FIELDS`; else None."""
    if not isinstance(case, dict):
        return None
    components, reactions = case.get("components"), case.get("reactions")
    parts = [("", "case", case), *((f"{k}.", k, case.get(k)) for k in ("front", "back"))]
    if isinstance(components, dict):
        parts += [(f"components.{name}.", "components", of) for name, of in components.items()]
    if isinstance(reactions, list):
        parts += [(f"reactions[{j}].", "reactions", of) for j, of in enumerate(reactions)]
    for where, part, values in parts:
        for name in values if isinstance(values, dict) else ():
            if fault := _slip(name, part, values):
                return f"{where}{name} {fault}"
    for j, step in enumerate(reactions if isinstance(reactions, list) else ()):
        for key in ("reactant", "product"):
            named = step.get(key) if isinstance(step, dict) else None
            if not isinstance(named, str | None):
                return f"reactions[{j}].{key} is {named!r}; it must be the name of a component."
    return None


def _slip(name: str, part: str, values: dict) -> str | None:
    """What a field that nothing reads was probably meant to be, as the end of a sentence; None for
    a remark: a known field with more words behind it, or one whose likeness is given, too."""
    known = FIELDS[part].split()
    if name in known or any(name.startswith(f"{field}_") for field in known):
        return None
    own = {beside: field for field, beside in BESIDE.items()}.get(name) if part == "back" else None
    homes = [other for other, fields in FIELDS.items() if name in set(fields.split()) - PLAIN]
    if homes and not own:
        return f"belongs in {' or '.join(homes)}; it is not read here."
    words = set(name.casefold().split("_"))
    near = get_close_matches(name.casefold(), [field.casefold() for field in known], 1, 0.8)
    meant = own or next(
        (
            field
            for field in known
            if field.casefold() in near
            or (len(words) > 1 and words < set(field.casefold().split("_")))
        ),
        None,
    )
    return None if meant is None or meant in values else f"is no field; did you mean {meant}?"
