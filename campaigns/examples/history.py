"""How many artifacts of each kind were done after each index: the numbers behind a plot of done against time.

Run as: python history.py [catalog.db [kind ...]]
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd

# A row of history says that from this run on the number was another; it stands until a later run says so again.
CHANGES = """
select run, coalesce(ensemble, '') || ' ' || coalesce(stream, '') as place, kind, number
from history where status = 'done'
"""


def done(catalog: str) -> pd.DataFrame:
    """A row for each index, by its time; a column for each kind: how many were done."""
    # "ro": a question never makes a file, and never writes to one.
    with closing(sqlite3.connect(Path(catalog).absolute().as_uri() + "?mode=ro", uri=True)) as connection:
        changes = pd.read_sql(CHANGES, connection)
        runs = pd.read_sql("select id, started from run order by id", connection, index_col="id")
    table = changes.pivot(index="run", columns=["place", "kind"], values="number")
    table = table.reindex(runs.index).ffill().fillna(0).astype(int)
    table.index = pd.to_datetime(runs["started"], unit="ns", utc=True).dt.floor("s")
    return table.T.groupby("kind").sum().T.rename_axis(columns=None)


if __name__ == "__main__":
    table = done(sys.argv[1] if len(sys.argv) > 1 else "catalog.db")
    print(table[sys.argv[2:] or list(table)].to_string())
