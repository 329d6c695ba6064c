"""Quantities that every room shares: targets, conditions, their limits, physical constants.

Names carry their units: ``phrr_kw_m2`` is a peak heat release rate in kW/m².
"""

from trinity.errors import InputError

#: What is predicted: ignition time, peak and total heat release, time of the peak; in the order
#: of every array with one column per target.
TARGETS = ("t_ig_s", "phrr_kw_m2", "thr_mj_m2", "t_peak_s")
#: The primary endpoint, stated beforehand: mean over groups of the mean |ln| error of these two.
PRIMARY = ("t_ig_s", "phrr_kw_m2")
UNITS = {"t_ig_s": "s", "phrr_kw_m2": "kW/m²", "thr_mj_m2": "MJ/m²", "t_peak_s": "s"}
#: What is set in a cone test, in the order of every array with one column per condition.
CONDITIONS = ("flux_kw_m2", "thickness_mm")
#: Laboratories that a model can be told, in the order of their one-hot columns.
LABORATORIES = ("FAA", "FSRI", "NBS")

FLUX_ACCEPTED_KW_M2 = (5.0, 200.0)
THICKNESS_ACCEPTED_MM = (0.1, 200.0)
#: Conditions that were tested, with some margin; the synthetic table covers them.
FLUX_TESTED_KW_M2 = (15.0, 100.0)
THICKNESS_TESTED_MM = (1.5, 30.0)

GAS_CONSTANT_J_MOL_K = 8.314462618  # CODATA 2018
STEFAN_BOLTZMANN_W_M2_K4 = 5.670374419e-8  # CODATA 2018
AMBIENT_K = 300.0


def check_conditions(flux_kw_m2: float, thickness_mm: float) -> None:
    """Refuse a heat flux outside 5-200 kW/m² or a thickness outside 0.1-200 mm, and what is no
    number, with an InputError."""
    for name, value, (low, high), unit in (
        ("heat flux", flux_kw_m2, FLUX_ACCEPTED_KW_M2, "kW/m²"),
        ("thickness", thickness_mm, THICKNESS_ACCEPTED_MM, "mm"),
    ):
        try:
            inside = low <= float(value) <= high
        except (TypeError, ValueError, OverflowError):
            inside = False
        if not inside:
            raise InputError(
                f"The {name} is {str(value)[:40]} {unit}; give a number from {low:g} to {high:g}"
                f" {unit}."
            )


def conditions_tested(flux_kw_m2: float, thickness_mm: float) -> bool:
    """Whether a test is like those that were done or simulated."""
    (q_low, q_high), (d_low, d_high) = FLUX_TESTED_KW_M2, THICKNESS_TESTED_MM
    return q_low <= flux_kw_m2 <= q_high and d_low <= thickness_mm <= d_high
