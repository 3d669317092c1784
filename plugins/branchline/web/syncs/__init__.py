"""The starting of syncs over HTTP, and how they stand."""
