"""Planning: the outputs that can be made, by catalog and campaign."""
