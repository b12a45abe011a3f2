"""The artifacts that a campaign expects and their needs, by the plain loops that judge the rest; worked out by hand."""

from plain_production import arithmetic, names_in
from small_productions import changed, small


def test_an_average_of_a_set_needs_the_eight_slices_of_that_set() -> None:
    kinds = {
        "slice": {"path": "slice/{configuration}_{source}"},  # does not name its set
        "average": {"path": "average/{configuration}_{source_set}", "needs": ["slice"]},
    }
    production = small(kinds, source_sets={"0-7": [0, 8], "8-15": [8, 16]}).production()
    assert len(production.of_kind("slice")) == 16
    assert production.inputs["average/1_0-7"] == {"slice": [f"slice/1_x{n}y0z0t0" for n in range(8)]}
    assert production.inputs["average/1_8-15"] == {"slice": [f"slice/1_x{n}y0z0t1" for n in range(8)]}


def test_a_form_factor_needs_the_propagator_of_its_source_and_the_sequential_ones_of_its_set_and_separation() -> None:
    kinds = {
        "prop": {"path": "prop/{configuration}_{source}"},
        "seqprop": {"path": "seqprop/{configuration}_{flavor}_{source_set}_dt{dt}", "needs": ["prop"]},
        "formfac": {"path": "formfac/{configuration}_{source_set}_{source}_dt{dt}", "needs": ["prop", "seqprop"]},
    }
    axes = {"dt": [3, 4], "flavor": ["u", "d"]}
    production = small(kinds, axes=axes, source_sets={"0-1": [0, 2], "2-3": [2, 4]}).production()
    assert production.inputs["formfac/1_2-3_x3y0z0t0_dt4"] == {
        "prop": ["prop/1_x3y0z0t0"],
        "seqprop": ["seqprop/1_u_2-3_dt4", "seqprop/1_d_2-3_dt4"],
    }
    assert production.inputs["seqprop/1_d_0-1_dt3"] == {"prop": ["prop/1_x0y0z0t0", "prop/1_x1y0z0t0"]}


def test_overlapping_source_sets_share_a_propagator() -> None:
    kinds = {
        "prop": {"path": "prop/{source}"},
        "average": {"path": "average/{source_set}", "needs": ["prop"]},
    }
    production = small(kinds, source_sets={"0-1": [0, 2], "1-2": [1, 3]}).production()
    assert [a.path for a in production.of_kind("prop")] == [f"prop/x{n}y0z0t0" for n in range(3)]
    assert production.inputs["average/0-1"] == {"prop": ["prop/x0y0z0t0", "prop/x1y0z0t0"]}
    assert production.inputs["average/1-2"] == {"prop": ["prop/x1y0z0t0", "prop/x2y0z0t0"]}


def test_streams_and_ensembles_have_their_own_configurations_sources_and_axis_values() -> None:
    kinds = {
        "prop": {"path": "{ensemble}_{stream}/{configuration}_{source}"},
        "all": {"path": "{ensemble}_{stream}/all_dt{dt}", "needs": ["prop"]},
    }
    world = small(kinds, axes={"dt": [3]}, streams=["e", "f"], stream={"f": {"configurations": "2:7:3"}})
    other = {**world.campaign["ensembles"]["A"], "streams": ["e"], "L": 16, "source_sets": {"0-0": [9, 10]}}
    other = {**other, "stream": {}, "axes": {"dt": [3, 4]}}
    world.campaign["ensembles"]["B"] = other
    production = world.production()
    assert [a.path for a in production.of_kind("prop")] == [
        *("A_e/1_x0y0z0t0", "A_f/2_x0y0z0t0", "A_f/5_x0y0z0t0", "B_e/1_x1y0z0t1")
    ]
    assert production.inputs["A_f/all_dt3"] == {"prop": ["A_f/2_x0y0z0t0", "A_f/5_x0y0z0t0"]}
    assert [a.path for a in production.of_kind("all")] == ["A_e/all_dt3", "A_f/all_dt3", "B_e/all_dt3", "B_e/all_dt4"]


def test_a_kind_may_be_restricted_and_its_products_need_only_what_is_left() -> None:
    kinds = {
        "a": {"path": "a{configuration}_dt{dt}", "only": {"dt": [4]}},
        "b": {"path": "b{configuration}", "needs": ["a"]},
    }
    production = small(kinds, axes={"dt": [3, 4]}).production()
    assert production.inputs == {"a1_dt4": {}, "b1": {"a": ["a1_dt4"]}}
    assert not production.lacking
    assert changed(small(kinds, axes={"dt": [3, 4]}), b={"path": "b_dt{dt}"}).production().lacking == {("b", "a")}


def test_what_is_made_with_another_kind_needs_what_that_one_needs() -> None:
    kinds = {
        "prop": {"path": "prop/{source}"},
        "spec": {"path": "spec/{source}", "made_with": "spec_4D"},
        "spec_4D": {"path": "spec_4D/{source}", "needs": ["prop"]},
    }
    assert small(kinds).production().inputs["spec/x0y0z0t0"] == {"prop": ["prop/x0y0z0t0"]}


def test_a_derived_name_counts_as_the_coordinates_that_it_is_made_of() -> None:
    world = small({"a": {"path": "a{configuration}_{parity}_dt{signed}"}}, axes={"dt": [3, 4], "parity": ["p", "m"]})
    world.campaign["derive"] = {"signed": {"from": "parity", "values": {"p": "{dt}", "m": "-{dt}"}}}
    assert set(world.production().artifacts) == {"a1_p_dt3", "a1_p_dt4", "a1_m_dt-3", "a1_m_dt-4"}


def test_sizes_are_sums_of_products_and_parameters_may_differ_by_stream() -> None:
    kinds = {"a": {"path": "{stream}/a", "min_bytes": "2 * bytes + L * L"}}
    world = small(kinds, streams=["e", "f"], parameters={"bytes": 10}, stream={"f": {"parameters": {"bytes": 20}}})
    assert {a.path: a.min_bytes for a in world.production().of_kind("a")} == {"e/a": 84, "f/a": 104}
    assert arithmetic("3 * n + 1", {"n": 5}) == 16
    assert names_in("{ensemble}/c{configuration:04d}_x{source.x}") == {"ensemble", "configuration", "source"}
