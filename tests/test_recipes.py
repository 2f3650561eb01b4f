"""The recipes are what they say: whoever reads such files accepts them, and their commands exist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from recipes import (
    ACTION,
    COMPOSE,
    HOOKS,
    KUBERNETES,
    RECIPES,
    WORKFLOWS,
    calls,
    documents,
    drivers,
    pods,
    scripts,
    step,
    steps,
    yaml,
)
from requirements import ROOT, require

from enrich.cli import cli
from enrich.registry import document_types, finding_codes, reasons
from enrich.workflows import NAMES, workflows

BIN = Path(sys.executable).parent
# The oldest version to whose schemas the recipe is held.
OLDEST_KUBERNETES = "1.30"


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=300, check=False, **options
    )  # type: ignore[call-overload,no-any-return]


# --- by the rules of those who read them ------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.github-actions", [ACTION]),
        ("vendor.gitlab-ci", sorted(RECIPES.glob("gitlab/*.yml"))),
        ("vendor.compose-spec", [COMPOSE]),
    ],
    ids=["workflows", "action", "gitlab", "compose"],
)
def test_the_published_schema_accepts_it(schema: str, paths: list[Path]) -> None:
    assert paths
    transform = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    done = run(BIN / "check-jsonschema", "--builtin-schema", schema, *transform, *paths)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "path"),
    [("validate-manifest", HOOKS), ("validate-config", RECIPES / "pre-commit/.pre-commit-config.yaml")],
)
def test_pre_commit_accepts_it(command: str, path: Path) -> None:
    done = run(BIN / "pre-commit", command, path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("place", list(scripts()))
def test_a_script_is_bash(place: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(scripts()[place], encoding="utf-8")
    assert run("bash", "-n", script).stderr == ""
    checked = run(BIN / "shellcheck", "--shell=bash", script)
    assert checked.stdout == ""


def test_a_script_that_is_a_file_can_be_run_and_stops_at_the_first_error() -> None:
    found = [path for path in sorted(RECIPES.glob("cron/*")) if path.suffix == ""]
    assert found
    for path in found:
        text = path.read_text(encoding="utf-8")
        assert text.startswith("#!/usr/bin/env bash\n")
        assert "\nset -euo pipefail\n" in text
        assert os.access(path, os.X_OK)


def test_systemd_accepts_the_service_and_its_timer(tmp_path: Path) -> None:
    require("systemd", shutil.which("systemd-analyze") is not None, "there is no systemd-analyze")
    for name in ("enrich.service", "enrich.timer"):
        text = (RECIPES / "systemd" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(
            text.replace("/opt/enrich/bin/enrich", sys.executable), encoding="utf-8"
        )
    done = run("systemd-analyze", "verify", tmp_path / "enrich.service", tmp_path / "enrich.timer")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    exposed = run(
        "systemd-analyze", "security", "--offline=true", "--threshold=20", tmp_path / "enrich.service"
    )
    # Ten times what it says is at most 20: of ten, where ten is a service without any fence.
    assert exposed.returncode == 0, exposed.stdout[-500:] + exposed.stderr


def test_logrotate_accepts_its_file(tmp_path: Path) -> None:
    logrotate = shutil.which("logrotate", path=f"{os.environ['PATH']}:/usr/sbin")
    require("logrotate", logrotate is not None, "there is no logrotate")
    assert logrotate is not None
    text = (RECIPES / "cron/enrich.logrotate").read_text(encoding="utf-8")
    copy = tmp_path / "enrich"
    copy.write_text(text.replace("enrich enrich", "root root"), encoding="utf-8")
    copy.chmod(0o644)
    done = run(logrotate, "-d", "-s", tmp_path / "state", copy)
    assert done.returncode == 0, done.stderr
    assert "error:" not in done.stderr
    assert "/var/log/enrich/*.log  weekly (8 rotations)" in done.stderr


def test_the_line_of_cron_names_a_time_a_user_and_the_script() -> None:
    lines = (RECIPES / "cron/enrich.cron").read_text(encoding="utf-8").splitlines()
    jobs = [line for line in lines if not re.match(r"#|[A-Z]+=", line)]
    assert [re.fullmatch(r"(?:[\d*]+ ){5}enrich /usr/local/bin/(\S+)", line)[1] for line in jobs] == [  # type: ignore[index]
        "enrich-nightly"
    ]


# --- what they say of enrich ------------------------------------------------------------------------


def test_calls_are_found_in_every_recipe_that_makes_some() -> None:
    found = {place.partition(":")[0] for place, _ in calls()}
    files = {
        path.name
        for path in RECIPES.rglob("*")
        if path.suffix in ("", ".yml", ".yaml", ".service") and path.is_file()
    }
    assert found >= files - {"enrich-action.yml"} | {"action.yml", ".pre-commit-hooks.yaml", "Dockerfile"}


@pytest.mark.parametrize(("place", "words"), calls())
def test_every_command_of_a_recipe_exists_with_its_options(place: str, words: list[str]) -> None:
    name, rest = words[0], words[1:]
    command = cli.commands[name]
    context = command.make_context(name, list(rest))
    for word in (word for given in context.params.values() if isinstance(given, tuple) for word in given):
        if any(option in ("--fail-on", f"--fail-on={word}") for option in rest):
            assert word in {*reasons(), *finding_codes()}, place


def test_a_command_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(click.NoSuchOption):
        cli.commands["check"].make_context("check", ["--no-such-option"])


def test_the_action_passes_options_that_exist() -> None:
    script = step(ACTION, "Check links")["run"]
    given = re.findall(r"--[a-z][a-z-]+", script)
    known = {name for one in cli.commands["check"].get_params(click.Context(cli)) for name in one.opts}
    assert given
    assert set(given) <= known


def test_every_recipe_is_explained_and_every_explanation_has_its_recipe() -> None:
    text = (RECIPES / "README.md").read_text(encoding="utf-8")
    linked = {
        link for link in re.findall(r"\]\(([^)]+)\)", text) if not re.match(r"#|\.\./[a-z-]+\.md", link)
    }
    named = {(RECIPES / link).resolve() for link in linked} - {ACTION}
    assert named == {path for path in RECIPES.rglob("*") if path.is_file() and path.name != "README.md"}


def test_what_init_writes_is_the_recipe() -> None:
    for name, text in workflows(None).items():
        assert (RECIPES / "github" / name).read_text(encoding="utf-8") == text
    assert set(NAMES) < {path.name for path in WORKFLOWS}


# --- what nobody may do with them -------------------------------------------------------------------


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_nothing_from_outside_stands_in_the_text_of_a_script(path: Path) -> None:
    assert [one["run"] for one in steps(path) if "${{" in one.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_secret_and_no_right_that_it_does_not_need(path: Path) -> None:
    workflow, text = yaml(path), path.read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "pull_request_target" not in workflow["on"]
    granted = {**workflow["permissions"]}
    for job in workflow["jobs"].values():
        granted |= job.get("permissions", {})
        assert job["timeout-minutes"] > 0
    writes = {right for right, level in granted.items() if level == "write"}
    assert writes == {"enrich-nightly.yml": {"issues"}, "enrich-action.yml": {"security-events"}}.get(
        path.name, set()
    )
    for one in steps(path):
        if one.get("uses", "").startswith("actions/checkout@"):
            assert one["with"]["persist-credentials"] is False


def test_only_actions_of_github_itself_are_used() -> None:
    used = [one["uses"] for path in (*WORKFLOWS, ACTION) for one in steps(path) if "uses" in one]
    assert [name for name in used if not name.startswith(("actions/", "github/", "./"))] == []


# --- several machines -------------------------------------------------------------------------------


def test_the_schemas_of_kubernetes_accept_it() -> None:
    import kubernetes_validate

    found = documents(KUBERNETES)
    for one in found:
        kubernetes_validate.validate(one, OLDEST_KUBERNETES, strict=True)
    kinds = ["Namespace", "ConfigMap", "Service", "NetworkPolicy", "Deployment", "Deployment", "CronJob"]
    assert [one["kind"] for one in found] == kinds
    assert {one["metadata"].get("namespace", "enrich") for one in found} == {"enrich"}


def test_what_kubernetes_does_not_know_would_be_found() -> None:
    import kubernetes_validate

    spoilt = documents(KUBERNETES)[-1]
    spoilt["spec"]["concurrency"] = spoilt["spec"].pop("concurrencyPolicy")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(spoilt, OLDEST_KUBERNETES, strict=True)


def test_no_secret_stands_in_a_recipe_for_several_machines() -> None:
    services = yaml(COMPOSE)["services"]
    given = [pair for one in services.values() for pair in one.get("environment", {}).items()]
    assert {"PGPASSWORD", "POSTGRES_PASSWORD", "GITHUB_TOKEN"} <= {name for name, _ in given}
    for name, value in given:
        is_secret = re.search("PASSWORD|TOKEN|KEY", name)
        assert not is_secret or value is None or re.fullmatch(r"\$\{[A-Z_]+:\?.*\}", value), name
    for pod in pods().values():
        for one in pod["containers"][0].get("env", ()):
            assert one.keys() == {"name", "valueFrom"}
            assert one["valueFrom"].keys() == {"secretKeyRef"}
    for path in (COMPOSE, KUBERNETES):
        told = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        assert not re.search(r"postgres(ql)?://[^@\s]*:[^@\s]*@", "\n".join(told))


def test_nobody_but_workers_and_the_driver_reaches_a_scheduler() -> None:
    compose = yaml(COMPOSE)
    assert not any("ports" in one for one in compose["services"].values())
    assert compose["services"]["scheduler"]["networks"] == ["inside"]
    assert compose["networks"]["inside"] == {"internal": True}
    policy = next(one for one in documents(KUBERNETES) if one["kind"] == "NetworkPolicy")["spec"]
    (allowed,) = policy["ingress"][0]["from"][0]["podSelector"]["matchExpressions"]
    assert allowed["values"] == ["enrich-worker", "enrich-driver"]
    assert "--protocol=tls" in pods()["scheduler"]["containers"][0]["args"]
    tls = next(one for one in documents(KUBERNETES) if one["kind"] == "ConfigMap")["data"]
    assert tls["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] == "true"


def test_without_tls_a_driver_has_to_say_so() -> None:
    for words in drivers().values():
        (engine,) = [word for word in words if word.startswith("--engine=")]
        assert ("tls://" in engine) != ("--insecure-cluster" in words)


def test_driver_and_workers_have_the_same_environment() -> None:
    services, found = yaml(COMPOSE)["services"], pods()
    assert services["driver"]["environment"] == services["worker"]["environment"]
    driver, worker, scheduler = (found[name]["containers"][0] for name in ("driver", "worker", "scheduler"))
    assert driver["env"] == worker["env"]
    assert driver["envFrom"] == worker["envFrom"] == scheduler["envFrom"]
    assert "env" not in scheduler


def test_all_of_a_cluster_runs_as_nobody_and_writes_nowhere_but_where_it_must() -> None:
    for pod in pods().values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        closed = pod["containers"][0]["securityContext"]
        assert closed["readOnlyRootFilesystem"] is True
        assert closed["capabilities"] == {"drop": ["ALL"]}
    for name, service in yaml(COMPOSE)["services"].items():
        assert name == "database" or (service["read_only"] is True and service["cap_drop"] == ["ALL"])


def test_a_run_ends_before_the_next_night() -> None:
    for words in drivers().values():
        (hours,) = [int(found[1]) for word in words if (found := re.fullmatch(r"--deadline=(\d+)h", word))]
        assert hours < 24


# --- pre-commit -------------------------------------------------------------------------------------


def test_hooks_read_the_files_that_enrich_reads_in_folders_and_no_others() -> None:
    suffixes = list(document_types())
    recipe = yaml(RECIPES / "pre-commit/.pre-commit-config.yaml")["repos"][0]["hooks"]
    for hook in (*yaml(HOOKS), *recipe):
        pattern = re.compile(hook["files"])
        assert [suffix for suffix in suffixes if not pattern.search(f"a/b{suffix}")] == []
        assert [name for name in ("a.py", "md", "a.md.bak", "atxt", "a.json") if pattern.search(name)] == []
        assert pattern.search("README.MD")
        assert hook["require_serial"] is True


def test_the_offline_lint_fails_only_on_what_the_text_alone_shows(tmp_path: Path) -> None:
    """Each of its codes comes up without a network, in one document that has them all."""
    hook = next(one for one in yaml(HOOKS) if one["id"] == "enrich-links")
    codes = {word.removeprefix("--fail-on=") for word in hook["args"]}
    (tmp_path / "a.md").write_text(
        "# T\n\n[a](missing.md) [b](#no) [c](http://) [d](https:/example.org/x) [e](https://a.example/b c)\n\n"
        "<div>\n[y](https://b.example)\n</div>\n\n"
        "[p](https://arxiv.org/abs/9913.99999) [w](https://mp.weixin.qq.com/s/abc)\n",
        encoding="utf-8",
    )
    (tmp_path / "b.ipynb").write_text("{", encoding="utf-8")
    command = [
        BIN / "enrich",
        *hook["entry"].split()[1:],
        *hook["args"],
        "--format",
        "jsonl",
        "a.md",
        "b.ipynb",
    ]
    text = [word for word in command if word not in ("--format", "jsonl")]
    found = run(*text, cwd=tmp_path)
    assert found.returncode == 1
    assert set(re.findall(r"^\S+: ([a-z-]+)  ", found.stdout, re.MULTILINE)) == codes, found.stdout


def test_pre_commit_stops_a_commit_with_a_link_to_nowhere(tmp_path: Path) -> None:
    for command in (
        ["init", "-q"],
        ["config", "user.name", "x"],
        ["config", "user.email", "x@example.org"],
    ):
        run("git", *command, cwd=tmp_path)
    shutil.copy(RECIPES / "pre-commit/.pre-commit-config.yaml", tmp_path)
    (tmp_path / "good.md").write_text("# T\n\n[here](#t) <https://a.example>\n", encoding="utf-8")
    (tmp_path / "bad.md").write_text("[there](nowhere.md)\n", encoding="utf-8")
    environment = os.environ | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
    }
    said = {}
    for name in ("good.md", "bad.md"):
        run("git", "add", "-f", name, cwd=tmp_path)
        said[name] = run(BIN / "pre-commit", "run", "--files", name, cwd=tmp_path, env=environment)
    assert said["good.md"].returncode == 0, said["good.md"].stdout
    assert said["bad.md"].returncode == 1
    assert "bad.md:1:9: file-missing" in said["bad.md"].stdout


# --- the container ----------------------------------------------------------------------------------


def test_the_container_is_small_and_runs_as_nobody() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    words = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    last = words[max(place for place, (word, _) in enumerate(words) if word == "FROM") :]
    assert all(rest.split()[0].endswith("-slim") for word, rest in words if word == "FROM")
    assert [word for word, _ in last] == ["FROM", "COPY", "USER", "WORKDIR", "ENTRYPOINT"]
    assert all("--no-cache-dir" in rest for word, rest in words if "pip install" in rest)
    user = next(rest for word, rest in last if word == "USER")
    assert all(int(number) > 0 for number in user.split(":"))


def test_what_the_container_is_built_from_is_sent_and_nothing_else() -> None:
    """The package can be built from what is let through."""
    import tomllib

    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {rule[1:] for rule in rules if rule.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    assert "*" in rules
    assert sent == needed | {*project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
