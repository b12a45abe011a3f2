"""Makes one plain file of a concatenation whose numbers are in segments, or in the files that it links to."""

from pathlib import Path

from latteboard.errors import OutputRefused
from latteboard.files import hdf5 as h5
from latteboard.files.locks import only_writer
from latteboard.names.encoding import as_bytes
from reducer.correlators.file import CorrelatorFile
from reducer.making.layout import Layout
from reducer.making.output import Output
from reducer.making.place import Place
from reducer.making.record import recorded_concatenation
from reducer.making.segments import remove_segments
from reducer.tasks.task import Result


def consolidate(path: Path) -> Result:
    """Make one plain file of a concatenation, with the same numbers, labels, attributes and record.

    Its segments are removed afterwards. A file that is plain already stays as it is; its result has read and written nothing.

    Raises
    ------
    InputRefused : a segment, or a file that it links to, is not there or is not as it was recorded.
    OutputRefused : it is no concatenation of ours, changed meanwhile, or cannot be written.
    """
    target = path.resolve()
    with only_writer(target):
        place = Place.at(target)
        mark = h5.read_mark(target) if target.exists() else None
        if mark is None or not mark.complete or recorded_concatenation(mark) is None:
            raise OutputRefused(f"{path}: is no concatenation of ours; expected one, to make one plain file of it")
        with CorrelatorFile(target) as file:
            if not any(map(file.is_virtual, file.names)):
                return Result(str(path), 0, 0)
            with place.drafted(replaces=True) as draft:
                _write(file, mark, draft)
                written = draft.stat().st_size
        remove_segments(target, [one.path for one in (*mark.segments, *mark.superseded)])
    return Result(str(path), file.bytes_read, written)


def _write(file: CorrelatorFile, mark: h5.Mark, draft: Path) -> None:
    datasets = file.datasets(file.names)  # refuses what is lost, which would be read as NaN
    with h5.open_file(file.path) as numbers, Output(draft) as output:
        for name, dataset in datasets.items():
            if file.is_virtual(name):
                layout = Layout([dataset.shape])
                output.take(numbers[as_bytes(name)], name, layout, [(0, dataset.shape[0], 0)])
                file.bytes_read += dataset.nbytes
            else:
                file.copy(name, output.file)
        output.write_attributes({path: file.attributes(path, but=()) for path in (*file.groups, *datasets)})
        output.mark(mark.path, mark.inputs, mark.recipe)
