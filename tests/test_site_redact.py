"""Pages for everybody: of what was planted, nothing is found in any file; what may be told is still told."""

import base64
import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from disk import HOUR, OLD, SMALL, fill, index, paths_of, put, run

from latteboard.campaign import Campaign
from latteboard.catalog import Catalog
from latteboard.catalog.questions.contents import PrivateNames
from latteboard.errors import OutputRefused
from site_templates.site import build_site
from site_templates.writing.page import Page
from site_templates.writing.redact import NOTHING_HIDDEN, Redaction, redaction

Read = Callable[..., Campaign]
OWNER, HOST, HOME = "mgoeppert", "login07.jlab", "/users/mgoeppert"
HIDE = Redaction({"/lustre/nucleon": "[root]", HOME: "[home]"}, {OWNER: "[somebody]", "login07": "[machine]"})


def test_a_place_is_hidden_and_the_path_below_it_stays() -> None:
    assert HIDE("/lustre/nucleon/A_a/prop/10.lime: too small") == "[root]/A_a/prop/10.lime: too small"


def test_a_longer_name_is_another_place() -> None:
    assert HIDE("/lustre/nucleon2/x") == "/lustre/nucleon2/x"


def test_a_name_is_hidden_where_it_is_a_word() -> None:
    assert HIDE("locked by mgoeppert@login07 (mgoeppert_tmp)") == "locked by [somebody]@[machine] ([somebody]_tmp)"
    assert HIDE("mgoepperts") == "mgoepperts"


def test_a_link_is_hidden_too() -> None:
    assert (
        HIDE("kind_prop.html#problem=%3Dmgoeppert%20was%20here") == "kind_prop.html#problem=%3D[somebody]%20was%20here"
    )
    assert "nucleon" not in HIDE("kind_prop.html#problem=%2Flustre%2Fnucleon%2Fx")


def test_texts_are_hidden_however_deep_they_stand() -> None:
    content = {"rows": [("prop", {OWNER: f"{HOME}/x"})], "number": 7}
    hidden = HIDE.page(Page("index.html", OWNER, "base.html", content))
    assert hidden.content == {"rows": [("prop", {"[somebody]": "[home]/x"})], "number": 7}
    assert hidden.title == "[somebody]"


def test_what_would_still_tell_is_not_written() -> None:
    with pytest.raises(OutputRefused, match=r"index.html, line 2.*not written"):
        HIDE.inspect("index.html", f"one\ntwo {OWNER}")
    HIDE.inspect("index.html", "nothing to see")


def test_nothing_is_hidden_unless_it_is_asked_for() -> None:
    page = Page("index.html", "Overview", "base.html", {"owner": OWNER})
    assert NOTHING_HIDDEN.page(page) == page
    NOTHING_HIDDEN.inspect("index.html", OWNER)


def test_who_is_called_like_a_word_of_every_page_does_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "kind")
    hide = redaction(
        PrivateNames(
            [("/lustre/nucleon", "/lustre/nucleon")], "/lustre/nucleon/catalog.db", ("gpu queue",), frozenset({"prop"})
        ),
        Path("/x/c.toml"),
    )
    assert (
        hide("kind and status of a prop in /lustre/nucleon for gpu queue")
        == "kind and status of a prop in [root] for [somebody]"
    )


# A whole site


@pytest.fixture
def planted(read_campaign: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """A campaign in whose problems, strays and claims names and places stand."""
    monkeypatch.setenv("HOME", HOME)
    monkeypatch.setenv("LOGNAME", OWNER)
    monkeypatch.setattr("socket.gethostname", lambda: HOST)
    campaign = read_campaign(kinds=SMALL)
    fill(campaign)
    for path in paths_of(campaign, "prop")[:2]:
        put(campaign, path, size=10, at=OLD + HOUR)
    (campaign.root / paths_of(campaign, "prop")[-1]).unlink()
    put(campaign, f"A_a/prop/10/core.{OWNER}", size=5)
    index(campaign)
    catalog = Catalog(campaign.catalog)
    catalog.claim(
        list(catalog["prop"].filter(status="ready")), datetime.now(UTC) + timedelta(hours=1), f"{OWNER}@{HOST}"
    )
    with catalog.writing() as connection:
        text = f"{campaign.root}/x.lime and {HOME}/y: written by {OWNER} on {HOST}"
        connection.exec_driver_sql("update problem_text set text = ?", (text,))
    return campaign


def told(folder: Path) -> str:
    """Every text of every file, packed columns unpacked, links as they are read."""
    texts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        text = path.read_text(encoding="utf-8", errors="replace")
        texts += [text, unquote(text)]
        for packed in re.findall(r"H4sI[A-Za-z0-9+/]+={0,2}", text):
            texts.append(gzip.decompress(base64.b64decode(packed)).decode("utf-8", "replace"))
    return "\n".join(texts)


def test_of_what_was_planted_nothing_is_found_in_any_file(planted: Campaign, tmp_path: Path) -> None:
    secrets = [OWNER, HOST, "login07", HOME, str(planted.root), str(planted.path.parent), planted.catalog]
    catalog = Catalog(planted.catalog)
    build_site(catalog, tmp_path / "open", campaign=planted)
    everything = told(tmp_path / "open")
    assert all(secret in everything for secret in (OWNER, HOST, HOME, str(planted.root)))
    build_site(catalog, tmp_path / "pages", campaign=planted, redact=True)
    everything = told(tmp_path / "pages")
    assert [secret for secret in secrets if secret in everything] == []
    assert "written by [somebody] on [machine]" in everything
    assert "A_a/prop/10/prop_mq0.01_x0y1z2t3.lime" in everything


def test_the_command_line_redacts(
    planted: Campaign, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "pages"
    code, _, errors = run(capfd, monkeypatch, "--campaign", planted.path, "site", "--out", out, "--redact")
    assert (code, errors) == (0, "")
    assert OWNER not in told(out)
