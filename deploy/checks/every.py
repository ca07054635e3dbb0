"""Runs every check, and breaks the files to see that each is found."""

import pathlib
import shutil
import tempfile

from breakages import BREAKAGES
from components import component_problems
from composition import compose_problems
from flows import flow_problems
from monitoring import monitoring_problems
from objects import hardening_problems, wiring_problems
from programs import flag_problems, run_problems
from rendered import OVERLAYS, Rendered, schema_problems


def _rendering_problems(rendered):
    if rendered.error:
        yield rendered.error


def _parts(root, deploy_first):
    """The checks with what they look at, the quick ones first; each is run when it is asked for problems."""
    yield "deploy", compose_problems(root)
    if deploy_first:
        yield "deploy", monitoring_problems(root)
    guide = (root / "k8s/README.md").read_text()
    overlays = []
    for overlay in OVERLAYS:
        rendered = Rendered(root, overlay)
        overlays.append(rendered)
        yield overlay, _rendering_problems(rendered)
        if not rendered.error:
            yield overlay, wiring_problems(rendered, guide)
            yield overlay, hardening_problems(rendered)
            yield overlay, flow_problems(rendered, guide)
    yield "components/deletion-cost", component_problems(root, guide)
    for rendered in overlays:
        yield rendered.overlay, schema_problems(rendered)
    if not deploy_first:
        yield "deploy", monitoring_problems(root)


def file_problems(root, deploy_first=False):
    """Problems of the files, as they are found."""
    for place, problems in _parts(root, deploy_first):
        try:
            yield from (f"{place}: {problem}" for problem in problems)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            yield f"{place}: a check stumbled: {type(error).__name__}: {error}"


def program_problems(root, programs):
    """Problems of the programs when they run as the files say."""
    return [*flag_problems(root, programs, OVERLAYS), *run_problems(root, programs)]


def unnoticed(root):
    """Breaks one thing at a time in a copy; a problem for each that the checks do not name."""
    problems = []
    for path, old, new, expected in BREAKAGES:
        with tempfile.TemporaryDirectory(prefix="millrace-broken-") as folder:
            copy = pathlib.Path(folder)
            for part in ("deploy", "k8s"):
                shutil.copytree(root / part, copy / part)
            text = (copy / path).read_text()
            if old not in text:
                problems.append(f"breakage out of date: {path} has no {old!r}")
                continue
            (copy / path).write_text(text.replace(old, new))
            found = []
            for problem in file_problems(copy, deploy_first=path.startswith("deploy/")):
                found.append(problem)
                if expected in problem:
                    break
            else:
                problems.append(f"not noticed: {path}: {old!r} -> {new!r}; found {found[:3]}")
    return problems
