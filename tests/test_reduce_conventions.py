"""The names inside correlator files: read, and rewritten, as the production codes do it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latteboard.names.templates import Source
from reducer.correlators.conventions import (
    Correlator,
    averaged_name,
    is_baryon,
    momentum_name,
    parse_name,
    sourceless,
    with_other_spin,
)
from reducer.correlators.meta import (
    common_meta,
    meta_line,
    parse_meta,
    slice_meta,
    sources_in,
    term_meta,
    transform_meta,
)

FORWARD = "pt/formfac/proton_DD_dn_dn_t0_2_tsep_3_sink_mom_px0_py0_pz0/A3/x0_y1_z2_t2/4D_correlator/local_current"
BACKWARD = "pt/formfac/proton_np_UU_up_up_t0_4_tsep_-5_sink_mom_px0_py0_pz0/V4/x3_y1_z2_t4/4D_correlator/local_current"
SPECTRUM = "gf1p0/proton/spin_up/4D_correlator/x0_y1_z2_t2"
BACKWARD_SPECTRUM = "gf1p0/proton_np/spin_dn/4D_correlator/x10_y11_z12_t95"
FORWARD_MEAN = "pt/formfac/proton_DD_dn_dn_tsep_3_sink_mom_px0_py0_pz0/A3/src_avg/4D_correlator/local_current"


# -- read ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form", "source", "t0", "separation", "backward", "spin"),
    [
        (FORWARD, "form factor", Source(0, 1, 2, 2), 2, 3, False, None),
        (BACKWARD, "form factor", Source(3, 1, 2, 4), 4, -5, True, None),
        (BACKWARD.replace("tsep_-5", "tsep_5"), "form factor", Source(3, 1, 2, 4), 4, -5, True, None),
        (FORWARD.replace("tsep_3", "tsep_-3"), "form factor", Source(0, 1, 2, 2), 2, -3, False, None),
        (FORWARD.replace("t0_2", "t0_7"), "form factor", Source(0, 1, 2, 2), 7, 3, False, None),
        (FORWARD_MEAN, "form factor", None, None, 3, False, None),
        ("proton_np_tsep_4/A3/x0_y0_z0_t0/4D_correlator/x", "form factor", Source(0, 0, 0, 0), None, -4, True, None),
        (
            "proton/A3/x0_y0_z0_t0/4D_correlator/local_current",
            "form factor",
            Source(0, 0, 0, 0),
            None,
            None,
            False,
            None,
        ),
        (SPECTRUM, "spectrum", Source(0, 1, 2, 2), None, None, False, "spin_up"),
        (BACKWARD_SPECTRUM, "spectrum", Source(10, 11, 12, 95), None, None, True, "spin_dn"),
        ("gf1p0/proton_np/spin_avg/4D_correlator/src_avg", "spectrum", None, None, None, True, None),
        ("proton/4D_correlator/x0_y1_z2_t2", "spectrum", Source(0, 1, 2, 2), None, None, False, None),
        ("4D_correlator/x0_y1_z2_t2", "spectrum", Source(0, 1, 2, 2), None, None, False, None),
    ],
)
def test_a_name_says_what_the_correlator_is(
    name: str,
    form: str,
    source: Source | None,
    t0: int | None,
    separation: int | None,
    *,
    backward: bool,
    spin: str | None,
) -> None:
    assert parse_name(name) == Correlator(name, form, source, t0, separation, backward, spin)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("spec/proton", True),
        ("spec/Nucleon_np", True),
        ("xi/smeared", True),
        ("mesons/gamma_5", False),
        ("spec/PION", False),
        ("spec/piplus", False),
        # both, or neither
        ("baryons/pi", None),
        ("spec/omega", None),
        ("spec/sigma_np", None),
        ("spec/phi_ju", None),
        ("spec/protons_and_more", None),
    ],
)
def test_a_spectrum_is_of_a_baryon_or_a_meson_if_its_path_says_so(group: str, *, expected: bool | None) -> None:
    assert is_baryon(f"{group}/4D_correlator/x0_y1_z2_t3") is expected


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("spec/omega_np", True),
        ("spec/Phi_ju", False),
        ("spec/pi", True),  # what is stated counts first
        ("omega/phi_ju", None),
        ("spec/proton", True),
        ("spec/sigma", None),
    ],
)
def test_further_particles_can_be_stated(group: str, *, expected: bool | None) -> None:
    name = f"{group}/4D_correlator/x0_y1_z2_t3"
    assert is_baryon(name, baryons=("Omega", "pi"), mesons=("phi_ju",)) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "proton_np_UU_up_up_t0_2_tsep_-3_sink_mom_px0_py0_pz0/A3/x0_y1_z2_t2/px0_py0_pz-1/local_current",
            ("form factor", Source(0, 1, 2, 2), 2, -3, True, None),
        ),
        (
            "formfac/ml0p1/proton_UU_up_up_t0_2_tsep_3_sink_mom_px0_py0_pz0/A3/px0_py0_pz0/x0y1z2t2",
            ("form factor", Source(0, 1, 2, 2), 2, 3, False, None),
        ),
        (
            "sh/delta_pp_np/spin_upup/x0_y1_z2_t2/px0_py0_pz0",
            ("spectrum", Source(0, 1, 2, 2), None, None, True, "spin_upup"),
        ),
        (
            "spec/ml0p1/proton_np/spin_dn/px1_py0_pz0/x0y1z2t2",
            ("spectrum", Source(0, 1, 2, 2), None, None, True, "spin_dn"),
        ),
        ("spec/ml0p1/proton_np/spin_avg/px1_py0_pz0/src_avg", ("spectrum", None, None, None, True, None)),
        ("sh/piplus/x0_y1_z2_t2/px0_py0_pz0", ("spectrum", Source(0, 1, 2, 2), None, None, False, None)),
        ("spec/proton/spin_up/psq_2/x0y1z2t2", ("spectrum", Source(0, 1, 2, 2), None, None, False, None)),
        ("old_np/phi_qq/mq0p1/x0y1z2t2", ("spectrum", Source(0, 1, 2, 2), None, None, False, None)),
    ],
)
def test_projected_correlators_are_told_by_source_and_momentum(name: str, expected: tuple[Any, ...]) -> None:
    assert parse_name(name) == Correlator(name, *expected, projected=True)


@pytest.mark.parametrize(
    "name",
    [
        "configurations",
        "sh/proton/spin_up/x0_y1_z2_t2/px0_py0",
        "sh/proton/spin_up/x0_y1_z2_t2/xml",
        "sh/proton/spin_up/sink_mom_px0_py0_pz0/x0_y1z2t2",
        "proton/spin_up/4D_correlator",
        "proton/spin_up/4D_correlator/px0_py0_pz0",
        "proton/spin_up/4D_correlator/x0_y1_z2",
        "proton/spin_up/4D_correlator/x0_y1_z2_t2_copy",
        "x0_y1_z2_t2/spin_up/4D_correlator/notes",
    ],
)
def test_other_datasets_are_no_correlators(name: str) -> None:
    assert parse_name(name) is None


def test_np_at_the_end_of_a_word_means_backward_and_inside_one_does_not() -> None:
    assert parse_name("proton_np/spin_up/4D_correlator/src_avg").backward  # type: ignore[union-attr]
    for particle in ("proton_npr", "np_proton", "protonnp"):
        assert not parse_name(f"{particle}/spin_up/4D_correlator/src_avg").backward  # type: ignore[union-attr]


PARENTS = (
    "run_np",
    "x9_y9_z9_t9",
    "proton_t0_9_tsep_9",
    "spin_up",
    "spin_dn",
    "src_avg",
    "local_current",
    "4D_correlator",
)


@pytest.mark.parametrize("parent", PARENTS)
@pytest.mark.parametrize("name", [FORWARD, BACKWARD, SPECTRUM, BACKWARD_SPECTRUM, FORWARD_MEAN])
def test_what_groups_above_are_called_says_nothing(name: str, parent: str) -> None:
    alone, below = parse_name(name), parse_name(f"{parent}/{name}")
    assert alone is not None
    assert below == replace(alone, name=f"{parent}/{name}")


@pytest.mark.parametrize("parent", PARENTS)
@pytest.mark.parametrize("name", [FORWARD, BACKWARD, SPECTRUM, BACKWARD_SPECTRUM])
@pytest.mark.parametrize("rewritten", [sourceless, averaged_name, momentum_name])
def test_groups_above_keep_their_names(name: str, parent: str, rewritten: object) -> None:
    assert callable(rewritten)
    assert rewritten(f"{parent}/{name}") == f"{parent}/{rewritten(name)}"


# -- rewritten -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bare", "averaged", "momentum"),
    [
        (FORWARD, FORWARD_MEAN, FORWARD_MEAN, FORWARD.replace("local_current", "momentum_current")),
        (
            BACKWARD,
            "pt/formfac/proton_np_UU_up_up_tsep_-5_sink_mom_px0_py0_pz0/V4/src_avg/4D_correlator/local_current",
            "pt/formfac/proton_np_UU_up_up_tsep_-5_sink_mom_px0_py0_pz0/V4/src_avg/4D_correlator/local_current",
            BACKWARD.replace("local_current", "momentum_current"),
        ),
        (
            SPECTRUM,
            "gf1p0/proton/spin_up/4D_correlator/src_avg",
            "gf1p0/proton/spin_avg/4D_correlator/src_avg",
            SPECTRUM,
        ),
        (
            BACKWARD_SPECTRUM,
            "gf1p0/proton_np/spin_dn/4D_correlator/src_avg",
            "gf1p0/proton_np/spin_avg/4D_correlator/src_avg",
            BACKWARD_SPECTRUM,
        ),
        (FORWARD_MEAN, FORWARD_MEAN, FORWARD_MEAN, FORWARD_MEAN.replace("local_current", "momentum_current")),
        ("momenta", "momenta", "momenta", "momenta"),
        (
            "g/proton_t0_2_tsep_3/A3/x0_y1_z2_t2/px0_py0_pz0/local_current",
            "g/proton_tsep_3/A3/src_avg/px0_py0_pz0/local_current",
            "g/proton_tsep_3/A3/src_avg/px0_py0_pz0/local_current",
            "g/proton_t0_2_tsep_3/A3/x0_y1_z2_t2/px0_py0_pz0/momentum_current",
        ),
        (
            "proton/spin_up/px0_py0_pz0/x0_y1_z2_t2",
            "proton/spin_up/px0_py0_pz0/src_avg",
            "proton/spin_avg/px0_py0_pz0/src_avg",
            "proton/spin_up/px0_py0_pz0/x0_y1_z2_t2",
        ),
    ],
)
def test_names_are_rewritten_as_the_production_codes_do(name: str, bare: str, averaged: str, momentum: str) -> None:
    assert (sourceless(name), averaged_name(name), momentum_name(name)) == (bare, averaged, momentum)


def test_a_source_is_a_whole_part_of_a_name() -> None:
    """Not text in it: x1_y2_z3_t2 also begins x1_y2_z3_t27."""
    short, long = ("proton/spin_up/4D_correlator/x1_y2_z3_t" + t for t in ("2", "27"))
    assert [parse_name(name).source for name in (short, long)] == [  # type: ignore[union-attr]
        Source(1, 2, 3, 2),
        Source(1, 2, 3, 27),
    ]
    assert sourceless(short) == sourceless(long) == "proton/spin_up/4D_correlator/src_avg"
    for part in ("x1_y2_z3_t2_old", "box1_y2_z3_t2"):
        name = f"{part}/spin_up/4D_correlator"
        assert sourceless(name) == name


def test_the_spin_next_to_the_correlator_is_exchanged() -> None:
    for name, other in (
        (SPECTRUM, SPECTRUM.replace("spin_up", "spin_dn")),
        (f"spin_dn/{BACKWARD_SPECTRUM}", f"spin_dn/{BACKWARD_SPECTRUM.replace('spin_dn', 'spin_up')}"),
        ("sh/delta_pp/spin_upup/x0_y1_z2_t2/px0_py0_pz0", "sh/delta_pp/spin_dndn/x0_y1_z2_t2/px0_py0_pz0"),
    ):
        told = parse_name(name)
        assert told is not None
        assert with_other_spin(told, other.split("/")[-3]) == other
    for name in (FORWARD, averaged_name(SPECTRUM)):
        told = parse_name(name)
        assert told is not None
        assert told.spin is None


# -- round trips ---------------------------------------------------------------------------------------------------------

numbers = st.integers(0, 200)
sources = st.builds(Source, numbers, numbers, numbers, numbers)
groups = st.lists(st.sampled_from([*PARENTS, "gf1p0_w3p5_n45", "formfac"]), max_size=3).map(
    lambda parts: "".join(f"{part}/" for part in parts)
)
particles = st.sampled_from(["proton", "proton_np", "lambda_np", "xi"])


def place(source: Source) -> str:
    return f"x{source.x}_y{source.y}_z{source.z}_t{source.t}"


@given(groups, particles, sources, st.integers(1, 99))
def test_what_is_written_in_a_form_factor_s_name_is_read_back(
    group: str, particle: str, source: Source, separation: int
) -> None:
    backward = particle.endswith("_np")
    signed = -separation if backward else separation
    name = f"{group}{particle}_UU_up_up_t0_{source.t}_tsep_{signed}_sink_mom/A3/{place(source)}/4D_correlator/local_current"
    assert parse_name(name) == Correlator(name, "form factor", source, source.t, signed, backward)
    mean = parse_name(averaged_name(name))
    assert mean is not None
    assert (mean.source, mean.t0, mean.separation, mean.backward) == (None, None, signed, backward)
    assert averaged_name(mean.name) == mean.name
    assert momentum_name(momentum_name(name)) == momentum_name(name)


@given(groups, particles, sources, st.sampled_from(["spin_up", "spin_dn"]))
def test_what_is_written_in_a_spectrum_s_name_is_read_back(
    group: str, particle: str, source: Source, spin: str
) -> None:
    name = f"{group}{particle}/{spin}/4D_correlator/{place(source)}"
    assert parse_name(name) == Correlator(name, "spectrum", source, None, None, particle.endswith("_np"), spin)
    assert averaged_name(name) == f"{group}{particle}/spin_avg/4D_correlator/src_avg"
    assert averaged_name(averaged_name(name)) == averaged_name(name)


@given(st.text("abc/_4Dxyzt0123np", max_size=40))
def test_any_name_can_be_asked(name: str) -> None:
    parse_name(name)
    for rewritten in (sourceless, averaged_name, momentum_name):
        assert rewritten(rewritten(name)).count("/") == name.count("/")


# -- meta ----------------------------------------------------------------------------------------------------------------


def test_a_slice_says_where_it_begins_and_how_long_it_is() -> None:
    assert slice_meta("form factor", 2, 3, 8) == "t0==2&tsep==3&nt==8"
    assert slice_meta("spectrum", 2, -4, 8) == "t0==2&nt==8&tsep==-4"


def test_a_term_of_an_average_says_its_source() -> None:
    forward, spectrum = parse_name(FORWARD), parse_name(SPECTRUM)
    assert forward is not None
    assert spectrum is not None
    assert term_meta("t0==2&tsep==3&nt==8", forward) == "t0==2&tsep==3&nt==8&x==0&y==1&z==2&t==2&t0==2"
    assert term_meta("t0==2&nt==8&tsep==4", spectrum) == "t0==2&nt==8&tsep==4&x==0&y==1&z==2&t==2"
    assert term_meta("", spectrum) == "x==0&y==1&z==2&t==2"


def test_a_transform_says_its_modes_and_the_lattice_at_the_end() -> None:
    assert transform_meta("t0==2&nt==8&tsep==4", 2, 4) == "t0==2&nt==8&tsep==4&max_momentum==2&n1d_prev==4"
    assert transform_meta("a==1\nb==2", 2, 4) == "a==1\nb==2&max_momentum==2&n1d_prev==4"
    assert transform_meta("", 0, 4) == "max_momentum==0&n1d_prev==4"


@given(st.dictionaries(st.text("abcxyz_0", min_size=1), st.integers() | st.text("-0123.abc")))
def test_the_entries_of_a_line_are_read_back(entries: dict[str, int | str]) -> None:
    assert parse_meta(meta_line(entries)) == {name: str(value) for name, value in entries.items()}


def test_a_line_that_is_no_meta_has_no_entries() -> None:
    assert parse_meta("") == parse_meta("made by hand & checked") == {}


def test_an_average_names_its_sources() -> None:
    lines = "t0==4&tsep==3&nt==8&x==3&y==1&z==2&t==4&t0==4\nt0==2&tsep==3&nt==8&x==0&y==1&z==2&t==2&t0==2"
    assert sources_in(lines) == {Source(3, 1, 2, 4), Source(0, 1, 2, 2)}
    assert sources_in(transform_meta(lines, 2, 4)) == sources_in(lines)
    assert sources_in("t0==2&tsep==3&nt==8") == sources_in("") == set()


def test_a_concatenation_says_what_all_its_members_say() -> None:
    one = "t0==4&tsep==3&nt==8&x==3&y==1&z==2&t==4\nt0==2&tsep==3&nt==8&x==0&y==1&z==2&t==2"
    assert common_meta([one, one.replace("t0==2", "t0==5")]) == "tsep==3&nt==8"
    assert common_meta([transform_meta(one, 2, 4)] * 2) == "tsep==3&nt==8&max_momentum==2&n1d_prev==4"
    assert common_meta([one, "tsep==3&nt==16"]) == "tsep==3"
    assert common_meta(["", ""]) == common_meta(["t0==2", ""]) == ""
