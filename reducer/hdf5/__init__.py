"""HDF5 files as trees of datasets: comparing and merging them."""
