"""How fast gjax is, beside Gammapy, in one run on one machine: ``python -m benchmarks``."""
