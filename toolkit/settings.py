"""Choices that differ between development, test and production.

Owns the reading of `environments/<name>.toml` and of `TOOLKIT_*` variables, which win. Must not act on them.
"""

from __future__ import annotations

import os
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
from toolkit.errors import UsageError

GIB = 1024**3
MOST_DEFAULT_MEMORY = 6 * GIB


def default_memory() -> str:
    """A quarter of this computer's memory, at most 6 GiB, as the JVM writes it (`6144m`)."""
    return f"{min(psutil.virtual_memory().total // 4, MOST_DEFAULT_MEMORY) // 1024**2}m"


class Settings(BaseSettings):
    """One environment's settings."""

    model_config = SettingsConfigDict(env_prefix="TOOLKIT_", extra="forbid", frozen=True)

    env: Literal["dev", "test", "prod"] = "dev"
    master: str = Field("local[*]", pattern=r"^(local(\[(\*|\d+)\])?|spark://[\w.\-]+:\d+)$")
    """Where Spark runs: `local[*]`, `local[2]` or `spark://host:port`."""
    remote: str = Field("", pattern=r"^(|sc://[\w.\-]+:\d+.*)$")
    """A Spark Connect server, `sc://host:port`; wins over `master`."""
    memory: str = Field(default_factory=default_memory, pattern=r"^\d+[mg]$")
    """Heap of the driver, which in local mode is all of Spark."""
    shuffle_partitions: int = Field(0, ge=0, le=10_000)
    """Partitions after a shuffle; 0 means twice the cores, and adaptive execution joins the small ones."""
    quick_start: bool = False
    """Compile less: small jobs start sooner, large ones run slower."""
    ui: bool = False
    """Spark's web page, on loopback."""
    min_free_disk_gb: float = Field(2.0, ge=0)
    """A run refuses to start with less free disk than this, in GB."""

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
        file = paths.ENVIRONMENTS / f"{os.environ.get('TOOLKIT_ENV', 'dev')}.toml"
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=file)

    @property
    def home(self) -> Path:
        """Runs, lakehouse and landed files."""
        return paths.home()


def load() -> Settings:
    """The settings of the environment that `TOOLKIT_ENV` names, `dev` unless set.

    Raises:
        UsageError: a variable or a line of the file is unknown or out of range; all such problems at once.
    """
    try:
        return Settings()
    except ValidationError as problem:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))} = {e.get('input')!r}: {e['msg']}" for e in problem.errors()
        )
        raise UsageError(
            f"The settings are not valid: {wrong}.",
            choices=sorted(Settings.model_fields),
            cure="Correct environments/<name>.toml or the TOOLKIT_* variable of that name.",
        ) from problem


@cache
def current() -> Settings:
    """The settings of this process, read once."""
    return load()
