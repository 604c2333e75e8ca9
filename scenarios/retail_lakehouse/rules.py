"""What is true of the shop's data when it is good."""

from __future__ import annotations

from datetime import date

from toolkit.quality.rules import (
    EachReferences,
    Email,
    Holds,
    NotMojibake,
    NotNull,
    OneOf,
    References,
    Rule,
)

TOLERANCE = 0.01
"""Share of rows that may break a rule before the shop's data counts as bad."""
_READABLE = "_corrupt_record IS NULL"
CHANNELS = ("web", "store", "app")
STATUSES = ("placed", "shipped", "delivered", "cancelled")

DETECTED_BY = {
    "duplicate_order": ("silver.orders", "order_is_the_latest"),
    "null_customer": ("silver.orders", "customer_is_known"),
    "negative_quantity": ("silver.orders", "quantities_are_positive"),
    "unknown_product": ("silver.orders", "products_exist"),
    "future_date": ("silver.orders", "order_is_not_in_the_future"),
    "malformed_json": ("silver.orders", "order_is_readable"),
    "currency_without_rate": ("silver.orders", "currency_has_a_rate"),
    "late_file": ("silver.orders", "order_came_in_time"),
    "duplicate_customer": ("silver.customers", "customer_is_the_latest"),
    "bad_email": ("silver.customers", "email_is_an_address"),
    "mojibake_name": ("silver.customers", "first_name_is_legible"),
    "missing_country": ("silver.customers", "country_is_given"),
    "negative_price": ("silver.products", "price_is_positive"),
    "orphan_return": ("silver.returns", "order_exists"),
}
"""Which rule finds which planted defect: the table it is on, and its name."""


def rules(as_of: date) -> dict[str, tuple[Rule, ...]]:
    """The rules of each table, when asked on the day `as_of`."""
    declared = {
        "silver.customers": _customers(),
        "silver.products": _products(),
        "silver.orders": _orders(as_of),
        "silver.returns": _returns(),
        "silver.exchange_rates": _exchange_rates(),
        "silver.inventory_snapshots": _inventory_snapshots(),
    }
    return {table: tuple(map(_tolerant, found)) for table, found in declared.items()}


def _tolerant(rule: Rule) -> Rule:
    return rule.model_copy(update={"tolerance": TOLERANCE})


def _readable(thing: str) -> Rule:
    return Holds(
        name=f"{thing}_is_readable",
        description="The line could be read.",
        column="_corrupt_record",
        condition="_corrupt_record IS NULL",
    )


def _latest(thing: str) -> Rule:
    return Holds(
        name=f"{thing}_is_the_latest",
        description=f"No later row of this {thing} was sent.",
        column=f"{thing}_id",
        condition="_is_latest",
        dimension="uniqueness",
    )


def _given(column: str, name: str, description: str) -> Rule:
    return NotNull(name=name, description=description, column=column, where=_READABLE)


def _customers() -> tuple[Rule, ...]:
    return (
        _readable("customer"),
        _latest("customer"),
        _given("customer_id", "customer_id_is_given", "The customer has an id."),
        _given("country", "country_is_given", "The country is given."),
        Email(name="email_is_an_address", description="The e-mail has the form of an address.", column="email"),
        NotMojibake(
            name="first_name_is_legible",
            description="The name's accents were read in the encoding they were written in.",
            column="first_name",
        ),
    )


def _products() -> tuple[Rule, ...]:
    return (
        _readable("product"),
        _given("product_id", "product_id_is_given", "The product has an id."),
        _given("unit_price", "price_is_given", "The price is a number."),
        Holds(
            name="price_is_positive",
            description="The price is above zero.",
            column="unit_price",
            condition="unit_price > 0",
        ),
    )


def _orders(as_of: date) -> tuple[Rule, ...]:
    return (
        _readable("order"),
        _latest("order"),
        _given("order_id", "order_id_is_given", "The order has an id."),
        _given("customer_id", "customer_is_known", "The order says who ordered."),
        _given("ordered_at", "time_is_given", "The time of ordering is a time."),
        Holds(
            name="order_is_not_in_the_future",
            description=f"It was not ordered after {as_of}.",
            column="ordered_at",
            condition=f"order_date <= DATE '{as_of.isoformat()}'",
            dimension="timeliness",
        ),
        Holds(
            name="quantities_are_positive",
            description="Every quantity is above zero.",
            column="items",
            condition="forall(items, item -> item.quantity > 0)",
        ),
        EachReferences(
            name="products_exist",
            description="Every product ordered is one that the shop sells.",
            column="items.product_id",
            to="products",
            key="product_id",
        ),
        References(
            name="currency_has_a_rate",
            description="There is an exchange rate for the order's currency.",
            column="currency",
            to="exchange_rates",
            key="currency",
        ),
        OneOf(name="status_is_known", description="The status is one of four.", column="status", values=STATUSES),
        OneOf(name="channel_is_known", description="The channel is one of three.", column="channel", values=CHANNELS),
        Holds(
            name="order_came_in_time",
            description="The order came at most two days after it was placed.",
            column="_source",
            condition="date_diff(try_cast(regexp_extract(_source, '[0-9]{4}-[0-9]{2}-[0-9]{2}', 0) AS DATE), "
            "order_date) <= 2",
            severity="warn",
            dimension="timeliness",
        ),
    )


def _returns() -> tuple[Rule, ...]:
    return (
        _readable("return"),
        _given("return_id", "return_id_is_given", "The return has an id."),
        References(
            name="order_exists",
            description="The order that came back exists.",
            column="order_id",
            to="orders",
            key="order_id",
        ),
        Holds(
            name="refund_is_a_share",
            description="The refund is above zero and at most the whole amount.",
            column="refund_share",
            condition="refund_share > 0 AND refund_share <= 1",
        ),
    )


def _exchange_rates() -> tuple[Rule, ...]:
    return (
        _readable("rate"),
        _given("rate_date", "day_is_given", "The rate has a day."),
        Holds(
            name="rate_is_positive",
            description="The rate is above zero.",
            column="rate_to_eur",
            condition="rate_to_eur > 0",
        ),
    )


def _inventory_snapshots() -> tuple[Rule, ...]:
    return (
        _readable("snapshot"),
        Holds(
            name="stock_is_not_negative",
            description="There are no fewer than no pieces.",
            column="quantity_on_hand",
            condition="quantity_on_hand >= 0",
        ),
    )
