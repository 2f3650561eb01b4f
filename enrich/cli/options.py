"""Options: made from `enrich.config.SETTINGS`, and the few that all commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from enrich.cli.completion import candidates
from enrich.errors import UsageError
from enrich.spelling import did_you_mean

if TYPE_CHECKING:
    from enrich.config import Setting, Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def _option(setting: Setting) -> Callable[[Command], Command]:
    if setting.flag:
        return click.option(setting.option, setting.name, is_flag=True, default=False, help=setting.help)
    return click.option(
        setting.option,
        setting.name,
        multiple=setting.many,
        default=None,
        metavar=setting.metavar,
        help=setting.help,
        shell_complete=candidates,
    )


# The headings of a help with fifty options, and what stands below each; the rest stands at the end.
GROUPS = {
    "Which links": (
        "since until undated git_dates kind include exclude exclude_path files_from extensions hidden check_images remap"
    ),
    "What is asked, and when": (
        "max_age refresh offline fresh deadline max_per_host respect_robots no_datacite accept_mass_change canary "
        "network_wait"
    ),
    "How it is asked": (
        "concurrency host_concurrency host_interval timeout connect_timeout retries allow_net allow_private "
        "i_own_these_hosts github_token contact github_api_url arxiv_api_url arxiv_datacite_url"
    ),
    "Who asks": "engine insecure_cluster lease",
    "What fails": "fail_on warn_on ignore",
    "Where things go": "format output lang no_progress cache_dir cache wait reports_dir keep",
}


class SettingsCommand(click.Command):
    """A command whose options are the settings that concern it, added when they are first looked at.

    So the top-level help does not import what only the options need.
    """

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        if not getattr(self, "_with_settings", False):
            from enrich.config import SETTINGS

            holder = click.Command("holder")
            for setting in SETTINGS:
                if self.name in setting.commands:
                    _option(setting)(holder)
            self.params += holder.params
            self._with_settings = True
        return super().get_params(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options in groups, since nobody reads a list of fifty."""
        group_of = {name: title for title, names in GROUPS.items() for name in names.split()}
        found: dict[str, list[tuple[str, str]]] = {title: [] for title in (*GROUPS, "Options")}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                found[group_of.get(parameter.name or "", "Options")].append(record)
        for title, records in found.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        self.get_params(click.Context(self))
        return super().make_context(*args, **kwargs)


class Commands(click.Group):
    """A group of commands that says which one may have been meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, name := args[0]) is None and not name.startswith("-"):
            near = did_you_mean(name, self.list_commands(ctx))
            all_of_them = f"`{ctx.command_path} --help` lists all commands"
            raise UsageError(
                f"no such command: {name}", hint=f"{near} {all_of_them}" if near else all_of_them
            )
        return super().resolve_command(ctx, args)


paths_argument = click.argument("paths", nargs=-1, metavar="[PATHS]...", shell_complete=candidates)
config_option = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    shell_complete=candidates,
    help="Configuration; default: enrich.toml, here or at the git root.",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print nothing unless something failed.")
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="Print a line for each target once it is counted."
)


def settings_of(command: str, config_file: str | None, options: Mapping[str, Any]) -> Settings:
    """The settings of a command that was called with these options; raises UsageError, as `enrich.config.load` does."""
    from enrich.config import load

    return load(command, options, named_file=config_file)
