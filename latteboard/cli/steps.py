"""Commands for the steps of the reducer, on files that are named one by one."""

from __future__ import annotations

from math import inf, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from latteboard.cli.shared import as_json, print_json
from latteboard.text import human_bytes, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reducer.tasks.task import Result

Command = Any
path = click.Path(path_type=Path)
one_input = click.argument("input_file", metavar="IN", type=path)
inputs = click.argument("input_files", metavar="IN...", type=path, nargs=-1, required=True)
output_last = click.argument("output", metavar="OUT", type=path)
output_option = click.option("--output", "-o", type=path, required=True, metavar="FILE", help="The file to write.")


def _is_number(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and isnan(value):  # which no range excludes
        raise click.BadParameter("nan is not in the range 0<x<=1.", context, parameter)
    return value


fraction = click.option(
    "--fraction",
    type=click.FloatRange(0, 1, min_open=True),
    default=None,
    callback=_is_number,
    help="Of a spectrum keep so much of the lattice in time; else half of it.",
)
boundary_sign = click.option(
    "--boundary-sign/--no-boundary-sign",
    default=None,
    help="Multiply slices beyond the time boundary by -1; else those of a spectrum of baryons.",
)
baryon = click.option(
    "--baryon", multiple=True, metavar="NAME", help="A particle that is a baryon, which its name does not tell."
)
meson = click.option("--meson", multiple=True, metavar="NAME", help="One that is a meson.")
same_configuration = click.option(
    "--same-configuration",
    is_flag=True,
    help="Files that seem to be of several configurations, by record or name, are of one.",
)
max_momentum = click.option(
    "--max-momentum",
    type=click.IntRange(0),
    required=True,
    metavar="M",
    help="Keep 0, 1, ..., M, -M, ..., -1 on each axis.",
)


def _writes_output(command: Callable[..., Any]) -> Command:
    """Add the options that all steps have: how to treat an output that exists, and how to print the result."""
    options = (
        click.option("--overwrite", is_flag=True, help="Replace the output if it is there."),
        click.option("--allow-nan", is_flag=True, help="Record numbers that are not finite instead of refusing them."),
        click.option(
            "--without", multiple=True, metavar="PATTERN", help="Leave out datasets whose paths match; may be repeated."
        ),
        as_json,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _of_one_configuration(command: Callable[..., Any]) -> Command:
    """Add the arguments and options of steps that take several files of one configuration, at sites or projected."""
    options = (
        inputs,
        output_option,
        click.option(
            "--shifted", is_flag=True, help="Correlators that do not say so have their source as their origin."
        ),
        click.option(
            "--time-reversal",
            type=click.IntRange(1),
            default=None,
            metavar="T",
            help="Turn projected correlators of negative parity, on a lattice of T times, forward in time.",
        ),
        baryon,
        meson,
        same_configuration,
        _writes_output,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@one_input
@output_last
@fraction
@boundary_sign
@baryon
@meson
@_writes_output
def tslice(input_file: Path, output: Path, *, as_json: bool, **options: Any) -> None:
    """Take the time slices between source and sink, shifted to the source.

    What the file holds, form factor or spectrum, is found from its datasets, and sets the defaults.
    """
    from reducer.commands import slice_file

    _print_result(slice_file(input_file, output, **options), as_json=as_json)


@click.command()
@_of_one_configuration
def average(input_files: tuple[Path, ...], output: Path, *, as_json: bool, **options: Any) -> None:
    """Average correlators over their sources, those of a spectrum over its spins too: time slices, and projected ones."""
    from reducer.commands import average_files

    _print_result(average_files(input_files, output, **options), as_json=as_json)


@click.command()
@_of_one_configuration
def collect(input_files: tuple[Path, ...], output: Path, *, as_json: bool, **options: Any) -> None:
    """Put the datasets of several files of one configuration into one."""
    from reducer.commands import collect_files

    _print_result(collect_files(input_files, output, **options), as_json=as_json)


@click.command()
@one_input
@output_last
@max_momentum
@_writes_output
def fft(input_file: Path, output: Path, *, as_json: bool, **options: Any) -> None:
    """Transform from sites to momenta: the sum over sites n of exp(+2 pi i k.n / L), no volume factor."""
    from reducer.commands import transform_file

    _print_result(transform_file(input_file, output, **options), as_json=as_json)


@click.command()
@inputs
@output_option
@max_momentum
@click.option("--keep-average", type=path, default=None, metavar="FILE", help="Write the average over sources too.")
@fraction
@boundary_sign
@baryon
@meson
@same_configuration
@_writes_output
def project(input_files: tuple[Path, ...], output: Path, *, as_json: bool, **options: Any) -> None:
    """Slice, average and transform the 4D files of all sources of a configuration in one pass."""
    from reducer.commands import project_files

    _print_result(project_files(input_files, output, **options), as_json=as_json)


def _along(context: click.Context, parameter: click.Parameter, value: str) -> str | int:
    if value == "new":
        return value
    if not value.isdecimal():
        raise click.BadParameter(f"{value!r}: expected new, or the number of an axis, from 0", context, parameter)
    return int(value)


def _numbers(context: click.Context, parameter: click.Parameter, value: str | None) -> list[int] | None:
    if value is None:
        return None
    try:
        return [int(number) for number in value.split(",")]
    except ValueError:
        raise click.BadParameter(
            f"{value!r}: expected whole numbers, such as 300,306,312", context, parameter
        ) from None


@click.command()
@click.argument("input_files", metavar="[IN...]", type=path, nargs=-1)
@output_option
@click.option(
    "--along", default="new", show_default=True, callback=_along, metavar="new|N", help="A new first axis, or axis N."
)
@click.option("--append", is_flag=True, help="Add to the output what it lacks, or make one that can be added to.")
@click.option("--virtual", is_flag=True, help="Link to the inputs instead of copying them.")
@click.option(
    "--consolidate", is_flag=True, help="Make one plain file of an output that grew by segments or is made of links."
)
@click.option(
    "--configurations",
    default=None,
    callback=_numbers,
    metavar="N,N,...",
    help="Of which configuration each input is, where neither the files nor their names tell.",
)
@_writes_output
def concatenate(
    input_files: tuple[Path, ...], output: Path, *, consolidate: bool, as_json: bool, **options: Any
) -> None:
    """Join files of several configurations, sorted by configuration.

    A large output that is added to grows by segments: files beside it that it links to. --consolidate, which takes no IN, makes
    one plain file of it.
    """
    for other in ("virtual", "overwrite"):
        if options["append"] and options[other]:
            raise click.UsageError(f"--append and --{other} exclude each other")
    if consolidate:
        _check_alone(input_files)
        from reducer.making.consolidate import consolidate as make_plain

        _print_result(make_plain(output), as_json=as_json)
        return
    if not input_files:
        raise click.UsageError("Missing argument 'IN...'.")
    from reducer.commands import concatenate_files

    _print_result(concatenate_files(input_files, output, **options), as_json=as_json)


def _check_alone(input_files: Sequence[Path]) -> None:
    """Require that --consolidate stands alone with its output."""
    context = click.get_current_context()
    given = (name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)
    others = sorted(set(given) - {"output", "consolidate", "as_json", "input_files"})
    if input_files or others:
        named = "IN..." if input_files else f"--{others[0].replace('_', '-')}"
        raise click.UsageError(
            f"--consolidate and {named} exclude each other: it makes one plain file of the output alone"
        )


def _print_result(made: Result, *, as_json: bool) -> None:
    for what in made.lost:
        click.echo(f"latteboard: warning: {made.path} is without {shown(what)}", err=True)
    if as_json:
        print_json({"path": made.path, "bytes_read": made.bytes_read, "bytes_written": made.bytes_written})
    elif made.bytes_written:
        click.echo(f"wrote {made.path}: {human_bytes(made.bytes_written)} from {human_bytes(made.bytes_read)} read")
    else:
        click.echo(f"{made.path} holds all of that already")


def _tolerance(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not 0 <= value < inf:
        raise click.BadParameter(f"{value} is not a finite number from 0 on", context, parameter)
    return value


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "--rtol", type=float, default=0.0, callback=_tolerance, help="Numbers may differ by this times the number in B."
)
@click.option("--atol", type=float, default=0.0, callback=_tolerance, help="Numbers may differ by this.")
@click.option("--no-attributes", is_flag=True, help="Compare no attributes.")
@as_json
@click.pass_context
def h5diff(
    context: click.Context, /, *, a: Path, b: Path, rtol: float, atol: float, no_attributes: bool, as_json: bool
) -> None:
    """Compare two HDF5 files, by name and value.

    Exit 0: equal. Exit 1: different, as listed on standard output; or, with nothing there and one line on standard error, they
    could not be compared.
    """
    from reducer.hdf5.diff import compare

    differences = compare(a, b, rtol=rtol, atol=atol, attributes=not no_attributes)
    if as_json:
        print_json({"equal": not differences, "differences": [one.as_json() for one in differences]})
    else:
        for one in differences:
            click.echo(str(one))
    context.exit(1 if differences else 0)


@click.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="FROM")
@click.argument("into", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only list what would be copied.")
@as_json
def h5merge(*, source: Path, into: Path, dry_run: bool, as_json: bool) -> None:
    """Copy what an HDF5 file lacks of another; refused where what both have differs."""
    from reducer.hdf5.merge import merge

    merged = merge(source, into, dry_run=dry_run)
    if as_json:
        print_json(merged.as_json())
        return
    if dry_run:
        for one in merged.lacking:
            click.echo(f"would copy {one.subject} ({one.kind})")
    others = len(merged.lacking) - len(merged.copied)
    done = "would be copied" if dry_run else "copied"
    click.echo(
        f"{len(merged.copied):,} datasets and {others:,} groups, links or attributes {done}; "
        f"{len(merged.equal):,} datasets were equal"
    )


STEPS: Sequence[click.Command] = (tslice, average, collect, concatenate, fft, project, h5diff, h5merge)
