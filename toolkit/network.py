"""How a JVM of ours reaches the network as Python does: the same proxies, the same certificates.

A JVM reads neither the variables of a proxy nor the system's certificates, so without this a company's network lets pip
through and not Java. Owns the translation; must not connect to anything.
"""

from __future__ import annotations

import hashlib
import ssl
import struct
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from toolkit.java import Java

SYSTEM_TRUST_STORES = (Path("/etc/ssl/certs/java/cacerts"), Path("/etc/pki/java/cacerts"))
"""Where Debian and Red Hat keep the system's certificates for every Java."""


def proxies() -> dict[str, str]:
    """The proxies of the environment, or of the system's settings, as Java's properties."""
    known = urllib.request.getproxies()
    found = {}
    for scheme in ("http", "https"):
        address = urlsplit(known.get(scheme, ""))
        if address.hostname:
            found[f"{scheme}.proxyHost"] = address.hostname
            found[f"{scheme}.proxyPort"] = str(address.port or 80)
    if found:
        found["http.nonProxyHosts"] = "|".join(_without_proxy(known.get("no", "")))
    return found


def _without_proxy(no_proxy: str) -> list[str]:
    """Hosts reached directly: `.example.com` covers its subdomains, which Java writes with a star."""
    names = [name.strip().lstrip("*") for name in no_proxy.split(",") if name.strip()]
    return ["localhost", "127.*", *(f"*{name}" if name.startswith(".") else name for name in names)]


def trusted(java: Java, scratch: Path) -> dict[str, str]:
    """Properties that make `java` trust whom the system trusts.

    Args:
        java: a Java of the user's keeps its own certificates unless the system keeps some for every Java.
        scratch: folder for a store written from the certificates that Python trusts, which the wheel's Java needs: nobody
            has added a company's own authority to it.
    """
    for store in SYSTEM_TRUST_STORES:
        if store.is_file():
            return {"javax.net.ssl.trustStore": str(store)}
    certificates = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not (java.from_wheel and certificates):
        return {}
    written = scratch / "trusted.jks"
    written.write_bytes(key_store(certificates))
    return {"javax.net.ssl.trustStore": str(written), "javax.net.ssl.trustStoreType": "JKS"}


def key_store(certificates: list[bytes], password: str = "changeit") -> bytes:  # noqa: S107 - Java's well-known one
    """Certificates (DER) in Java's own store format, JKS version 2.

    The format is that of `sun.security.provider.JavaKeyStore`: entries, then a SHA-1 over password, a fixed phrase and them.
    """
    entries = b"".join(_entry(number, certificate) for number, certificate in enumerate(certificates))
    content = struct.pack("!III", 0xFEEDFEED, 2, len(certificates)) + entries
    signed = password.encode("utf-16-be") + b"Mighty Aphrodite" + content
    return content + hashlib.sha1(signed, usedforsecurity=False).digest()


def _entry(number: int, certificate: bytes) -> bytes:
    trusted_certificate, made_at = 2, 0
    head = struct.pack("!I", trusted_certificate) + _text(f"ca{number}") + struct.pack("!Q", made_at)
    return head + _text("X.509") + struct.pack("!I", len(certificate)) + certificate


def _text(text: str) -> bytes:
    return struct.pack("!H", len(text)) + text.encode()
