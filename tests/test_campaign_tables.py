"""Tables beside ensembles and kinds: they are checked like the rest, and an index says what this version does not act on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from disk import DAY, START, index

from latteboard.campaign import Campaign
from latteboard.campaign.outline import not_acted_on
from latteboard.errors import CampaignError

Read = Callable[..., Campaign]
Write = Callable[..., Path]

KINDS = """
[kinds.cfg]
path  = "{ensemble}_{stream}/cfg/{configuration}.lime"
given = true
[kinds.prop]
path  = "{ensemble}_{stream}/prop/{configuration}/prop_mq{mq}_{source}.lime"
needs = ["cfg"]
task  = { template = "metaq", nodes = 1, gpus = 4, minutes = 15, command = "./prop.sh\\n{{ path }}", queue = "x" }
logs  = "stdout/{ensemble}_{stream}/prop_{mq}_{configuration:04d}_L{L}.log"
check = "./check.sh {{ path }} --mass {mq} --source {source.t}"
[archives.tape]
path = "/tape"
[machines.large]
host         = "login*.large"
scratch_days = 90
account      = "LGT123"
qos          = "debug"
constraint   = "gpu"
launcher     = "srun"
limits       = { max_jobs = 100, nodes = 184, hours = 12.5 }
environment  = { OMP_NUM_THREADS = "4" }
task         = { gpus = 6 }
[sites.east]
root    = "/lustre/$PROJECT"
machine = "large"
makes   = { t_separation = [3, 5], ensemble = ["A"] }
[notify]
complete = "mail -s complete me"
stalled  = "mail -s stalled me"
at_most  = "1 h"
[watch]
after = ["make tasks"]
[particles]
proton = "baryon"
[observables.m_pion]
from = "prop"
kind = "effective_mass"
momentum = [0, 0, 0]
"""


def test_all_tables_are_accepted_and_named_as_not_acted_on(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=KINDS, archives="")
    names = ["machines", "notify", "watch", "sites", "observables"]
    assert not_acted_on(campaign.table) == [*names, "kinds.prop.logs", "kinds.prop.check"]


def test_a_campaign_without_them_has_nothing_that_is_not_acted_on(read_campaign: Read) -> None:
    assert not_acted_on(read_campaign(kinds=KINDS[: KINDS.index("task")], archives="").table) == []


def test_an_index_says_it_once_after_a_change_of_the_campaign(read_campaign: Read) -> None:
    campaign = read_campaign(kinds=KINDS[: KINDS.index("[machines")], archives="")
    line = "accepted, and not acted on by this version: kinds.prop.logs, kinds.prop.check"
    assert index(campaign, accept_empty=True).notices == [line]
    assert index(campaign, at=START + DAY, accept_empty=True).notices == []
    other = KINDS[: KINDS.index("task")].replace(".lime", ".dat")
    assert index(read_campaign(kinds=other, archives=""), at=START + 2 * DAY, accept_empty=True).notices == []


NUMBERS = "3, 4, 5"
COORDINATES = "configuration, current, ensemble, particle, source, source_set, stream, t_separation"
MISTAKES = {
    'machine = "large"': (
        'machine = "lrage"',
        "sites.east.machine: there is no 'lrage'; expected one of large; did you mean 'large'?",
    ),
    "t_separation = [3, 5]": (
        "t_separation = [3, 7]",
        f"sites.east.makes.t_separation: 7 is not one of its values: {NUMBERS}",
    ),
    "makes   = { t_separation": (
        "makes   = { t_seperation",
        f"sites.east.makes: there is no 't_seperation'; expected one of {COORDINATES}; did you mean 't_separation'?",
    ),
    'from = "prop"': (
        'from = "porp"',
        "observables.m_pion.from: there is no 'porp'; expected one of cfg, prop; did you mean 'prop'?",
    ),
    'proton = "baryon"': (
        'proton = "barion"',
        "particles.proton: expected 'baryon' or 'meson', found 'barion'; did you mean 'baryon'?",
    ),
    "proton =": (
        '"pro/ton" =',
        (
            "particles.\"pro/ton\": 'pro/ton' cannot stand in a file name: expected a text that is not empty, nor . nor .., "
            "without /, :: and control characters"
        ),
    ),
    "gpus = 6": ('gpus = "6"', "machines.large.task: gpus: expected a whole number from 0, found '6'"),
    "nodes = 1,": ("nodes = 0,", "kinds.prop.task: nodes: expected a whole number from 1, found 0"),
    'template = "metaq"': ("template = 1", "kinds.prop.task: template: expected a text, found 1"),
    "OMP_NUM_THREADS": (
        '"OMP-THREADS"',
        (
            "machines.large.environment.OMP-THREADS: 'OMP-THREADS' is not the name of a variable: "
            "expected letters, digits and _, no digit first"
        ),
    ),
    "hours = 12.5": ("hours = -1", "machines.large.limits.hours: expected greater than 0, found -1"),
    "max_jobs": (
        "maxjobs",
        "machines.large.limits.maxjobs: not a known key; allowed here: max_jobs, nodes, hours; did you mean 'max_jobs'?",
    ),
    'at_most  = "1 h"': (
        'at_most = "1"',
        "notify.at_most: '1' is not a duration: expected a number with a unit, such as 6h, 2 d or 10 min",
    ),
    "stalled  =": (
        "staled =",
        "notify.staled: not a known key; allowed here: complete, bad, stale, stalled, at_most; did you mean 'stalled'?",
    ),
    "after = [": ("after = [1, ", "watch.after[0]: expected a text, found 1"),
    'kind = "effective_mass"': ("", "observables.m_pion.kind: this key is missing"),
    "prop_{mq}_": (
        "prop_{mas}_",
        (
            "kinds.prop.logs: there is no name {mas}; expected one of L, T, configuration, current, dt, ensemble, mq, particle, "
            "source, source_set, stream, t_separation, unit"
        ),
    ),
    "_L{L}": (
        "_{source_set}",
        (
            "kinds.prop.logs: the path of prop does not name source_set; expected names that it has: "
            "ensemble, stream, configuration, source, parameters"
        ),
    ),
    "{source.t}": (
        "{dt}",
        (
            "kinds.prop.check: the path of prop does not name t_separation and particle; expected names that it has: "
            "ensemble, stream, configuration, source, parameters"
        ),
    ),
    'path = "/tape"': (
        'path = "$NO_TAPE"',
        "archives.tape.path: $NO_TAPE is not set in the environment; set it, or write $$ for a $",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), [(old, *rest) for old, rest in MISTAKES.items()], ids=MISTAKES)
def test_a_mistake_in_a_further_table_is_told(write_campaign: Write, old: str, new: str, message: str) -> None:
    assert KINDS.count(old) == 1
    path = write_campaign(kinds=KINDS.replace(old, new), archives="")
    with pytest.raises(CampaignError) as refused:
        Campaign.read(path)
    assert str(refused.value) == f"{path}: {message}"
