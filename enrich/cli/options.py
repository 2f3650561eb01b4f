"""Options: made from `enrich.config.SETTINGS`, and the few that all commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

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
    )


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

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        self.get_params(click.Context(self))
        return super().make_context(*args, **kwargs)


paths_argument = click.argument("paths", nargs=-1, metavar="[PATHS]...")
config_option = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="Configuration; default: enrich.toml, here or at the git root.",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print nothing unless something failed.")
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="Print a line for each target once it is counted."
)


def settings_of(command: str, config_file: str | None, options: Mapping[str, Any]) -> Settings:
    from enrich.config import load

    return load(command, options, named_file=config_file)
