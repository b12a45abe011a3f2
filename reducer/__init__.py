"""The reducer: time slices, source averages, concatenations and momenta made from finished correlators."""
