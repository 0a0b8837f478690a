"""Selection speed beside other packages: the parts of ``benchmarks/speed.py``."""
