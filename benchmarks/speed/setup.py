"""Make one virtual environment per peer package under benchmarks/.venvs.

Run: make bench-setup, or python benchmarks/speed/setup.py [NAME…]

PyTorch, NumPy, SciPy and scikit-learn are the ones of the project's own environment, seen through a .pth file: peers
compute with the same libraries as querist, and gigabytes are not written twice. A package that cannot be installed is
noted with the reason, and is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

BENCHMARKS = Path(__file__).resolve().parents[1]
VENVS = BENCHMARKS / ".venvs"
INSTALLED = VENVS / "installed.json"


class Package(NamedTuple):
    """What to install: the names for pip, whether their dependencies come along, and a module that must import."""

    install: tuple[str, ...]
    module: str
    dependencies: bool = True


# Dependencies are left out where they pin an older PyTorch, or are large and no selection needs them.
PACKAGES = {
    "skactiveml": Package(("scikit-activeml",), "skactiveml.pool"),
    "modal": Package(("modAL-python", "skorch==0.9.0", "tabulate", "tqdm"), "modAL.uncertainty", dependencies=False),
    "smalltext": Package(("small-text", "dill", "tqdm"), "small_text", dependencies=False),
    "baal": Package(
        ("baal", "structlog<23", "tqdm", "torchmetrics", "lightning-utilities"),
        "baal.active.heuristics",
        dependencies=False,
    ),
    "batchbald_redux": Package(("batchbald_redux", "toma<2", "tqdm"), "batchbald_redux.batchbald", dependencies=False),
    "bmdal": Package(("bmdal_reg", "dill"), "bmdal_reg.bmdal.algorithms", dependencies=False),
    "pyrelational": Package(
        (
            "pyrelational",
            "numpy<2",
            "pandas<2.2.3",
            "pytz",
            "tabulate",
            "lightning<2.3",
            "torchmetrics",
            "lightning-utilities",
            "pyyaml",
            "tqdm",
            "setuptools<81",
        ),
        "pyrelational.informativeness",
        dependencies=False,
    ),
    "apricot": Package(("apricot-select", "tqdm"), "apricot", dependencies=False),
    "alipy": Package(("alipy", "prettytable", "wcwidth"), "alipy.query_strategy", dependencies=False),
}


def python_of(name: str) -> Path:
    """Give the interpreter of a peer's environment."""
    folder = VENVS / name
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def main() -> None:
    """Install the packages named on the command line, or all."""
    found = installed()
    for name in sys.argv[1:] or PACKAGES:
        found[name] = _install(name, PACKAGES[name])
        print(f"{name:16} {found[name].get('version') or 'not installable here: ' + found[name]['reason']}", flush=True)
        INSTALLED.write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")


def installed() -> dict[str, dict[str, str]]:
    """Read what the last installations gave: a version, or a reason, by package."""
    VENVS.mkdir(exist_ok=True)
    return json.loads(INSTALLED.read_text(encoding="utf-8")) if INSTALLED.exists() else {}


def _install(name: str, package: Package) -> dict[str, str]:
    python = python_of(name)
    if not python.exists():
        _run([sys.executable, "-m", "venv", "--without-pip", str(VENVS / name)])
    _share(python)
    failed = _run(_pip(python, package))
    if failed:
        return {"reason": failed}
    import_failed = _run([str(python), "-c", f"import {package.module}"])
    if import_failed:
        return {"reason": import_failed}
    ask = f"from importlib.metadata import version; print(version({package.install[0]!r}))"
    return {"version": subprocess.check_output([str(python), "-c", ask], text=True).strip()}


def _share(python: Path) -> None:
    """Let an environment see the packages of this one, behind its own."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(subprocess.check_output([str(python), "-c", ask], text=True).strip())
    (own / "shared_base.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")


def _pip(python: Path, package: Package) -> list[str]:
    constraint = VENVS / "constraints.txt"
    constraint.write_text("torch==2.13.0\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install", "--quiet"]
    alone = [] if package.dependencies else ["--no-deps"]
    return [*pip, "--no-cache-dir", "--constraint", str(constraint), *alone, *package.install]


def _run(command: list[str]) -> str:
    """Run a command; the last line of its complaint, or nothing when it succeeds."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() and "notice" not in line.lower()]
    return (errors or lines or ["no message"])[-1][:300]


if __name__ == "__main__":
    main()
