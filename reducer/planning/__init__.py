"""Planning: which outputs can be made from what the catalog knows."""
