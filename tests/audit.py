"""`python -m tests.audit [--optional]`: every pin held against the advisory database, by pip-audit.

Exits with 0 if every pin was looked at and none has a known hole, 1 if one has, and 2 if any could not be looked at; then
`--optional` says so and exits with 0.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 2
COMMAND = (
    "-m",
    "pip_audit",
    "--requirement",
    "requirements.txt",
    "--disable-pip",
    "--require-hashes",
    "--format",
    "json",
)


def judge(printed: str, complaint: str) -> tuple[int, list[str]]:
    """What pip-audit has found: a status, and lines for people."""
    try:
        pins: list[dict[str, Any]] = list(json.loads(printed)["dependencies"])
    except (ValueError, KeyError, TypeError):
        return NOT_AUDITED, ["NOT AUDITED: pip-audit has found out nothing.", *complaint.splitlines()[-3:]]
    holes = [f"{pin['name']} {pin['version']}: {hole['id']}" for pin in pins for hole in pin.get("vulns", [])]
    skipped = [pin["name"] for pin in pins if "skip_reason" in pin]
    lines = [f"VULNERABLE: {hole}" for hole in holes]
    if skipped or not pins:
        lines.append(
            f"NOT AUDITED: {len(skipped)} of {len(pins)} pins; the advisory database does not tell of them from here."
        )
    if holes:
        return VULNERABLE, lines
    if skipped or not pins:
        return NOT_AUDITED, lines
    return CLEAN, [f"All {len(pins)} pins are audited: no known hole."]


def main(arguments: list[str]) -> int:
    """Audit. Returns the status with which to exit."""
    done = subprocess.run([sys.executable, *COMMAND], cwd=ROOT, capture_output=True, text=True, check=False)
    status, lines = judge(done.stdout, done.stderr)
    is_allowed = status == NOT_AUDITED and "--optional" in arguments
    if is_allowed:
        lines.append("That is allowed here (AUDIT=optional); `make audit` fails.")
    sys.stdout.write("\n".join([*lines, ""]))
    return CLEAN if is_allowed else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
