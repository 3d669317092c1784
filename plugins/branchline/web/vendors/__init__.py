"""One router a source."""
