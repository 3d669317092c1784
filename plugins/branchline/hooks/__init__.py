"""The vendors: one file each, with its connection, its refusals and its streams."""
