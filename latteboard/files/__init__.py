"""Files: written whole, locked, HDF5 and its provenance mark, the state of one artifact on disk."""
