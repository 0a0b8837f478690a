"""What ``from querist import query`` costs beside ``import numpy``: CPU milliseconds of fresh processes, medians.

Run: python benchmarks/import_cost.py [runs]
"""

from __future__ import annotations

import statistics
import subprocess
import sys

CODE = "import time; start = time.process_time(); {code}; print((time.process_time() - start) * 1000)"


def cost(statement: str, runs: int) -> float:
    """Measure the CPU milliseconds of an import, median over fresh processes."""
    code = CODE.format(code=statement)
    times = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(runs)]
    return statistics.median(times)


def main() -> None:
    """Print the two costs and their difference."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    cost("from querist import query", 1)
    numpy, bare, query = (cost(f, runs) for f in ("import numpy", "import querist", "from querist import query"))
    print(f"import numpy {numpy:.0f} ms · import querist {bare:.0f} ms (NumPy when first used)")
    print(f"from querist import query {query:.0f} ms: NumPy {query - numpy:+.0f} ms ({runs} runs, CPU, medians)")


if __name__ == "__main__":
    main()
