"""What is missing, kind by kind, and what holds it up.

Run as: python what_is_missing.py [catalog.db [ensemble]]
"""

import sys

import pandas as pd

from latteboard import Catalog

MISSING = ["ready", "claimed", "recall", "blocked"]


def missing(catalog: Catalog, ensemble: str | None = None) -> pd.DataFrame:
    """A row for each kind, status and cause: how many artifacts, and of how many configurations."""
    frames = []
    for kind in catalog.kinds:
        chosen = catalog[kind].filter(status=MISSING)
        if ensemble is not None:
            chosen = chosen.filter(ensemble=ensemble)
        frame = chosen.to_dataframe().assign(kind=kind)
        # "prop (3)" says of which kind inputs are missing, and how many; here the kind is enough.
        frame["waits_for"] = frame["blocked_by"].str.partition(" ")[0].fillna("")
        frames.append(frame.reindex(columns=["kind", "status", "waits_for", "configuration"]))
    together = pd.concat([frame for frame in frames if len(frame)] or frames[:1])
    groups = together.groupby(["kind", "status", "waits_for"], sort=False)["configuration"]
    return groups.agg(artifacts="size", configurations="nunique").reset_index()


if __name__ == "__main__":
    catalog = Catalog(sys.argv[1] if len(sys.argv) > 1 else "catalog.db")
    print(missing(catalog, *sys.argv[2:3]).to_string(index=False))
