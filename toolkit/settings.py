"""Choices that differ between development, test and production.

Owns the reading of `environments/<name>.toml` and of `TOOLKIT_*` variables, which win. Must not act on them.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

import psutil
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from toolkit import paths
from toolkit.errors import UsageError, nearest, wrong_value

GIB = 1024**3
OTHER_VARIABLES = frozenset(
    f"TOOLKIT_{name}"
    for name in (
        "HOME",
        "CACHE",
        "AREAS",
        "SCENARIOS",
        "MAVEN",
        "DEBUG",
        "RUN_ID",
        "FRESH",
        "SERVICE_FOLDER",
        "GOVERNANCE_KEY",
    )
)
"""Variables that are no settings: `paths`, `scenario`, `jars`, services, the command line and the runner read or set them."""
MOST_DEFAULT_MEMORY = 6 * GIB


def default_memory() -> str:
    """A quarter of this computer's memory, at most 6g, as the JVM writes it (`6144m`)."""
    return f"{min(psutil.virtual_memory().total // 4, MOST_DEFAULT_MEMORY) // 1024**2}m"


class Settings(BaseSettings):
    """One environment's settings."""

    model_config = SettingsConfigDict(env_prefix="TOOLKIT_", extra="forbid", frozen=True)

    env: Literal["dev", "test", "prod"] = "dev"
    master: str = Field("local[*]", pattern=r"^(local(\[(\*|\d+)\])?|spark://[\w.\-]+:\d+)$")
    """Where Spark runs: `local[*]`, `local[2]` or `spark://host:port`."""
    remote: str = Field("", pattern=r"^(|sc://[\w.\-]+:\d+.*)$")
    """A Spark Connect server, `sc://host:port`; wins over `master`."""
    lakehouse: str = ""
    """Where the lakehouse lies: a folder, `abfss://container@account.dfs.core.windows.net/folder` or `s3a://bucket/folder`;
    under `TOOLKIT_HOME` when empty."""
    principal: str = Field("", pattern=r"^[\w.@+\-]*$")
    """Who is at work in a lakehouse that is governed; the user of this computer when empty."""
    memory: str = Field(default_factory=default_memory, pattern=r"^\d+[mg]$")
    """Heap of the driver, which in local mode is all of Spark."""
    shuffle_partitions: int = Field(0, ge=0, le=10_000)
    """Partitions after a shuffle; 0 means four times the cores, and adaptive execution joins the small ones."""
    quick_start: bool = False
    """Compile less: small jobs start sooner, large ones run slower."""
    warm_minutes: int = Field(10, ge=0, le=1440)
    """The app keeps a Spark session ready for small work, which ends after so many idle minutes; 0: none is started or used."""
    ui: bool = False
    """Spark's web page, on loopback."""
    min_free_disk_gb: float = Field(2.0, ge=0)
    """A run refuses to start with less free disk than this, in GB."""

    @property
    def runs_here(self) -> bool:
        """Whether all of Spark is a process of this computer."""
        return self.master.startswith("local") and not self.remote

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over variables, variables over the environment's file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=_file())


def _file() -> Path:
    """The file of the environment that `TOOLKIT_ENV` names."""
    return paths.ENVIRONMENTS / f"{os.environ.get('TOOLKIT_ENV', 'dev')}.toml"


def _misspelt() -> list[str]:
    """Variables that begin as ours do and that nothing reads: each is a choice that would not come into force."""
    known = OTHER_VARIABLES | {f"TOOLKIT_{name.upper()}" for name in Settings.model_fields}
    given = sorted(name for name in os.environ if name.startswith("TOOLKIT_"))
    return [f"nothing reads {name}.{nearest(name, known)}" for name in given if name not in known]


def load() -> Settings:
    """The settings of the environment that `TOOLKIT_ENV` names, `dev` unless set.

    Raises:
        UsageError: a variable or a line of the file is unknown or out of range; all such problems at once.
    """
    wrong = _misspelt()
    try:
        found = Settings()
    except ValidationError as problem:
        wrong += map(wrong_value, problem.errors())
    except tomllib.TOMLDecodeError as problem:
        wrong.append(f"{_file().name} is no TOML: {problem}")
    if wrong:
        raise UsageError(
            f"The settings are not valid: {'; '.join(wrong)}.",
            choices=sorted(Settings.model_fields),
            cure="Correct environments/<name>.toml or the TOOLKIT_* variable of that name.",
        )
    return found


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    return load()
