"""What the toolkit does, as a process of its own to be measured: `python -m benchmarks.ours run|land ORDERS`."""

from __future__ import annotations

import sys

from toolkit import datasets, paths, runner, scenario

SEED = 7


def run(orders: int) -> None:
    """Run the retail lakehouse under `TOOLKIT_HOME`, and print the run's id."""
    retail = scenario.get("retail_lakehouse")
    record = runner.execute(retail, retail.parse({"orders": orders, "seed": SEED}), fresh=True)
    sys.stdout.write(f"{record.run_id}\n")


def land(orders: int) -> None:
    """Land the shop's files under `TOOLKIT_HOME`, and print their folder."""
    root = paths.ensure_folder(paths.home() / "landing")
    sys.stdout.write(f"{datasets.land('shop', root, orders=orders, seed=SEED).folder}\n")


if __name__ == "__main__":
    {"run": run, "land": land}[sys.argv[1]](int(sys.argv[2]))
