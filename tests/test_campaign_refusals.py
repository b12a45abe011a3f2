"""What a campaign may not say. Each case is a change to the tiny campaign, the key that is named, words of the message."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from latteboard.campaign import Campaign
from latteboard.errors import CampaignError


class Case(NamedTuple):
    edits: list[tuple[str, str]]
    key: str
    words: list[str]
    lines: int = 1


PROP = "[kinds.prop]\npath      = "
PROP_PATH = '"{ensemble}_{stream}/prop/{configuration}/prop_mq{mq}_{source}.lime"'
SETS = 'source_sets    = { "0-1" = [0, 2], "2-3" = [2, 4] }'
FLAVOURS = "current      = ["


def change(old: str, new: str, key: str, *words: str) -> Case:
    return Case([(old, new)], key, list(words))


def add(text: str, key: str, *words: str) -> Case:
    """The tiny campaign with something at its end."""
    return Case(
        [("reduce    = [{ concatenate = { append = true } }]\n", f"reduce = ['concatenate']\n{text}\n")],
        key,
        list(words),
    )


def several(lines: int, case: Case) -> Case:
    """A case in which other lines, all in all so many, become wrong too."""
    return case._replace(lines=lines)


def prop_path(path: str, *words: str, key: str = "kinds.prop.path") -> Case:
    return change(PROP_PATH, path, key, *words)


def size(text: str, *words: str) -> Case:
    return change('"unit * L**3"', text, "kinds.prop.min_bytes", *words)


CASES = {
    # the form of the file
    "no TOML": change("[campaign]", "[campaign", "not a TOML file"),
    "a key twice": change('name  = "tiny"', 'name = "tiny"\nname = "two"', "not a TOML file"),
    "a header is missing": change("[campaign]", "[campain]", "campain", "not a known key", "campaign", "kinds"),
    "a key is missing": change('root  = "production"', "", "campaign.root", "this key is missing"),
    "an unknown key": change('grace =', 'gracee =', "campaign.gracee", "not a known key", "grace"),
    "an unknown key of a kind": change("given     = true", "givn = true", "kinds.cfg.givn", "not a known key", "given"),
    "an unknown key of a stream": change(
        "[ensembles.A.stream.b]", "[ensembles.A.stream.b]\naxes = {}", "ensembles.A.stream.b.axes", "not a known key"
    ),
    "an unknown key of a list": change('{ file = "A.lst" }', '{ fil = "A.lst" }', "ensembles.A.sources.fil", "file"),
    "a text for a number": change("L              = 4", 'L = "4"', "ensembles.A.L", "a whole number", "'4'"),
    "a lattice of no extent": change("L              = 4", "L = 0", "ensembles.A.L", "greater than 0", "found 0"),
    "a number for a text": change('name  = "tiny"', "name = 3", "campaign.name", "a text", "found 3"),
    "a table for a list": change('needs     = ["cfg"]', "needs = {}", "kinds.prop.needs", "a list"),
    "yes for true": change("given     = true", 'given = "yes"', "kinds.cfg.given", "true or false", "'yes'"),
    "an axis of truths": change(FLAVOURS, "x = [true]\n" + FLAVOURS, "axes.x[0]", "whole number or a text", "True"),
    "an axis of fractions": change("[3, 4]\n", "[3.5]\n", "axes.t_separation[0]", "3.5"),
    "an axis beyond 32 bits": change("[3, 4]\n", "[3, 4000000000]\n", "axes.t_separation[1]", "4000000000"),
    "a bare duration": change('"10 min"', "600", "campaign.grace", "600", "unit", "10 min"),
    "a bare duration in quotes": change('"10 min"', '"600"', "campaign.grace", "'600'", "unit"),
    "a clock time": change('"10 min"', '"1:30"', "campaign.grace", "'1:30'", "unit"),
    "a negative duration": change('"10 min"', '"-5 min"', "campaign.grace", "'-5 min'"),
    "an endless duration": change('"10 min"', '"99999999999 days"', "campaign.grace", "not a duration"),
    "a protocol that is none": change('"listing"', '"ftp"', "archives.tape.protocol", "'hsi'", "'ftp'"),
    "a time zone that is none": change('"listing"', '"hsi"\ntimezone = "PST8"', "archives.tape.timezone", "PST8", "time zone"),
    "a pattern that is none": change('grace =', 'ignore = ["xml/**", "!"]\ngrace =', "campaign.ignore[1]", "'!'", ".gitignore"),
    "no stream": change('["a", "b"]', "[]", "ensembles.A.streams", "found []"),
    "no source set": change(SETS, "source_sets = {}", "ensembles.A.source_sets", "found {}"),
    "a source set of one number": change("[2, 4] }", "[2] }", "ensembles.A.source_sets.2-3", "expected more items"),
    "a source set of three": change("[2, 4] }", "[2, 4, 6] }", "ensembles.A.source_sets.2-3", "fewer items, found [2, 4, 6]"),
    # names
    "a name with a dash": change(FLAVOURS, "my-axis = [1]\n" + FLAVOURS, "axes.my-axis", "not a name"),
    "a name with two underscores": change(FLAVOURS, "my__axis = [1]\n" + FLAVOURS, "axes.my__axis", "not a name"),
    "a reserved name": change(FLAVOURS, "status = [1]\n" + FLAVOURS, "axes.status", "reserved", "blocked_by"),
    "a reserved name in capitals": change('mq   =', 'Path = ""\nmq =', "parameters.Path", "reserved"),
    "a reserved derived name": several(4, change("[derive.dt]", "[derive.mtime]", "derive.mtime", "reserved")),
    "a parameter called L": change('mq   =', 'L = 4\nmq =', "parameters.L", "reserved"),
    "a parameter called as an axis": change("mq   =", 'Current = ""\nmq =', "parameters.Current", "taken by axes.current"),
    "a derived name called as a parameter": several(4, change("[derive.dt]", "[derive.MQ]", "derive.MQ", "taken by parameters.mq")),
    "an axis called as a coordinate": change(FLAVOURS, "Source = [1]\n" + FLAVOURS, "axes.Source", "taken by"),
    "two kinds but for case": add('[kinds.PROP]\npath = "x"', "kinds.PROP", "taken by kinds.prop"),
    "a kind called as a view": add('[kinds.Problems]\npath = "x"', "kinds.Problems", "the catalog has a table"),
    "a slash in an axis": change('["A3", "V4"]', '["A3/V4"]', "axes.current[0]", "'A3/V4'", "file name"),
    "an empty text in an axis": change('["A3", "V4"]', '["A3", ""]', "axes.current[1]", "''", "file name"),
    "two dots in an axis": change('["A3", "V4"]', '[".."]', "axes.current[0]", "'..'"),
    "a line break in an axis": change('["A3", "V4"]', '["A\\n3"]', "axes.current[0]", r"'A\n3'"),
    "an ensemble of two dots": add('[ensembles.".."]\nstreams = ["a"]', 'ensembles."..": ', "file name"),
    "a stream with a slash": change('["a", "b"]', '["a", "b/c"]', "ensembles.A.streams[1]", "'b/c'"),
    "a source set with a slash": change('"2-3"', '"2/3"', 'ensembles.A.source_sets."2/3"', "file name"),
    "an axis value twice": change('["A3", "V4"]', '["A3", "A3"]', "axes.current", "each once", "['A3', 'A3']"),
    "an axis of numbers and texts": change('["A3", "V4"]', '["A3", 4]', "axes.current", "not both"),
    "numbers here, texts there": change("[4, 5]", '["4", "5"]', "axes.t_separation", "numbers in one ensemble"),
    "an axis without values": change('["A3", "V4"]', "[]", "axes.current", "at least one value, found []"),
    "an axis without values in one ensemble": change("[4, 5]", "[]", "ensembles.B.axes.t_separation", "at least one value"),
    "an unknown name in a path": prop_path('"prop_{flavor}"', "{flavor}", "configuration", "mq"),
    "an unknown name in datasets": change("{particle}_tsep", "{parity}_tsep", "kinds.average.datasets", "{parity}"),
    "an unknown name in a derived text": change('"-{t_separation}"', '"-{tsep}"', "derive.dt.values.proton_np", "{tsep}"),
    "derived from nothing": change('from   = "particle"', 'from = "parity"', "derive.dt.from", "'parity'", "particle"),
    "a derived name without all values": change(
        'proton_np = "-{t', 'proton_pn = "-{t', "derive.dt.values", "proton, proton_np", "found proton, proton_pn"
    ),
    "a format for a derived name": change("dt{dt}_Srcs", "dt{dt:>3}_Srcs", "kinds.seqprop.path", "{dt:>3}", "no format"),
    "a parameter that one ensemble lacks": Case(
        [("unit           = 24", 'tag = "x"'), (PROP_PATH, '"{ensemble}_{stream}/{tag}/{configuration}_{source}"')],
        "kinds.prop.path",
        ["{tag}", "no value in A_a", "[ensembles.A.parameters]"],
    ),
    # templates
    "an open brace": prop_path('"{ensemble"', "template '{ensemble'"),
    "a closed brace": prop_path('"ensemble}"', "template 'ensemble}'"),
    "no name in braces": prop_path('"x{}"', "{} is not a name"),
    "an item": prop_path('"{source[0]}"', "{source[0]} is not a name"),
    "an attribute": prop_path('"{configuration.real}"', "only a source has parts"),
    "a part that is none": prop_path('"{source.w}"', "source.x"),
    "a conversion": prop_path('"{source!r}"', "conversions"),
    "a nested field": prop_path('"{configuration:{L}}"', "nested"),
    "a gigantic width": prop_path('"{configuration:999999999}"', "wider than 255"),
    "a number's format for a text": prop_path('"{ensemble:04d}/{configuration}_{source}"', "{ensemble:04d}", "'A'"),
    "a number's format for a source": prop_path('"{ensemble}_{stream}/{configuration}_{source:04d}"', "{source:04d}"),
    "a format that fills with slashes": prop_path('"{ensemble}_{stream}/{source}_{configuration:/>4}"', "'///5'"),
    "a format that loses digits": prop_path('"{ensemble}_{stream}/{configuration}_{source:.4}"', "{source}", "read back"),
    "names too close": Case(
        [(FLAVOURS, "one = ['p', 'pp']\ntwo = ['q', 'pq']\n" + FLAVOURS), ("prop_mq{mq}_", "{one}{two}_")],
        "kinds.prop.path", ["{one} and {two} cannot be told apart", "separator"]),
    "a source not told": prop_path('"{ensemble}_{stream}/{configuration}_t{source.t}"', "{source}", "read back",
        "; {source.t} alone is no source: name {source}, or make it an axis of its own"),
    "a derived name that does not tell": Case(
        [("seqprop_{particle}_dt{dt}", "seqprop_{dt}"), ('proton_np = "-{t_separation}"', 'proton_np = "{t_separation}"')],
        "kinds.seqprop.path", ["{particle}", "read back"],
    ),
    "an absolute path": prop_path('"/prop/{ensemble}_{stream}_{configuration}_{source}"', "relative path"),
    "a way up": prop_path('"x/../{ensemble}_{stream}_{configuration}_{source}"', "relative path"),
    "a way up by parameter": Case(
        [('mq   = "0.01"', 'mq = ".."'), (PROP_PATH, '"{mq}/{ensemble}_{stream}_{configuration}_{source}"')],
        "kinds.prop.path",
        ["'../A_a_"],
    ),
    "two slashes": prop_path('"x//{ensemble}_{stream}_{configuration}_{source}"', "empty parts"),
    "a folder of no contents": prop_path('"{ensemble}_{stream}_{configuration}_{source}/"', "a folder", "holds = ", "files = "),
    "a line break in a path": prop_path('"{ensemble}_{stream}_{configuration}_{source}\\n"', r"\n", "control characters"),
    "a line break in a parameter": change('mq   = "0.01"', 'mq = "0\\n1"', "kinds.prop.path", r"mq0\n1", "control"),
    "a slash from a derived name": change(
        '"-{t_separation}"', '"up/{t_separation}"', "derive.dt.values.proton_np", "'up/{t_separation}'", "neither /"
    ),
    "an empty path": prop_path('""', "''", "not empty"),
    # lists
    "a missing list": change('"A.lst"', '"C.lst"', "ensembles.A.sources", "C.lst", "No such file"),
    "a missing list of configurations": change(
        '"5:9:5"', '{ file = "cfg.lst" }', "ensembles.B.configurations", "cfg.lst", "No such file"
    ),
    "a folder for a list": change('"A.lst"', '"."', "ensembles.A.sources", "is a folder; expected a file"),
    "a source set beyond the list": change("[2, 4] }", "[2, 5] }", "ensembles.A.source_sets", "'2-3' = [2, 5]",
        "configuration 10", "4 sources", "A.lst", "end <= 4"),
    "a source set beyond the list in one stream": change("configurations = [10]", 'source_sets = { "9-9" = [9, 10] }',
        "ensembles.A.stream.b.source_sets", "'9-9' = [9, 10]", "stream b"),
    "an empty source set": change("[2, 4] }", "[2, 2] }", "ensembles.A.source_sets", "first < end"),
    "a negative source set": change("[2, 4] }", "[-2, 4] }", "ensembles.A.source_sets", "0 <= first"),
    "a configuration without sources": change("[10, 20]", "[10, 30]", "ensembles.A.sources", "configuration 30 of stream a",
        "no sources", "A.lst", "30 x y z t"),
    "no configuration": change("[10, 20]", "[]", "ensembles.A.configurations", "at least one"),
    "a configuration twice": change("[10, 20]", "[10, 20, 10]", "ensembles.A.configurations", "once, found 10 twice"),
    "configurations in words": change('"5:9:5"', '"5 to 9"', "ensembles.B.configurations", "start:end:step", "'5 to 9'"),
    "configurations backwards": change('"5:9:5"', '"9:5:5"', "ensembles.B.configurations", "end >= start", "'9:5:5'"),
    "no step": change('"5:9:5"', '"5:9:0"', "ensembles.B.configurations", "step > 0"),
    "endless configurations": change('"5:9:5"', '"1:99999999999"', "ensembles.B.configurations", "at most 1000000"),
    "a stream that is none": change("stream.b]", "stream.c]", "ensembles.A.stream.c", "a, b"),
    "a stream twice": change('["a", "b"]', '["a", "a", "b"]', "ensembles.A.streams", "each stream once"),
    "no lattice": change("T              = 12\n", "", "ensembles.B.T", "missing", "stream a"),
    "a source off the lattice": change("T              = 8", "T = 7", "ensembles.A.sources", "configuration 10", "t = 7",
        "t from 0 to 6"),
    "the same ensemble again": add(
        '[ensembles.C]\nstreams = ["a"]\nL = 6\nT = 12\nconfigurations = [5]\nsources = { file = "B.lst" }\n'
        'source_sets = { "0-1" = [0, 2] }\n[ensembles.C.parameters]\nunit = 24\n[ensembles.C.axes]\nt_separation = [5, 4]',
        "ensembles.C", "the same", "registered already as B"),
    # kinds
    "needs an unknown kind": change('needs     = ["cfg"]', 'needs = ["src"]', "kinds.prop.needs", "'src'", "cfg"),
    "needs itself": change('needs     = ["cfg"]', 'needs = ["prop"]', "kinds.prop.needs", "it needs itself", "configuration - 10"),
    "needs a kind twice": change('needs     = ["cfg"]', 'needs = ["cfg", "cfg"]', "kinds.prop.needs", "each kind once"),
    "needs in a circle": change('needs     = ["cfg"]', 'needs = ["average"]', "kinds",
        "circle", "prop needs average needs formfac_4D"),
    "made with an unknown kind": change('"formfac_4D"\narchive', '"formfac4D"\narchive', "kinds.formfac.made_with", "formfac_4D"),
    "made with one that is made with another": add(
        '[kinds.more]\npath = "m_{ensemble}_{stream}_{configuration}_{t_separation}_{source_set}_{source}"\nmade_with = "formfac"',
        "kinds.more.made_with", "formfac_4D"),
    "made with other coordinates": change("{ensemble}_{stream}/formfac/{configuration}/formfac_dt{t_separation}_",
        "{ensemble}_{stream}/formfac/{configuration}/formfac_", "kinds.formfac.made_with", "same coordinates"),
    "made with, and needs": change('made_with = "formfac_4D"', 'made_with = "formfac_4D"\nneeds = ["prop"]',
        "kinds.formfac.made_with", "needs", "formfac_4D"),
    "an unknown archive": change('archive   = "tape"', 'archive = "hpss"', "kinds.formfac.archive", "'hpss'", "tape"),
    "temporary for nobody": add('[kinds.other]\npath = "o{configuration}"\nneeds = ["cfg"]\ntemporary = true',
        "kinds.other.temporary", "nothing needs"),
    "given and made": several(2, change("given     = true", 'given = true\nneeds = ["prop"]', "kinds", "circle")),
    "given and temporary": change("given     = true", "given = true\ntemporary = true", "kinds.cfg.given", "remove temporary"),
    "given and reduced": change("given     = true", 'given = true\nreduce = ["average"]', "kinds.cfg.given", "reduce"),
    "the same path": add('[kinds.again]\npath = "{ensemble}_{stream}/cfg/{configuration}.lime"',
        "kinds.again.path", "same path as kinds.cfg", "A_a/cfg/10.lime"),
    "the same path by chance": add(
        '[kinds.again]\npath = "{ensemble}_{stream}/seqprop/{configuration}/seqprop_{particle}_dt4_Srcs{source_set}.lime"',
        "kinds.again.path", "same path as kinds.seqprop", "seqprop_proton_dt4_Srcs0-1.lime"),
    "the same path from two ensembles": several(7, Case(
        [("[ensembles.B]", '[ensembles."A_a"]'), ("[ensembles.B.axes]", '[ensembles."A_a".axes]'),
         ("[ensembles.B.parameters]", '[ensembles."A_a".parameters]'), ('["a", "b"]', '["a", "b", "a_a"]'),
         ('configurations = "5:9:5"', "configurations = [10]"), ('{ file = "B.lst" }', '{ file = "A.lst" }')],
        "kinds.cfg.path", ["same path as kinds.cfg", "A_a_a/cfg/10.lime"])),
    "a file where a folder must be": add('[kinds.again]\npath = "{ensemble}_{stream}/prop/{configuration}"',
        "kinds.again.path", "a folder of kinds.prop", "A_a/prop/10"),
    "a folder where a file must be": add('[kinds.again]\npath = "{ensemble}_{stream}/cfg/{configuration}.lime/x"',
        "kinds.again.path", "a file in kinds.cfg", "A_a/cfg/10.lime"),
    "sets that collide": change("seqprop_{particle}_dt{dt}_Srcs{source_set}", "seqprop_{particle}_dt{dt}",
        "kinds.seqprop.path", "between prop and formfac", "0-1, 2-3", "{source_set}"),
    "only of what the path does not name": change("given     = true", 'given = true\nonly = { source = ["x0y0z0t0"] }',
        "kinds.cfg.only", "'source'", "configuration"),
    "only of no value": change("given     = true", 'given = true\nonly = { ensemble = ["C"] }', "kinds.cfg.only.ensemble",
        "'C'", "A, B"),
    "an axis too many": Case([
        ("[axes]\n", f"[axes]\nhit = {[*range(5000)]}\nvec = {[*range(5000)]}\n"),
        (PROP_PATH, PROP_PATH.replace("mq{mq}", "{hit}_{vec}"))],
        "kinds.prop.path", ["expected at most 100,000,000 artifacts of a kind", "found 350,000,000 combinations of", "hit, vec"]),
    "only of no values": change("given     = true", "given = true\nonly = { configuration = [] }",
        "kinds.cfg.only.configuration", "expected at least one value, found []"),
    "only of values that do not occur together": change("given     = true",
        'given = true\nonly = { ensemble = ["A"], configuration = [5] }', "kinds.cfg.only",
        "nothing is expected: no configuration has ensemble, stream, configuration with ensemble = A and configuration = 5"),
    "an artifact without input": change("given     = true", 'given = true\nonly = { ensemble = ["A"] }', "kinds.prop.needs",
        "ensemble = B", "finds no cfg"),
    "an artifact without input in one axis": change(
        '_Srcs{source_set}.lime"\n', '_Srcs{source_set}.lime"\nonly = { particle = ["proton"], t_separation = [3] }\n',
        "kinds.formfac_4D.needs", "t_separation = 4", "finds no seqprop"),
    "parameters that differ where the path does not": Case(
        [("configurations = [10]\n", 'configurations = [10]\nparameters = { mq = "0.02" }\n'),
         ("{ensemble}_{stream}/joined_", "{ensemble}/{mq}_joined_")],
        "kinds.joined.path", ["differs between A_a and A_b", "{stream}"]),
    "sizes that differ where the path does not": Case(
        [("configurations = [10]\n", "configurations = [10]\nparameters = { unit = 1 }\n"),
         (PROP_PATH, '"{ensemble}/{configuration}_{source}"')],
        "kinds.prop.path", ["or in min_bytes, differs between A_a and A_b"]),
    # inside HDF5 files
    "a dataset that is temporary": change("{configuration}/prop_mq{mq}_", "{configuration}/prop.h5::mq{mq}_",
        "kinds.prop.temporary",
        "datasets inside a file"),
    "no dataset": change("cfg/{configuration}.lime", "cfg/{configuration}.h5::", "kinds.cfg.path", "between file and dataset"),
    "no file": change("{ensemble}_{stream}/cfg/{configuration}.lime", "::{ensemble}_{stream}_{configuration}", "kinds.cfg.path",
        "empty parts"),
    "a dataset in a dataset": change("cfg/{configuration}.lime", "cfg/x.h5::{configuration}::x", "kinds.cfg.path",
        "at most one ::"),
    "a dataset by parameter": Case(
        [('mq   = "0.01"', 'mq = "a::b"')], "kinds.prop.path", ["at most one ::"]),
    # sizes
    "too large a power": size('"9**9**9"', "9**9**9", "power"),
    "a large number": size('"10**16 * 10**16"', "from 0 to 2**63 - 1"),
    "a number larger than can be written": size('"' + " * ".join(["999999999999999999**16"] * 16) + '"', "2**63 - 1"),
    "a long text": size('"' + "1 + " * 200 + '1"', "at most 500"),
    "many signs": size('"' + "-" * 498 + '1"', "min_bytes"),
    "many brackets": size('"' + "(" * 240 + "1" + ")" * 240 + '"', "not arithmetic"),
    "a negative size": size('"L - 5"', "gives -1"),
    "a negative number": size("-1", "gives -1"),
    "division by nothing": size('"1 / (L - L)"', "division by zero"),
    "a root of minus one": size('"(0 - 1)**0.5"', "gives no number"),
    "no arithmetic": size('"L *"', "not arithmetic"),
    "a call": size('"open(L)"', "Call stands in it"),
    "a text": size("\"'a' * L\"", "Constant stands in it"),
    "a format": size("\"'%999999999d' % L\"", "stands in it"),
    "an f-string": size("\"f'{L:999999999}'\"", "stands in it"),
    "an attribute of a number": size('"L.real"', "Attribute stands in it"),
    "a lambda": size('"(lambda: 1)()"', "stands in it"),
    "a comparison": size('"L < 5"', "Compare stands in it"),
    "a choice": size('"1 if L else 2"', "IfExp stands in it"),
    "a truth": size('"True"', "Constant stands in it"),
    "a shift": size('"1 << 99999999"', "stands in it"),
    "an unknown number": size('"unt * L"', "there is no number unt in A_a", "unit"),
    "a text for a number in a size": size('"mq * L"', "there is no number mq"),
    "a coordinate that the path does not name": size('"t_separation * L"', "there is no number t_separation", "configuration"),
    # recipes
    "reduced from two": change('needs     = ["formfac_4D"]', 'needs = ["formfac_4D", "prop"]', "kinds.average.reduce",
        "exactly one", "formfac_4D, prop"),
    "reduced from nothing": change('needs     = ["average"]', "", "kinds.joined.reduce", "found none"),
    "an unknown step": change('["tslice", "average"]', '["slice"]', "kinds.average.reduce", "'slice'", "tslice, average"),
    "an unknown option": change("append = true", "apend = true", "kinds.joined.reduce", "apend", "along, append, virtual"),
    "an option out of range": change('["tslice", "average"]', '[{ tslice = { fraction = 2 } }, "average"]', "kinds.average.reduce",
        "tslice: fraction", "found 2"),
    "options that exclude each other": change("append = true", "append = true, virtual = true", "kinds.joined.reduce", "exclude"),
    "two steps in one": change('["tslice", "average"]', "[{ tslice = {}, average = {} }]", "kinds.average.reduce",
        "tslice, average"),
    "a step twice": change('["tslice", "average"]', '["average", "average"]', "kinds.average.reduce", "each step once"),
    "configurations that nothing joins": change("[{ concatenate = { append = true } }]", '["average"]', "kinds.joined.reduce",
        "configuration", "concatenate"),
    "a name that nothing picks": change('datasets  = "{particle}_tsep_{dt}/{current}/src_avg"', "", "kinds.joined.reduce",
        "current", "datasets of average"),
    "slices of what is no longer whole": change('["tslice", "average"]', '["average", "tslice"]', "kinds.average.reduce",
        "tslice", "comes first", "average, tslice"),
    "links to what is computed": change("[{ concatenate = { append = true } }]",
        "[{ fft = { max_momentum = 1 } }, { concatenate = { virtual = true } }]", "kinds.joined.reduce", "virtual", "remove fft"),
    "links to what is purged": Case(
        [("append = true", "virtual = true"), ('["tslice", "average"]', '["tslice", "average"]\ntemporary = true')],
        "kinds.joined.reduce", ["virtual links to average", "temporary"]),
    "reduced from datasets inside a file": add(
        '[kinds.inside]\npath = "{ensemble}_{stream}/all.h5::{configuration}"\n[kinds.outside]\n'
        'path = "{ensemble}_{stream}/outside.h5"\nneeds = ["inside"]\nreduce = ["concatenate"]',
        "kinds.outside.reduce", "inside lives inside HDF5 files", "whole files"),
    "modes that do not fit": change("[{ concatenate", "[{ fft = { max_momentum = 3 } }, { concatenate", "kinds.joined.reduce",
        "fft: in A_a the lattice has 4 sites, so momenta beyond 2 repeat others", "max_momentum <= 2, found 3"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_mistake_is_refused_in_one_line_with_its_key(case: Case, write_campaign: Callable[..., Path]) -> None:
    path = write_campaign(*case.edits)
    with pytest.raises(CampaignError) as caught:
        Campaign.read(path)
    lines = str(caught.value).split("\n")
    message = lines[0]
    assert message.startswith(f"{path}: {case.key}"), message
    assert len(lines) == case.lines, lines
    assert not set("\r\x00") & set(message)
    assert [word for word in case.words if word not in message] == [], message
