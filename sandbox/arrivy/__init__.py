"""Arrivy: one company's account, read by key and token."""
