"""Settings: what can be set, from where, and who is trusted to set it."""

from __future__ import annotations

from enrich.config.checks import check_engine, check_network_environment, check_place, check_places
from enrich.config.loading import load
from enrich.config.rules import Rule
from enrich.config.settings import DEFAULT_REPORTS_DIR, Settings
from enrich.config.table import LANGUAGES, SETTINGS, Setting
from enrich.config.values import DAY_SECONDS, seconds

__all__ = [
    "DAY_SECONDS",
    "DEFAULT_REPORTS_DIR",
    "LANGUAGES",
    "SETTINGS",
    "Rule",
    "Setting",
    "Settings",
    "check_engine",
    "check_network_environment",
    "check_place",
    "check_places",
    "load",
    "seconds",
]
