"""Where a lakehouse lies: which texts name a place, what is refused, and what nobody gets to see."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.errors import SetupError, UsageError
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import ObjectPath, located, remove, storage_options
from toolkit.store.objects import StoreRefused, refused, store_of

ACCOUNT = "lake@shop1.dfs.core.windows.net"
KEY = "bm90LWEtcmVhbC1rZXk="


def test_a_text_without_a_scheme_is_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    assert located("lake") == tmp_path / "lake"
    assert located("~/lake") == Path("/home/ann/lake")
    assert located("file:///srv/lake") == Path("/srv/lake")


@pytest.mark.parametrize(
    ("text", "shown", "name"),
    [
        (f"abfss://{ACCOUNT}", f"abfss://{ACCOUNT}", "lake"),
        (f"abfss://{ACCOUNT}/", f"abfss://{ACCOUNT}", "lake"),
        (f"ABFS://{ACCOUNT}/a/b/", f"abfs://{ACCOUNT}/a/b", "b"),
        ("s3a://some.bucket/a", "s3a://some.bucket/a", "a"),
        ("s3a://some.bucket", "s3a://some.bucket", "some.bucket"),
    ],
)
def test_a_uri_is_a_place_in_a_store(text: str, shown: str, name: str) -> None:
    place = located(text)
    assert isinstance(place, ObjectPath)
    assert (str(place), place.name) == (shown, name)
    assert str(place / "silver" / "orders") == f"{shown}/silver/orders"
    assert place.joinpath("silver", "orders").parent == place / "silver"


@pytest.mark.parametrize(
    "text",
    [
        "hdfs://host/lake",
        "https://shop1.blob.core.windows.net/lake",
        "abfss://lake",
        "abfss://lake@shop1/x",
        "abfss://Lake@shop1.dfs.core.windows.net",
        "abfss://lake@shop1.dfs.core.windows.net.evil.example/x",
        f"abfss://{ACCOUNT}/a/../b",
        f"abfss://{ACCOUNT}/a//b",
        "s3a://",
        "s3a://UPPER/x",
    ],
)
def test_what_is_no_place_is_refused_with_the_form_of_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"It looks like: (abfss://container@account|s3a://bucket/folder)"):
        located(text)


def test_a_refusal_shows_no_secret() -> None:
    for text in (f"https://user:hunter2@host/{KEY}", f"abfss://lake@shop1/x?sig={KEY}"):
        with pytest.raises(UsageError) as told:
            located(text)
        assert "hunter2" not in str(told.value)
        assert f"sig={KEY}" not in str(told.value)


def test_a_lakehouse_lies_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    assert Lakehouse.default().root == tmp_path / "lakehouse"
    monkeypatch.setenv("TOOLKIT_LAKEHOUSE", str(tmp_path / "elsewhere"))
    assert Lakehouse.default().root == tmp_path / "elsewhere"
    monkeypatch.setenv("TOOLKIT_LAKEHOUSE", f"abfss://{ACCOUNT}/a")
    assert str(Lakehouse.default().path("silver.orders")) == f"abfss://{ACCOUNT}/a/silver/orders"


def test_without_credentials_the_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SetupError, match=r"how to enter the storage account shop1\. Set AZURE_STORAGE_ACCOUNT_KEY"):
        store_of(ObjectPath("abfss", ACCOUNT))


@pytest.mark.parametrize(
    ("given", "delta", "spark"),
    [
        (
            {"AZURE_STORAGE_ACCOUNT_KEY": KEY},
            "azure_storage_account_key",
            "spark.hadoop.fs.azure.account.key.shop1.dfs.core.windows.net",
        ),
        (
            {"AZURE_STORAGE_SAS_TOKEN": "sv=2024&sig=abc"},
            "azure_storage_sas_token",
            "spark.hadoop.fs.azure.sas.fixed.token.shop1.dfs.core.windows.net",
        ),
        (
            {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "hunter2"},
            "azure_storage_client_secret",
            "spark.hadoop.fs.azure.account.oauth2.client.secret.shop1.dfs.core.windows.net",
        ),
    ],
)
def test_every_client_is_told_the_same_credentials_and_none_shows_them(
    given: dict[str, str], delta: str, spark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    place = ObjectPath("abfss", ACCOUNT)
    secret = list(given.values())[-1]
    assert storage_options(place)[delta] == secret
    assert place.store.driver.properties[spark] == secret
    assert secret not in repr(place.store) + repr(place.store.driver) + repr(place) + repr(Lakehouse(place).driver)


def test_a_folder_needs_no_driver(tmp_path: Path) -> None:
    driver = Lakehouse(tmp_path).driver
    assert (driver.jars, dict(driver.properties), storage_options(tmp_path)) == ("", {}, {})


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("HTTP 403 AuthenticationFailed: Server failed to authenticate the request", "the key or token is wrong"),
        ("The specified container does not exist. ContainerNotFound", "has no container of that name"),
        ("error sending request for url (http://127.0.0.1:1/)", "does not answer"),
        ("java.net.ConnectException: Connection refused", "does not answer"),
    ],
)
def test_a_store_that_refuses_is_said_in_words(said: str, what: str) -> None:
    problem = refused(ObjectPath("abfss", ACCOUNT, "a"), said)
    assert isinstance(problem, StoreRefused)
    assert what in problem.what
    assert f"abfss://{ACCOUNT}/a" in problem.what
    assert problem.cure


def test_what_is_not_the_stores_fault_is_none_of_its_refusals() -> None:
    assert refused(ObjectPath("abfss", ACCOUNT), "Invalid JSON at line 4") is None


def test_a_folder_is_removed_and_one_that_is_not_there_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    remove(tmp_path / "a")
    remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()
