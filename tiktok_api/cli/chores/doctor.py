"""`make doctor`: try the settings and everything they name, and say how to correct what is wrong."""

import argparse
import sys

import orjson
from rich.console import Console
from rich.text import Text

from tiktok_api.cli.diagnosis.diagnosis import as_document, diagnose, is_well
from tiktok_api.cli.diagnosis.result import CheckResult

console = Console(highlight=False)
COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


def show(finding: CheckResult) -> None:
    """Print one result: a line for what was found, and one for what to do."""
    colour = COLOURS[finding.status]
    line = Text.assemble((f"{finding.name:<9} {finding.status:<8}", colour), finding.message)
    console.print(line, soft_wrap=True)
    if finding.hint and finding.status != "ok":
        console.print(Text(f"{'':19}→ {finding.hint}", style="dim"), soft_wrap=True)


def main() -> int:
    """Returns 0 if this machine can serve; warnings are shown and allowed."""
    parser = argparse.ArgumentParser(prog="doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the findings for programs")
    as_json = parser.parse_args().json
    findings = diagnose()
    if as_json:
        sys.stdout.write(orjson.dumps(as_document(findings), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        for finding in findings:
            show(finding)
    return 0 if is_well(findings) else 1


if __name__ == "__main__":
    sys.exit(main())
