"""Local stand-ins for the vendors: one process that answers as they do, from a seed."""
