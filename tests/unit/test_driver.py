"""A session is given the jars of the stores and databases that it reads, and of no others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from toolkit import jars, services, session, settings, warm
from toolkit.driver import FOLDERS, Driver
from toolkit.errors import UsageError
from toolkit.owners import NOBODY
from toolkit.parameters import Parameters
from toolkit.runner import ActiveRun
from toolkit.runs import RunFolder


def test_groups_come_once_and_in_order() -> None:
    assert FOLDERS.groups == ()
    assert Driver("azure").with_jars("postgres", "azure").with_jars("postgres").groups == ("azure", "postgres")
    assert Driver("azure", {"a.key": "secret"}).with_jars("postgres").properties == {"a.key": "secret"}


def test_every_service_names_jars_that_are_locked() -> None:
    assert services.jars_of(["azurite", "postgres"]) == ["postgres"]
    assert [jar.file for jar in jars.lock("postgres").jars] == ["org.postgresql_postgresql-42.7.14.jar"]
    with pytest.raises(UsageError, match="There is no service 'postgre'"):
        services.jars_of(["postgre"])


def test_a_session_that_is_kept_ready_without_the_driver_is_another_one() -> None:
    plain, reading = (warm.made_of(settings.current(), one) for one in (FOLDERS, FOLDERS.with_jars("postgres")))
    assert {name for name in plain if plain[name] != reading[name]} == {"other databases' drivers"}


def test_a_scenario_that_declares_the_database_has_its_driver(
    toolkit_home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Driver] = []

    @contextlib.contextmanager
    def noted(name: str, log: object, driver: Driver, say: object) -> Iterator[None]:
        asked.append(driver)
        yield None

    monkeypatch.setattr(warm, "session_for", noted)
    for declared in ((), ("postgres",)):
        folder = RunFolder(toolkit_home / "runs" / f"run-{len(declared)}")
        folder.path.mkdir(parents=True)
        with ActiveRun(replace(NOBODY, services=declared), Parameters(), folder) as run:
            run._session()
    assert [one.groups for one in asked] == [(), ("postgres",)]


def test_java_works_in_utc_as_the_session_does() -> None:
    on_a_cluster = settings.Settings(master="spark://127.0.0.1:7077")
    assert session.UTC_FLAG == "-Duser.timezone=UTC"
    assert session.properties(on_a_cluster)["spark.executor.extraJavaOptions"] == session.UTC_FLAG
