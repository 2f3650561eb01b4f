"""The files for CI, cron and services, read as those would read them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from requirements import ROOT
from ruamel.yaml import YAML

RECIPES = ROOT / "docs" / "recipes"
ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
COMPOSE = RECIPES / "cluster" / "compose.yaml"
KUBERNETES = RECIPES / "cluster" / "kubernetes.yaml"
WORKFLOWS = sorted(RECIPES.glob("github/*.yml"))


def yaml(path: Path) -> Any:
    """A YAML document; a key that stands twice in it is an error."""
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def documents(path: Path) -> list[Any]:
    """The documents of a file that holds several."""
    return list(YAML(typ="safe").load_all(path.read_text(encoding="utf-8")))


def pods() -> dict[str, dict[str, Any]]:
    """What runs in the cluster of Kubernetes, by name: how a pod of it is made."""
    found = {}
    for one in documents(KUBERNETES):
        if one["kind"] == "Deployment":
            found[one["metadata"]["name"]] = one["spec"]["template"]["spec"]
        if one["kind"] == "CronJob":
            found[one["metadata"]["name"]] = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


def drivers() -> dict[Path, list[str]]:
    """What the nightly driver of each recipe for several machines gives to enrich."""
    return {
        COMPOSE: yaml(COMPOSE)["services"]["driver"]["command"],
        KUBERNETES: pods()["driver"]["containers"][0]["args"],
    }


def steps(path: Path) -> list[dict[str, Any]]:
    """The steps of a workflow or an action, in order."""
    found = yaml(path)
    if "runs" in found:
        return list(found["runs"]["steps"])
    return [step for job in found["jobs"].values() for step in job["steps"]]


def step(path: Path, name: str) -> dict[str, Any]:
    return next(one for one in steps(path) if one.get("name") == name)


def scripts() -> dict[str, str]:
    """Every shell script that stands in a recipe or is one, by where it stands."""
    found = {
        f"{path.name}: {one['name']}": one["run"]
        for path in (*WORKFLOWS, ACTION)
        for one in steps(path)
        if "run" in one
    }
    for path in sorted(RECIPES.glob("gitlab/*.yml")):
        for number, text in enumerate(yaml(path)["links"]["script"]):
            found[f"{path.name}: {number}"] = text
    for path in sorted(RECIPES.glob("cron/*")):
        if path.suffix == "":
            found[path.name] = path.read_text(encoding="utf-8")
    return found


def _command_lines() -> Iterator[tuple[str, str]]:
    yield from scripts().items()
    for path in (HOOKS, *sorted(RECIPES.glob("pre-commit/.pre-commit-config.yaml"))):
        read = yaml(path)
        for hook in read if isinstance(read, list) else read["repos"][0]["hooks"]:
            yield (
                f"{path.name}: {hook['id']}",
                shlex.join([*shlex.split(hook["entry"]), *hook.get("args", [])]),
            )
    for path in sorted(RECIPES.glob("systemd/*.service")):
        yield path.name, re.findall(r"^ExecStart=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)[0]
    for path, words in drivers().items():
        yield f"{path.name}: driver", shlex.join(["enrich", *words])
    for path in (RECIPES / "README.md", ROOT / "Dockerfile"):
        text = path.read_text(encoding="utf-8")
        blocks = re.findall(r"```(?:bash|sh)\n(.*?)```", text, re.DOTALL)
        for number, block in enumerate([*blocks, *re.findall(r"^#     (.*)$", text, re.MULTILINE)]):
            yield f"{path.name}: {number}", block


_PROGRAM = re.compile(r"(?:[^ ]*/)?(?:enrich|\$program)")


def calls() -> list[tuple[str, list[str]]]:
    """Each call of the program in a recipe: where it stands, and its arguments as the shell leaves them."""
    found = []
    for place, text in _command_lines():
        for line in text.replace("\\\n", " ").splitlines():
            # Quotes of other languages inside a script, such as jq, do not pair line by line.
            if not re.search(r"\benrich\b|\$program", line) or line.lstrip().startswith("#"):
                continue
            found += [(place, words) for words in _calls_of(line)]
    return found


def _calls_of(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    command: list[str] = []
    for word in [*lexer, ";"]:
        if not re.fullmatch(r"[;&|<>()]+", word):
            command.append(word)
            continue
        # In a container the program is what the image runs.
        at = command.index("enrich") if command[:2] == ["docker", "run"] else 0
        if command and _PROGRAM.fullmatch(command[at]):
            yield command[at + 1 :]
        command = []
