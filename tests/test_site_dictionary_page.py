"""The data dictionary: it says what the campaign says, and its drawing can be read."""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pytest
from disk import fill, index
from hypothesis import given
from hypothesis import strategies as st

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.contents import axes, streams, views
from latteboard.catalog.questions.sql_examples import Example, questions
from latteboard.errors import CatalogError
from site_templates.drawing.graph import Graph, layout
from site_templates.pages.dictionary import Dictionary, dictionary
from site_templates.site import RULE_TEXTS, build_site

Read = Callable[..., Campaign]
NUCLEON = {
    "cfg": [],
    "src": ["cfg"],
    "prop": ["src"],
    "spec": ["prop"],
    "spec_4D": ["prop"],
    "seqsrc": ["prop"],
    "seqprop": ["seqsrc"],
    "formfac": ["prop", "seqprop"],
    "formfac_4D": ["prop", "seqprop"],
    "spec_4D_tslice": ["spec_4D"],
    "formfac_4D_tslice": ["formfac_4D"],
    "formfac_4D_tslice_src_avg": ["formfac_4D_tslice"],
    "formfac_momentum": ["formfac_4D_tslice_src_avg"],
}


def page(campaign: Campaign) -> Dictionary:
    catalog = Catalog(campaign.catalog)
    made = dictionary(catalog.kinds, streams(catalog), axes(catalog), views(catalog), RULE_TEXTS, campaign)
    assert isinstance(made.content, Dictionary)
    return made.content


@pytest.fixture
def indexed(read_campaign: Read) -> Campaign:
    campaign = read_campaign()
    fill(campaign, "cfg")
    index(campaign, accept_empty=True)
    return campaign


# What it says


def test_every_kind_stands_there_with_what_the_campaign_says_of_it(indexed: Campaign) -> None:
    kinds = {kind.name: kind for kind in page(indexed).kinds}
    assert list(kinds) == list(indexed.kinds)
    average = kinds["average"]
    assert average.path == "{ensemble}_{stream}/average/{configuration}/average_dt{t_separation}_Srcs{source_set}.h5"
    assert list(average.coordinates) == ["ensemble", "stream", "configuration", "source_set", "t_separation"]
    assert list(average.needs) == [("formfac_4D", "")]
    assert average.needed_by == ["joined"]
    assert ("recipe", "tslice → average") in average.facts
    assert ("at least", "4 * (t_separation + 1) * L**3 * 16 bytes") in average.facts
    assert ("recipe", "concatenate (append = true)") in kinds["joined"].facts
    assert ("archive", "tape") in kinds["formfac"].facts
    assert ("made with", "formfac_4D") in kinds["formfac"].facts
    assert kinds["cfg"].signs == ["given"]
    assert kinds["prop"].signs == ["temporary"]


def test_ensembles_have_their_lattice_configurations_and_source_sets(indexed: Campaign) -> None:
    rows = {(row.ensemble, row.stream): row for row in page(indexed).ensembles}
    assert rows[("A", "a")].configurations == "2: 10 to 20"
    assert rows[("A", "a")].lattice == (4, 8)
    assert rows[("A", "b")].configurations == "10"
    assert rows[("A", "a")].source_sets == "0-1 (2 sources), 2-3 (2 sources)"
    assert rows[("B", "a")].lattice == (6, 12)


def test_an_axis_that_differs_between_ensembles_is_told_for_each(indexed: Campaign) -> None:
    told = {(row.axis, row.ensembles): row.values for row in page(indexed).axes}
    assert told[("t_separation", "B")] == "4, 5"
    assert ("t_separation", "A") in told
    assert ("current", "all") in told


def test_a_parameter_that_differs_is_told_for_each_stream(indexed: Campaign) -> None:
    told = {(one.name, one.where): one.value for one in page(indexed).parameters}
    assert told[("unit", "B_a")] == "24"
    assert ("unit", "A_a, A_b") in told


def test_the_views_have_the_columns_that_the_catalog_gives_them(indexed: Campaign) -> None:
    with sqlite3.connect(indexed.catalog) as connection:
        for view in page(indexed).views:
            columns = [row[1] for row in connection.execute(f'pragma table_info("{view.name}")')]
            assert list(view.columns) == columns
    connection.close()


def test_every_question_that_it_shows_can_be_asked_of_this_catalog(indexed: Campaign) -> None:
    with sqlite3.connect(indexed.catalog) as connection:
        for question in page(indexed).questions:
            connection.execute(question.sql).fetchall()
    connection.close()


def test_a_quote_in_a_name_ends_no_question() -> None:
    asked = questions(Example("a'09", ("prop",), "prop", "propagators"))
    assert any("ensemble = 'a''09'" in question.sql for question in asked)


def test_a_campaign_that_changed_since_the_index_is_refused(indexed: Campaign, tmp_path: Path) -> None:
    indexed.path.write_text(indexed.path.read_text().replace("[kinds.joined]", "[kinds.all_joined]"))
    with pytest.raises(CatalogError, match="latteboard index"):
        build_site(Catalog(indexed.catalog), tmp_path / "pages", campaign=Campaign.read(indexed.path))


def test_the_page_links_every_kind_and_tells_the_drawing_in_words(indexed: Campaign, tmp_path: Path) -> None:
    build_site(Catalog(indexed.catalog), tmp_path / "pages", campaign=indexed)
    text = (tmp_path / "pages" / "dictionary.html").read_text(encoding="utf-8")
    for kind in indexed.kinds:
        assert f'href="kind_{kind}.html"' in text
    assert re.search(r'href="#kind-formfac_4D">formfac_4D</a> needs prop, seqprop', text)
    assert "<title>seqprop is needed for formfac_4D</title>" in text


# The drawing


def assert_readable(graph: Graph, needs: Mapping[str, Sequence[str]]) -> None:
    nodes = {node.name: node for node in graph.nodes}
    assert list(nodes) == list(needs)
    assert {(edge.source, edge.target) for edge in graph.edges} == {(n, k) for k in needs for n in needs[k]}
    for edge in graph.edges:
        assert nodes[edge.source].y < nodes[edge.target].y
        assert edge.points[0][0] == nodes[edge.source].x
        assert edge.points[-1][0] == nodes[edge.target].x
    for one, other in combinations(nodes.values(), 2):
        apart = abs(one.x - other.x) >= (one.width + other.width) / 2 or abs(one.y - other.y) >= one.height
        assert apart, f"{one.name} lies upon {other.name}"
    for node in nodes.values():
        assert node.left >= 0
        assert node.left + node.width <= graph.width
        assert node.top >= 0
        assert node.top + node.height <= graph.height


@st.composite
def productions(draw: st.DrawFn) -> dict[str, list[str]]:
    needs: dict[str, list[str]] = {}
    for number in range(draw(st.integers(1, 14))):
        before = list(needs)
        needs[f"kind_{number}" + "x" * draw(st.integers(0, 20))] = (
            draw(st.lists(st.sampled_from(before), max_size=3, unique=True)) if before else []
        )
    return needs


@given(productions())
def test_boxes_do_not_overlap_and_inputs_stand_above_products(needs: dict[str, list[str]]) -> None:
    assert_readable(layout(needs), needs)


def test_a_whole_production_is_drawn_without_a_line_through_a_box() -> None:
    graph = layout(NUCLEON)
    assert_readable(graph, NUCLEON)
    assert graph.width < 1000
    for edge in graph.edges:
        for node in graph.nodes:
            passing = [x for x, y in edge.points[1:-1] if abs(y - node.y) <= node.height / 2]
            assert not any(abs(x - node.x) < node.width / 2 for x in passing)


def test_a_drawing_is_the_same_every_time() -> None:
    assert layout(NUCLEON) == layout(NUCLEON)
