"""Lands the shop: everything is drawn from the seed, one day at a time, so that memory stays bounded.

Owns the order in which the parts are written. Which rows carry a defect is settled in `plan` before
anything is drawn.
"""

from __future__ import annotations

from datasets.shop import calendar
from datasets.shop.catalogue import write_catalogue
from datasets.shop.changes import choose_changing, write_changes
from datasets.shop.customers import write_customers
from datasets.shop.deliveries import Deliveries
from datasets.shop.orders import day_frame, draw_day
from datasets.shop.plan import make_plan
from datasets.shop.returns import Returns
from datasets.shop.rhythm import make_customers
from toolkit.datasets import Landing


def generate(landing: Landing) -> None:
    """Write all files of the shop; progress counts orders."""
    plan = make_plan(landing.dataset, landing.parameters)
    landing.report(0, plan.orders)
    catalogue = write_catalogue(plan, landing)
    customers = make_customers(plan)
    changing = choose_changing(plan, customers)
    before = write_customers(plan, customers, changing.all, landing)
    write_changes(plan, customers, changing, before, landing)
    deliveries, returns = Deliveries(plan, landing), Returns(plan, landing)
    for number in range(calendar.DAYS):
        day = draw_day(plan, customers, catalogue, number)
        deliveries.send(day, day_frame(day, plan, catalogue))
        returns.draw(day)
        landing.report(int(plan.day_starts[number + 1]), plan.orders)
    returns.write()
