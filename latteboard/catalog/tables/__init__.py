"""The tables of a catalog and the codes that stand in them."""
