"""Side-by-side measurements: `make bench`; results and the commands that made them stand in bench/README.md."""
