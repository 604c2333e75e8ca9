"""The servers that the toolkit can start on this computer, by name. Each is a module; an area shows and steers them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from toolkit.errors import UsageError
from toolkit.service import Service
from toolkit.services.azurite import AZURITE
from toolkit.services.debezium import DEBEZIUM
from toolkit.services.kafka import KAFKA
from toolkit.services.postgres import POSTGRES
from toolkit.services.spark import SPARK

SERVICES: Mapping[str, Service] = {service.name: service for service in (AZURITE, DEBEZIUM, KAFKA, POSTGRES, SPARK)}


def service(name: str) -> Service:
    """The service of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in SERVICES:
        raise UsageError.unknown("service", name, SERVICES, cure="See: toolkit services")
    return SERVICES[name]


def jars_of(names: Iterable[str]) -> list[str]:
    """The groups of jars with which Spark reads these services.

    Raises:
        UsageError: there is no such service.
    """
    return [group for name in names if (group := service(name).jars)]
