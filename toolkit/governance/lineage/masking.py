"""Which functions hide the value that they are given.

A value counts as hidden where the result does not let the value be read: a digest, a cipher, a mask, or how many there are.
That is no promise of anonymity: an unsalted digest of a telephone number is found by trying all numbers. What shortens or
rewrites a text (`substring`, `regexp_replace`), and each user-defined function, is *not* taken to hide anything, since its
arguments decide that. A constant in place of a value has no source at all, and needs no mark.
"""

from __future__ import annotations

MASKING = frozenset(
    {
        *("Md5", "Sha1", "Sha2", "Hmac", "Crc32", "XxHash64", "Murmur3Hash", "HiveHash", "CollationAwareMurmur3Hash"),
        *("CollationAwareXxHash64", "AesEncrypt", "Mask", "IsNull", "IsNotNull"),
        *("Count", "CountIf", "HyperLogLogPlusPlus", "HllSketchAgg", "CountMinSketchAgg"),
    }
)
"""Spark's classes of expressions."""


def hides(expression: str) -> bool:
    """Whether an expression of this class hides the values that it is given."""
    return expression in MASKING
