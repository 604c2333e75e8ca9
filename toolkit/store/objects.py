"""Object stores: who may enter, and by which driver of Spark, of `deltalake` and of pyarrow.

Credentials come from the variables that the stores' own tools read, and are never kept, printed or written. Azurite, the
emulator that `toolkit services` starts, brings its own.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from toolkit import service
from toolkit.driver import Driver
from toolkit.errors import DataError, SetupError
from toolkit.store.location import ObjectPath

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

AZURITE = "azurite"
EMULATED_ACCOUNT = "devstoreaccount1"
EMULATED_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Not a secret: the key of the emulator's account, the same for everyone, as its documentation prints it."""
_AZURE_SUFFIX = "core.windows.net"


@dataclass(frozen=True)
class ObjectStore:
    """A store that can be entered.

    Attributes:
        files: pyarrow's client of it.
        delta_options: what `deltalake` is told.
        driver: what Spark needs to reach it.
    """

    files: FileSystem = field(repr=False)
    delta_options: Mapping[str, str] = field(repr=False)
    driver: Driver = field(repr=False)

    @contextlib.contextmanager
    def answering(self, place: ObjectPath) -> Iterator[None]:
        """Say in the user's words why the store does not answer, or refuses."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as problem:
            raise refused(place, str(problem)) or problem from problem


def store_of(place: ObjectPath) -> ObjectStore:
    """The store that a place lies in.

    Raises:
        SetupError: nothing here says how to enter it.
    """
    if place.scheme == "s3a":
        return _s3(tuple(next(filter(None, map(os.environ.get, names)), "") for names in _S3_VARIABLES))
    account = place.authority.partition("@")[2].partition(".")[0]
    if account == EMULATED_ACCOUNT:
        running = service.running(AZURITE)
        if running is None:
            raise SetupError(
                f"{place} lies in Azurite, which is not running.", cure="Start it: toolkit services start azurite"
            )
        return azurite(running.ports["blob"])
    return _azure(account, tuple(os.environ.get(name, "") for name in _AZURE_VARIABLES))


@lru_cache
def azurite(port: int) -> ObjectStore:
    """The emulator of this computer.

    Args:
        port: of its server of blobs, on loopback.
    """
    from pyarrow.fs import AzureFileSystem

    here = f"127.0.0.1:{port}"
    # `deltalake` takes the emulator's address from nowhere else.
    os.environ["AZURITE_BLOB_STORAGE_URL"] = f"http://{here}"
    files = AzureFileSystem(
        account_name=EMULATED_ACCOUNT,
        account_key=EMULATED_KEY,
        blob_storage_authority=here,
        dfs_storage_authority=here,
        blob_storage_scheme="http",
        dfs_storage_scheme="http",
    )
    delta = {
        "azure_storage_use_emulator": "true",
        "azure_storage_account_name": EMULATED_ACCOUNT,
        "azure_storage_account_key": EMULATED_KEY,
    }
    spark = {
        "fs.azure.abfs.endpoint": here,
        "fs.azure.always.use.https": "false",
        "fs.azure.account.hns.enabled": "false",
        "fs.azure.fns.account.service.type": "BLOB",
        **_keyed(EMULATED_ACCOUNT, EMULATED_KEY),
    }
    return ObjectStore(files, delta, _driver(spark))


_AZURE_VARIABLES = (
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
)


@lru_cache
def _azure(account: str, given: tuple[str, ...]) -> ObjectStore:
    from pyarrow.fs import AzureFileSystem

    key, sas, tenant, client, secret = given
    delta = {"azure_storage_account_name": account}
    if key:
        files = AzureFileSystem(account_name=account, account_key=key)
        delta, spark = {**delta, "azure_storage_account_key": key}, _keyed(account, key)
    elif sas:
        files = AzureFileSystem(account_name=account, sas_token=sas)
        delta = {**delta, "azure_storage_sas_token": sas}
        host = f"{account}.dfs.{_AZURE_SUFFIX}"
        spark = {f"fs.azure.account.auth.type.{host}": "SAS", f"fs.azure.sas.fixed.token.{host}": sas}
    elif tenant and client and secret:
        files = AzureFileSystem(account_name=account, tenant_id=tenant, client_id=client, client_secret=secret)
        delta = {
            **delta,
            "azure_storage_tenant_id": tenant,
            "azure_storage_client_id": client,
            "azure_storage_client_secret": secret,
        }
        spark = _by_client(account, tenant, client, secret)
    else:
        raise SetupError(
            f"Nothing says how to enter the storage account {account}.",
            cure="Set AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID with AZURE_CLIENT_ID and "
            "AZURE_CLIENT_SECRET.",
        )
    return ObjectStore(files, delta, _driver(spark))


_S3_VARIABLES = (
    ("AWS_ACCESS_KEY_ID",),
    ("AWS_SECRET_ACCESS_KEY",),
    ("AWS_SESSION_TOKEN",),
    ("AWS_REGION", "AWS_DEFAULT_REGION"),
    ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
)
_S3_REGION = "us-east-1"


@lru_cache
def _s3(given: tuple[str, ...]) -> ObjectStore:
    from pyarrow.fs import S3FileSystem

    key, secret, token, region, endpoint = given
    if not (key and secret):
        raise SetupError(
            "Nothing says how to enter S3.",
            cure="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), AWS_REGION, and AWS_ENDPOINT_URL_S3 "
            "for a server that is not Amazon's.",
        )
    region = region or _S3_REGION
    scheme, _, server = endpoint.rpartition("://")
    files = S3FileSystem(
        access_key=key,
        secret_key=secret,
        session_token=token or None,
        region=region,
        scheme=scheme or "https",
        endpoint_override=server or None,
    )
    delta = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_region": region}
    spark = {
        "fs.s3a.access.key": key,
        "fs.s3a.secret.key": secret,
        "fs.s3a.endpoint.region": region,
        # A store may go and come back within a minute; the driver's own patience is longer.
        "fs.s3a.attempts.maximum": "3",
        "fs.s3a.retry.limit": "5",
    }
    if token:
        delta |= {"aws_session_token": token}
        temporary = "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider"
        spark |= {"fs.s3a.session.token": token, "fs.s3a.aws.credentials.provider": temporary}
    if endpoint:
        delta |= {"aws_endpoint_url": endpoint, "aws_allow_http": str(scheme == "http").lower()}
        secure = str(scheme != "http").lower()
        spark |= {
            "fs.s3a.endpoint": endpoint,
            "fs.s3a.connection.ssl.enabled": secure,
            "fs.s3a.path.style.access": "true",
        }
    return ObjectStore(files, delta, Driver("s3", {f"spark.hadoop.{name}": value for name, value in spark.items()}))


def _keyed(account: str, key: str) -> dict[str, str]:
    return {f"fs.azure.account.key.{account}.{kind}.{_AZURE_SUFFIX}": key for kind in ("dfs", "blob")}


def _by_client(account: str, tenant: str, client: str, secret: str) -> dict[str, str]:
    host, name = f"{account}.dfs.{_AZURE_SUFFIX}", "fs.azure.account.oauth2.client"
    return {
        f"fs.azure.account.auth.type.{host}": "OAuth",
        f"fs.azure.account.oauth.provider.type.{host}": "org.apache.hadoop.fs.azurebfs.oauth2.ClientCredsTokenProvider",
        f"{name}.endpoint.{host}": f"https://login.microsoftonline.com/{tenant}/oauth2/token",
        f"{name}.id.{host}": client,
        f"{name}.secret.{host}": secret,
    }


_FILE_COMMITTER = "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"


def _driver(properties: Mapping[str, str]) -> Driver:
    all_of_them = {
        # Hadoop's own choice for these schemes needs a protocol of Spark's cloud module; files are exported, not tables.
        **{f"mapreduce.outputcommitter.factory.scheme.{scheme}": _FILE_COMMITTER for scheme in ("abfs", "abfss")},
        # The driver's own choice of HTTP client needs a native library, and says so in words that help nobody.
        "fs.azure.networking.library": "JDK_HTTP_URL_CONNECTION",
        # A store may go and come back within a minute; the driver's own patience is a quarter of an hour for each request.
        "fs.azure.io.retry.max.retries": "14",
        "fs.azure.io.retry.max.backoff.interval": "5000",
        **properties,
    }
    return Driver("azure", {f"spark.hadoop.{name}": value for name, value in all_of_them.items()})


_NO_CONTAINER = "has no container of that name", "Make it in the store first, or correct TOOLKIT_LAKEHOUSE."
_REFUSALS: tuple[tuple[str, str, str], ...] = (
    (
        r"AuthenticationFailed|AuthorizationFailure|InvalidAuthenticationInfo|NoAuthenticationInformation|\b40[13]\b|"
        r"InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|ACCESS_DENIED",
        "refused what it was shown: the key or token is wrong, or may not do this",
        "Check the credentials: AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_CLIENT_SECRET; for S3, "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
    (
        r"ContainerNotFound|FilesystemNotFound|container does not exist|filesystem does not exist|NoSuchBucket|"
        r"bucket does not exist",
        *_NO_CONTAINER,
    ),
    (
        r"(?i)connection refused|could not connect|couldn't connect|failed to connect|fail to get a new connection|"
        r"error sending request|timed? ?out|name or service not known|could not resolve|UnknownHost|connection reset",
        "does not answer",
        "See whether it is running and can be reached, then run it again: nothing was published.",
    ),
)


def refused(place: ObjectPath, said: str) -> StoreRefused | None:
    """What a store's refusal means, by the words of any of its clients; None when they are of something else."""
    for pattern, what, cure in _REFUSALS:
        if re.search(pattern, said):
            return _refusal(place, what, cure)
    return None


def _refusal(place: ObjectPath, what: str, cure: str) -> StoreRefused:
    return StoreRefused(f"The store of {place} {what}.", cure=cure)


class StoreRefused(DataError):
    """A store did not answer, or refused."""


def refuse_unreachable(place: ObjectPath) -> None:
    """Raise unless the store answers and has the container.

    Raises:
        SetupError: nothing says how to enter it, or its server is not running.
        StoreRefused: it does not answer, refuses, or has no such container.
    """
    if not ObjectPath(place.scheme, place.authority).exists():
        raise _refusal(place, *_NO_CONTAINER)
