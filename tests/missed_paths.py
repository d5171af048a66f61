"""Prints the folders of the tests that may pass what the last `make coverage` has missed; after it: `python -m tests.missed_paths`."""

import json
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent


def main() -> None:
    """Reads the data that are combined already."""
    command = [sys.executable, "-m", "coverage", "json", "--quiet", "--fail-under", "0", "-o", "-"]
    report = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    files = json.loads(report.stdout)["files"]
    missed = [Path(name) for name, found in files.items() if found["summary"]["percent_covered"] < 100]
    sys.stdout.write(" ".join(sorted({str(_tests_of(path)) for path in missed})))


def _tests_of(path: Path) -> Path:
    """Returns the innermost folder that is called like the path inside the package."""
    folders = [TESTS.joinpath(*parent.parts[1:]) for parent in path.parents]
    return next(folder for folder in folders if folder.is_dir()).relative_to(TESTS.parent)


if __name__ == "__main__":
    main()
