"""What can be made from it? Time slices, source averages, concatenations and momenta of finished correlators."""
