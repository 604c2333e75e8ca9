"""The area of services: which servers there are, how they are, what they say; starting and stopping them."""

from __future__ import annotations

import contextlib
from typing import Any

import psutil
from pydantic import Field

from toolkit import service as ground
from toolkit import service_leases, services
from toolkit.parameters import Parameters
from toolkit.service import HOST, Running, Service
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Area, Column, Link, Result, Row, Task, View
from toolkit.words import when

LOG_LINES = 200
SHOWN = 40
"""Lines of a log that the command prints unless asked for more."""


class OneService(Parameters):
    """One service."""

    service: str = Field(description="Such as azurite.")


class Start(OneService):
    """One service, and where it is to listen."""

    port: int | None = Field(
        None, ge=1, le=65535, description="Of its first address; the one it had last, or any free one, unless given."
    )


def _services(lakehouse: Lakehouse, parameters: Parameters) -> Result:
    """Every row whole: there are few, and each answers at once or not at all."""
    del lakehouse, parameters  # services lie beside the lakehouse
    rows = [_row(service) for service in services.SERVICES.values()]
    idle = all(row["state"] == "stopped" for row in rows)
    return Result(rows, notes=("None is at work. Start one: toolkit services start NAME",) if idle else ())


def _row(service: Service) -> Row:
    status = ground.status(service)
    running = status.running
    return {
        "service": service.name,
        "state": status.state,
        "address": [f"{HOST}:{port}" for port in running.ports.values()] if running else None,
        "since": running.started_at if running else None,
        "memory": _memory(running) if running else None,
        "does": service.does,
        "why": status.why or None,
    }


def _memory(running: Running) -> int | None:
    """What it and its helpers take; None where the system does not tell."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(running.pid)
        return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])
    return None


def _sentence(row: Row) -> str:
    name = row["service"]
    match row["state"]:
        case "running":
            return f"{name} answers at {', '.join(row['address'])} since {when(row['since'])}."
        case "starting":
            return f"{name} is being started."
        case "stopped":
            return f"{name} is not at work. Start it: toolkit services start {name}"
        case "died":
            return f"{name} ended without being stopped. Start it: toolkit services start {name}\n{row['why']}"
        case "unhealthy":
            return f"{name} is there, and does not answer. Start it anew: toolkit services start {name}\n{row['why']}"
        case _:
            return f"How {name} is could not be determined.\n{row['why']}"


ONE = {"service": "service"}
STEERED = (
    Link("a", "Start", "services.start", "Start it, unless it is at work.", ONE),
    Link("x", "Stop", "services.stop", "Stop it; what it keeps stays.", ONE),
)
TO_LIST = Link("enter", "Services", "services.list", "Show how the services are.")
LIST = View(
    "list",
    "Services",
    "Which servers can be started here, which are at work, and at which address?",
    _services,
    (
        Column("service", "name"),
        Column("state", "state"),
        Column("address", "names"),
        Column("since", "moment", shown="wide"),
        Column("memory", "size", shown="wide"),
        Column("does", "text", "what it does", shown="wide"),
        Column("why", "text", "last words", shown="wide"),
    ),
    Parameters,
    sentence=_sentence,
    links=(
        Link("enter", "Log", "services.log", "Show what it said last.", ONE),
        *STEERED,
    ),
    empty="There is no service.",
)


def _log(lakehouse: Lakehouse, parameters: OneService) -> Result:
    """What it said since it was started last, and before that, as far as it is kept."""
    del lakehouse
    one = services.service(parameters.service)
    log = ground.Place(ground.folder(one.name), {}).log
    earlier = ground.tail(log.with_name("log.1.txt"), LOG_LINES)
    lines = [("now", line) for line in ground.tail(log, LOG_LINES)]
    lines = [*[("before", line) for line in earlier], *lines][-LOG_LINES:]
    newest = [{"line": number, "start": start, "said": said} for number, (start, said) in enumerate(lines, 1)][::-1]
    return Result(newest, notes=(f"All of it: services/{one.name}/log.txt in TOOLKIT_HOME.",) if newest else ())


LOG = View(
    "log",
    "Log",
    "What did a service say, since it was started last and before? The newest first.",
    _log,
    (Column("line", "count"), Column("start", "name", shown="wide"), Column("said", "text")),
    OneService,
    sentence=lambda row: str(row["said"]),
    links=STEERED,
    empty="It has said nothing yet. Start it: toolkit services start NAME",
    limit=SHOWN,
)


def _start(platform: Any, parameters: Start) -> Running:
    del platform  # no table, and no Spark
    one = services.service(parameters.service)
    fixed = {one.ports[0]: parameters.port} if parameters.port else {}
    return service_leases.started(one, fixed)


def _stop(platform: Any, parameters: OneService) -> bool:
    del platform
    return service_leases.stopped(services.service(parameters.service))


def _known(parameters: OneService) -> None:
    services.service(parameters.service)


def _started(parameters: Start, running: Running) -> str:
    at = ", ".join(f"{HOST}:{port}" for port in running.ports.values())
    return f"{parameters.service} answers at {at}. {services.service(parameters.service).hint}".rstrip()


def _stopped(parameters: OneService, stopped: bool) -> str:
    if not stopped:
        return f"{parameters.service} was not at work."
    return f"{parameters.service} is stopped. What it keeps is in {ground.Place(ground.folder(parameters.service), {}).data}."


START = Task(
    "start",
    "Start",
    "Start a server on this computer; what it needs is installed first.",
    Start,
    _start,
    answer=_started,
    prepare=_known,
    then=TO_LIST,
    is_guarded=True,
)
STOP = Task(
    "stop",
    "Stop",
    "Stop a server on this computer; what it keeps stays.",
    OneService,
    _stop,
    answer=_stopped,
    prepare=_known,
    then=TO_LIST,
    is_guarded=True,
)
AREA = Area("services", "Services", views=(LIST, LOG), tasks=(START, STOP))
