"""`python -m tests.architecture`: the figures of the structure, counted in the code."""

import ast
import configparser
import sys
from collections import Counter
from statistics import median, quantiles

from tests.architecture import walk
from tests.architecture.figures import four_words, functions_too_long, names_of_several_classes
from tests.architecture.source import ROOT, Module, modules

TOP_ROOMS = {"routes", "tasks", "schemas", "listeners", "monitoring"}


def main() -> None:
    """Print a line for each figure."""
    lines = [module.lines for module in modules()]
    files = Counter(module.path.parent for module in modules())
    longest = max(modules(), key=lambda module: module.lines)
    fullest, most = files.most_common(1)[0]
    visits = walk.follow(each_call=False)
    says = {
        "modules": f"{len(modules())}, {sum(module.lines for module in modules())} lines",
        "lines of a module": f"median {median(lines):.0f}, 90th percentile {quantiles(lines, n=10)[-1]:.0f}, "
        f"longest {longest.lines} ({longest.name})",
        "files in a folder": f"at most {most} ({fullest.relative_to(ROOT)})",
        "functions over 40 lines": str(len(functions_too_long())),
        "class names used twice": str(len(names_of_several_classes())),
        "seen by the contract on floors": _share(_in_a_domain, _in_a_domain),
        "rules seen by the contract on frameworks": _share(_is_pure, _is_rule),
        "parameters named encryptor, tiktok": f"{_parameters('encryptor')}, {_parameters('tiktok')}",
        "publishing": "{} lines in {} modules".format(*_publishing()),
        "a run of the worker that publishes": f"{walk.counted(walk.inside(visits))}; with the files at the doors "
        f"of other domains {walk.counted(visits)}",
        "whoever, somebody, anybody, nobody": str(len(four_words())),
    }
    width = max(map(len, says))
    for what, figure in says.items():
        sys.stdout.write(f"{what:<{width}}  {figure}\n")


def _share(counted: object, whole: object) -> str:
    """How many of the lines of one set of modules are those of another, in per cent."""
    seen, all_of_it = (sum(module.lines for module in modules() if test(module)) for test in (counted, whole))
    return f"{100 * seen / all_of_it:.0f} % of {all_of_it} lines"


def _in_a_domain(module: Module) -> bool:
    return module.domain is not None


def _is_rule(module: Module) -> bool:
    return module.domain is not None and not set(module.name.split(".")) & TOP_ROOMS


def _is_pure(module: Module) -> bool:
    """A rule that the contract in `setup.cfg` does not leave out."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    contract = config["importlinter:contract:pure"]
    excepted = set(contract["except_modules"].split())
    rooms = set(contract["except_rooms"].split())
    return _is_rule(module) and f"tiktok_api.{module.name}" not in excepted and not set(module.name.split(".")) & rooms


def _parameters(name: str) -> int:
    arguments = (
        argument
        for module in modules()
        if not module.name.startswith("simulator")
        for argument in module.nodes(ast.arg)
    )
    return sum(argument.arg == name for argument in arguments)


def _publishing() -> tuple[int, int]:
    found = [module for module in modules() if module.name.startswith("posts.publishing.")]
    return sum(module.lines for module in found), len(found)


if __name__ == "__main__":
    main()
