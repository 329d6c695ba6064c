"""Each kernel of the cone model by itself, uncompiled, against numbers worked out without it."""

import json

import numpy as np
import pytest
from cone_cases import REFERENCE, a_case, inert

from trinity.cone import simulate as cone
from trinity.cone.case import check
from trinity.cone.files import simulate_file
from trinity.cone.grid import new_cells
from trinity.cone.heat import (
    Faces,
    absorb_in_depth,
    conductances,
    heat_content,
    linearise,
    thomas,
    workspace,
)
from trinity.cone.run import (
    Diagnostics,
    Row,
    agreement,
    lay_grid,
    note,
    progress,
    run,
    steepest_fold,
    step,
    stored_heat,
)
from trinity.cone.slab import (
    Component,
    Point,
    Reaction,
    Setup,
    Slab,
    blank,
    cell_heat,
    cell_temperature,
    columns,
    conductivity,
    decay,
    gas_release,
    heat,
    layout,
    pack,
    ramp,
    react,
    table,
    unpack,
    volume_mean,
)
from trinity.quantities import GAS_CONSTANT_J_MOL_K as R
from trinity.quantities import STEFAN_BOLTZMANN_W_M2_K4 as SIGMA

# Compiling each by itself takes minutes; the other tests of the cone model run them compiled.
for _kernel in (
    absorb_in_depth, agreement, cell_heat, cell_temperature, conductances, conductivity, decay,
    gas_release, heat, heat_content, lay_grid, layout, linearise, new_cells, note, progress, ramp,
    react, steepest_fold, step, stored_heat, thomas, volume_mean, workspace,
):  # fmt: skip
    globals()[_kernel.__name__] = getattr(_kernel, "py_func", _kernel)

# A row that belongs to another component, then a ramp of three points with its integral from 0 K.
RAMP = table(
    Point, [(0.0, 7.0, 0.0), (300.0, 2.0, 600.0), (400.0, 4.0, 900.0), (600.0, 3.0, 1600.0)]
)
SETUP = Setup(
    thickness=0.006, end=900.0, timeout=600.0, T0=300.0, irradiance=5e4, in_depth=False,
    T_gas=310.0, T_around=290.0, h=12.0, h_flaming=20.0, flame=2e4, held=False, h_back=5.0,
    T_back=305.0, eps_back=0.7, wool=0.0, rule=0, critical=1e5, efficiency=0.8, fuel=True,
    mass=7.2, volatiles=7.0,
)  # fmt: skip


def two_materials() -> Slab:
    """A dense and a light component; the light one's heat capacity and conductivity are ramps."""
    dense = Component(1000.0, 0.9, 2000.0, 0.8, k_first=0, k_length=1, c_first=0, c_length=1)
    light = Component(250.0, 0.5, 400.0, 0.2, k_first=1, k_length=3, c_first=1, c_length=3)
    return Slab(SETUP, table(Component, [dense, light]), RAMP, two_steps())


def two_steps(**changed) -> np.recarray:
    """Component 0 becomes component 1 and gas, component 1 leaves as gas."""
    first = Reaction(reactant=0, product=1, A=3e6, E=9e4, y=0.4, dh=5e5, hc=2e7, T_on=300.0)
    second = Reaction(reactant=1, product=-1, A=2e5, E=8e4, y=0.0, dh=-2e5, hc=3e7, T_on=300.0)
    rows = table(Reaction, [first, second])
    for field, values in changed.items():
        rows[field] = values
    return rows


def work(n, m1=None, T1=None, **arrays):
    """The arrays of a step over ``n`` cells of two components, with the named ones filled."""
    w = workspace(n, 2, 2)
    for field, values in {"m1": m1, "T1": T1, **arrays}.items():
        if values is not None:
            getattr(w, field)[:] = values
    return w


def reacted(reactions, m0, T, tau, Z=(0.0, 0.0)):
    """What `react` makes of one cell: masses, rate constants, heat and its slope."""
    m0 = np.array([m0, [9.0, 9.0]])  # the second cell is not to be touched
    w = work(2, m1=-1.0, T1=T, K=-1.0, Q=-1.0, dQ=-1.0, Z=[Z, (0.0, 0.0)])
    react(reactions, m0, 1, tau, w)
    assert w.m1[1].tolist() == [-1.0, -1.0] and w.Q[1] == -1.0
    return w.m1[0], w.K[0], w.Q[0], w.dQ[0]


def test_decay_is_the_exponential():
    z = np.concatenate([np.linspace(0.0, 3.0, 200), np.linspace(3.0, 700.0, 300)])
    error = np.abs([decay(v) for v in z] / np.exp(-z) - 1.0)
    assert error[z < 20.0].max() < 1e-14 and error.max() < 2e-13
    assert decay(0.0) == 1.0 and decay(700.0) > 0.0 and decay(701.0) == 0.0


@pytest.mark.parametrize(
    ("T", "value"),
    [(200, 2.0), (300, 2.0), (350, 3.0), (400, 4.0), (450, 3.75), (599.9, 3.0005), (600, 3.0),
     (900, 3.0)],
)  # fmt: skip
def test_a_ramp_is_linear_between_its_points_and_constant_outside(T, value):
    assert ramp(RAMP, 1, 3, float(T))[0] == pytest.approx(value, rel=1e-12)
    assert ramp(RAMP, 0, 1, float(T)) == (7.0, 7.0 * T)


@pytest.mark.parametrize("T", [150.0, 300.0, 320.0, 400.0, 470.0, 600.0, 800.0])
def test_the_integral_of_a_ramp_is_that_of_its_values(T):
    t = np.union1d(np.linspace(0.0, T, 20001), [x for x in RAMP.at[1:] if x < T])
    area = np.trapezoid([ramp(RAMP, 1, 3, x)[0] for x in t], t)
    assert ramp(RAMP, 1, 3, T)[1] == pytest.approx(area, rel=1e-7)


def test_heat_of_a_cell_and_the_temperature_it_means():
    matter, m = two_materials(), np.array([2.0, 3.0])
    assert heat(matter, 0, 350.0) == (7.0, 7.0 * 350.0)
    assert heat(matter, 1, 350.0) == (3.0, 600.0 + 50.0 * 2.5)
    C, H = cell_heat(matter, m, 500.0)
    assert pytest.approx(2.0 * 7.0 + 3.0 * 3.5) == C
    assert H == pytest.approx(2.0 * 7.0 * 500.0 + 3.0 * (900.0 + 100.0 * 3.75))
    for start in (300.0, 350.0, 700.0):
        assert cell_temperature(matter, m, H, start) == pytest.approx(500.0, abs=1e-8)


def test_volume_weighs_thickness_conductivity_and_surface():
    matter, m = two_materials(), np.array([[2.0, 1.0], [4.0, 0.0], [5.0, 5.0]])
    dx, k = np.zeros(3), np.zeros(3)
    layout(matter, m, np.array([350.0, 350.0, 350.0]), 2, dx, k)
    assert dx == pytest.approx([2e-3 + 4e-3, 4e-3, 0.0])
    assert k == pytest.approx([(2e-3 * 7.0 + 4e-3 * 3.0) / 6e-3, 7.0, 0.0])
    assert volume_mean(matter, m, 0, matter.components.eps) == pytest.approx(
        (2 * 0.9 + 4 * 0.5) / 6
    )


def test_one_reaction_over_a_step_is_exact():
    chemistry = two_steps(product=[-1, -1])
    m, K, Q, _ = reacted(chemistry, [2.0, 0.0], 800.0, 0.7)
    rate = 3e6 * np.exp(-9e4 / (R * 800.0))
    assert K == pytest.approx([rate, 0.0], rel=1e-12)
    assert m == pytest.approx([2.0 * np.exp(-0.7 * rate), 0.0], rel=1e-12)
    assert Q == pytest.approx(5e5 * (2.0 - m[0]), rel=1e-9)


def test_what_arrives_during_a_step_leaves_for_part_of_it():
    """Arrival at a steady pace: the share 1 - (1 - exp(-z))/z of it is gone in the end."""
    m, K, Q, _ = reacted(two_steps(), [2.0, 0.5], 800.0, 0.7)
    z = 0.7 * K
    gone = 2.0 * (1.0 - np.exp(-z[0]))
    arrived = 0.4 * gone
    share = 1.0 - (1.0 - np.exp(-z[1])) / z[1]
    second = 0.5 * (1.0 - np.exp(-z[1])) + arrived * share
    assert m == pytest.approx([2.0 - gone, 0.5 + arrived - second], rel=1e-12)
    assert Q == pytest.approx(5e5 * gone - 2e5 * second, rel=1e-9)


def test_of_a_slow_reaction_half_the_step_counts_for_what_arrives():
    m, K, _, _ = reacted(two_steps(A=[3e6, 1e-3]), [2.0, 0.0], 800.0, 0.7)
    arrived = 0.4 * (2.0 - m[0])
    assert 0.0 < 0.7 * K[1] < 1e-6
    assert arrived - m[1] == pytest.approx(arrived * 0.35 * K[1], rel=1e-4)


def test_rates_of_an_earlier_stage_count_and_cold_reactions_rest():
    chemistry = two_steps(T_on=[900.0, 2000.0])
    m, K, Q, dQ = reacted(chemistry, [2.0, 0.0], 800.0, 0.7)
    assert m.tolist() == [2.0, 0.0] and K.tolist() == [0.0, 0.0] and Q == dQ == 0.0
    m, K, _, dQ = reacted(chemistry, [2.0, 0.0], 900.0, 0.7, Z=[0.3, 0.0])
    assert K[0] == dQ == 0.0  # at the threshold it still rests
    assert m == pytest.approx([2.0 * np.exp(-0.3), 0.8 * (1.0 - np.exp(-0.3))], rel=1e-12)
    m, K, _, _ = reacted(chemistry, [2.0, 0.0], 901.0, 0.7, Z=[0.3, 0.0])
    assert m[0] == pytest.approx(2.0 * np.exp(-0.3 - 0.7 * K[0]), rel=1e-12)


def test_the_slope_of_the_heat_of_reaction_is_its_derivative():
    chemistry = two_steps(product=[-1, -1])
    heats = [reacted(chemistry, [2.0, 1.5], T, 0.05)[2] for T in (699.9, 700.1)]
    slope = reacted(chemistry, [2.0, 1.5], 700.0, 0.05)[3]
    assert slope == pytest.approx((heats[1] - heats[0]) / 0.2, rel=1e-5)


def test_gas_and_its_heat():
    K, m = (
        np.array([[0.1, 0.2], [0.0, 0.3], [9.0, 9.0]]),
        np.array([[2.0, 1.0], [4.0, 0.5], [1, 1]]),
    )
    flux, heat = gas_release(two_steps(), m, K, 2)
    rates = [0.6 * 0.1 * 2.0, 0.2 * 1.0, 0.3 * 0.5]
    assert flux == pytest.approx(sum(rates))
    assert heat == pytest.approx(rates[0] * 2e7 + (rates[1] + rates[2]) * 3e7)


def test_absorption_in_depth_is_beers_law_and_loses_nothing():
    w = work(5, m1=[[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], absorbed=-1.0)
    dx = np.array([1e-3, 5e-4, 1e-3, 4e-3])
    absorb_in_depth(two_materials(), dx, 3, 4, 0.9, w)
    passing = 0.9 * 5e4 * np.exp(-2000.0 * np.array([0.0, 1e-3, 1.5e-3]))
    assert w.absorbed[:2] == pytest.approx(-np.diff(passing))
    assert w.absorbed[2] == pytest.approx(passing[2])  # the slab's last cell takes the rest
    assert w.absorbed[3] == 0.0 and w.absorbed[4] == -1.0


def test_the_faces_are_linearised_at_their_temperature():
    def front(T):
        return 2e4 + 12.0 * (310.0 - T) + 0.8 * SIGMA * (290.0**4 - T**4)

    def rear(T):
        return 5.0 * (305.0 - T) + 0.7 * SIGMA * (305.0**4 - T**4)

    for exact, (a, b) in (
        (front, linearise(600.0, 2e4, 12.0, 310.0, 0.8, 290.0)),
        (rear, linearise(600.0, 0.0, 5.0, 305.0, 0.7, 305.0)),
    ):
        assert a - b * 600.0 == pytest.approx(exact(600.0), rel=1e-12)
        assert -b == pytest.approx((exact(600.1) - exact(599.9)) / 0.2, rel=1e-6)
    assert linearise(600.0, 0.0, 0.0, 300.0, 0.0, 300.0) == (0.0, 0.0)


def test_two_half_cells_conduct_in_series():
    dx, k, G = np.array([1e-3, 3e-3, 2e-3]), np.array([0.2, 0.5, 0.1]), np.full(3, -1.0)
    conductances(dx, k, 3, G)
    halves = 0.5 * dx / k
    assert G == pytest.approx([1 / (halves[0] + halves[1]), 1 / (halves[1] + halves[2]), -1.0])


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_the_tridiagonal_solver_solves(n):
    rng = np.random.default_rng(n)
    low, rhs = -rng.uniform(0.1, 1.0, n), rng.normal(size=n)
    diag = rng.uniform(2.5, 4.0, n)
    matrix = np.diag(diag) + np.diag(low[: n - 1], 1) + np.diag(low[: n - 1], -1)
    exact = np.linalg.solve(matrix, rhs)
    thomas(low, diag, rhs, n)
    assert rhs == pytest.approx(exact, rel=1e-12)


def test_heat_content_is_that_of_the_mean_mass():
    w = work(1, m1=[[1.0, 2.0]], T1=400.0)
    heat_content(two_materials(), np.array([[2.0, 1.0]]), np.array([300.0]), 1, w)
    assert pytest.approx([1.5 * (7.0 + 4.0)]) == w.C
    assert pytest.approx([1.5 * 700.0 + 1.5 * 300.0]) == w.H


def test_progress_towards_each_kind_of_ignition():
    def towards(flux, heat, Ts, **changed):
        return progress(SETUP._replace(**changed), flux, heat, Ts)

    assert towards(0.01, 5e4, 400.0) == pytest.approx(0.4)
    assert towards(0.01, 5e4, 400.0, rule=1, critical=0.02) == pytest.approx(0.5)
    assert towards(0.01, 5e4, 400.0, rule=2, critical=700.0) == pytest.approx(0.25)
    assert towards(9.0, 9e9, 9e9, rule=-1) == 0.0


def test_the_fold_of_a_rate_is_that_of_cells_that_release_gas():
    w = work(3, m1=[[1e-4, 0.0], [1.0, 0.1], [1.0, 1.0]], T1=[900.0, 700.0, 999.0],
             K=[[0.1, 0.0], [0.1, 0.5], [9.0, 9.0]])  # fmt: skip
    T = np.array([500.0, 690.0, 1.0])
    flux = 0.6 * 0.1 * (1.0 + 1e-4) + 0.5 * 0.1
    expected = 10.0 * 9e4 / (R * 700.0**2)
    assert steepest_fold(two_steps(), T, w, 2, flux) == pytest.approx(expected)


def test_the_heat_of_cells_is_a_sum():
    matter, m, T = (
        two_materials(),
        np.array([[2.0, 1.0], [1.0, 0.0], [9.0, 9.0]]),
        np.full(3, 400.0),
    )
    assert stored_heat(matter, m, T, 2) == pytest.approx(3.0 * 2800.0 + 900.0)


def test_a_row_of_the_record():
    record = np.zeros(3, columns(Row)).view(np.recarray)
    note(record[1], 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    assert record.tolist() == [(0.0,) * 6, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (0.0,) * 6]


def test_a_table_has_the_fields_of_its_class():
    made = table(Reaction, list(two_steps()))
    assert made.dtype.names == Reaction._fields and made.product.tolist() == [1, -1]
    assert made[0].E == 9e4 and table(Point, []).size == 0
    empty = blank(Diagnostics, 3)
    assert empty.shape == (3,) and np.isnan(empty.steps).all() and np.isnan(empty[2].rows)


def test_agreement_with_the_mean_of_an_exponential():
    mean = (0.03 - 0.02) / np.log(1.5)
    assert agreement(0.02, 0.03, mean) == pytest.approx(1.0)
    assert agreement(0.02, 0.03, 1.02 * mean) == pytest.approx(1.02)
    assert agreement(0.02, 0.02 * (1 + 1e-6), 0.0201) == pytest.approx(1.005, rel=1e-5)
    nearly = 0.02 * (1 + 9e-5)  # as good as a straight line
    assert agreement(0.02, nearly, 0.5 * (0.02 + nearly)) == pytest.approx(1.0, abs=1e-8)
    assert agreement(0.02, 0.03, 2 * mean) == 1.05 and agreement(0.02, 0.03, 0.0) == 0.95
    for flux0, flux1 in ((0.0, 0.02), (0.02, 0.0), (-1.0, 0.02)):
        assert agreement(flux0, flux1, 0.02) == 1.0


def unpacked(case) -> Slab:
    return unpack(pack([check(case)]), 0)


def test_cells_hold_the_mass_of_the_slab_and_of_the_wool_behind_it():
    slab = unpacked(a_case(back="ceramic wool"))
    cells = new_cells(240, slab.components.size)
    ns, n = lay_grid(slab, cone.DEFAULT, cells)
    m, T = cells.m, cells.T
    assert slab.setup.fuel and 5 < ns < n
    assert m[:ns].sum() == pytest.approx(0.006 * 1190.0)
    assert slab.setup.mass == pytest.approx(0.006 * 1190.0)
    assert m[:ns, -1].max() == 0.0 and m[ns:n, :-1].max() == 0.0
    assert m[ns:n, -1].sum() == pytest.approx(slab.components[-1].rho * slab.setup.wool)
    assert set(T[:n]) == {300.0} and T[n] == 0.0


@pytest.mark.parametrize("back", [False, True])
def test_a_step_brings_in_what_passes_the_faces(back):
    """Energy of an inert slab after one step: what flowed in through both faces, and no more."""
    slab = unpacked(inert(back="insulated"))
    setup = slab.setup
    if back:
        setup.h_back, setup.T_back, setup.eps_back = 30.0, 500.0, 0.5
    cells, w = new_cells(240, 1), workspace(240, 1, 0)
    ns, n = lay_grid(slab, cone.DEFAULT, cells)
    before = stored_heat(slab, cells.m, cells.T, n)
    start = Faces(Ts=300.0, Tb=300.0, q=0.0, q_back=0.0, iterations=0)
    after, worst = step(slab, False, cells, ns, n, 0.5, start, 1e-9, w)
    gained = stored_heat(slab, w.m1, w.T1, n) - before
    assert gained == pytest.approx(0.5 * (after.q + after.q_back), rel=1e-9)
    assert after.q == pytest.approx(50.0 * (800.0 - after.Ts), rel=0.15)
    assert after.Ts > w.T1[0] > w.T1[1]
    assert (after.q_back > 1000.0) if back else (after.q_back == 0.0)
    # Each of the two stages goes on until nothing moves any more: once is not enough to know.
    assert worst > 0.0 and 4 <= after.iterations <= 16


def test_a_batch_without_a_case_and_results_by_name():
    assert cone.simulate_batch([])["error"].size == 0
    found = cone.simulate_batch([REFERENCE[0]], lag_s=2.0)
    alone = cone.simulate(REFERENCE[0])
    assert {k for k in found if not k.startswith("rule_")} == {*alone, "error"}
    assert any(k.startswith("rule_") for k in found)
    for key, value in alone.items():
        assert np.array_equal(found[key], [value], equal_nan=True)


def test_a_run_that_fills_its_record_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(cone, "MOST_ROWS", 40)
    with pytest.raises(cone.InputError, match="time steps"):
        cone.simulate(a_case())
    found = cone.simulate_batch([inert(end_time_s=1.0), a_case()], strict=False)
    assert found["error"][0] is None and "time steps" in found["error"][1]
    assert np.isnan(found["t_ig_s"][1]) and found["rows"][0] < 38


def test_the_record_begins_at_rest_and_stops_before_its_end():
    record = np.full((60, 6), 9.0).view(columns(Row))[:, 0].view(np.recarray)
    out = blank(Diagnostics, 1)
    run(unpacked(a_case()), cone.DEFAULT, record, out[0])
    assert record[0].tolist() == (0.0, 0.0, 0.0, 300.0, 0.0, 0.0)
    assert 57 <= out[0].rows <= 60
    assert out[0].mass_balance_error == pytest.approx(0.0, abs=1e-12)


def test_work_is_counted():
    quiet = cone.simulate(inert(end_time_s=20.0))
    assert quiet["rate_evaluations"] == 0.0
    assert quiet["cell_visits"] >= 3 * 5 * quiet["solves"] >= 15 * quiet["steps"] > 0.0
    assert cone.simulate(a_case(end_time_s=60.0))["rate_evaluations"] > 0.0


def test_the_curve_of_mass_flux_integrates_to_the_mass_lost_before_burn_out():
    curves = cone.simulate(a_case(end_time_s=200.0), curves=True)["curves"]
    area = np.trapezoid(curves["mass_loss_rate_kg_m2_s"], curves["time_s"])
    assert area == pytest.approx(curves["mass_lost_kg_m2"][-1], rel=1e-3)
    assert 0.5 < curves["mass_lost_kg_m2"][-1] < 0.95 * 0.006 * 1190.0


def test_a_file_without_bad_cases_gives_zero_and_its_curves(tmp_path):
    case = inert(end_time_s=1.0)
    (tmp_path / "in.json").write_text(json.dumps({"cases": [case, {**case, "id": "b"}]}))
    simulate_file(tmp_path / "in.json", tmp_path / "out.json", tmp_path / "c")
    results = json.loads((tmp_path / "out.json").read_text())["results"]
    assert [one["id"] for one in results] == [0, "b"] and results[0]["t_ig_s"] is None
    head, first, *_ = (tmp_path / "c" / "00001.csv").read_text().splitlines()
    assert head.split(",") == list(Row._fields) and first == "0,0,0,300,0,0"


def test_warming_up_compiles_with_a_case_that_is_right():
    assert cone.warm_up() is None
