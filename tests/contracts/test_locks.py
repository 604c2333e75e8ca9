"""What is declared is what is locked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from toolkit import jars

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (REPOSITORY / "environments" / "requirements.lock").read_text(encoding="utf-8")
DECLARED = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["dependency-groups"]["dev"],
    *PROJECT["build-system"]["requires"],
]
LOCKED: dict[str, list[Version]] = {}
for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", LOCK, re.MULTILINE):
    LOCKED.setdefault(canonicalize_name(name), []).append(Version(version))


@pytest.mark.parametrize("declared", DECLARED)
def test_what_is_declared_is_locked(declared: str) -> None:
    wanted = Requirement(declared)
    versions = LOCKED.get(canonicalize_name(wanted.name), [])
    assert versions, f"{wanted.name} is not in the lock: ./run lock"
    assert all(version in wanted.specifier for version in versions), "the lock is older than pyproject.toml: ./run lock"


def test_every_locked_package_has_hashes() -> None:
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_lock_names_no_address_and_no_path() -> None:
    assert re.findall(r"^.*(?:://|--index|--find-links|file:).*$", LOCK, re.MULTILINE) == []


def test_the_jars_fit_the_packages() -> None:
    roots = dict(root.rsplit(":", 1) for root in jars.lock().roots)
    assert [Version(v) for root, v in roots.items() if "delta-spark" in root] == LOCKED["delta-spark"]
    assert {Version(v) for root, v in roots.items() if root.startswith("org.apache.spark:")} == set(LOCKED["pyspark"])
    assert all(jar.file.endswith(".jar") and re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in jars.lock().jars)
