"""What one would write by hand for the 24 rules: the floor of the benchmark, in a process of its own and in ours.

Written out rule by rule on purpose. It takes the rules' names from nowhere else, so a rule that changes shows up as a count
that differs.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

DAILY = ("UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX", "FL", "AS", "F9", "YV")


def bad_rows() -> dict[str, Column]:
    """What is true of a bad row, by rule; null counts as false."""
    return {
        "dep_time_given": F.col("dep_time").isNull(),
        "arr_delay_given": F.col("arr_delay").isNull(),
        "tailnum_given": F.col("tailnum").isNull(),
        "time_hour_given": F.col("time_hour").isNull(),
        "origin_is_in_new_york": ~F.col("origin").isin("EWR", "JFK", "LGA"),
        "carrier_flies_daily": ~F.col("carrier").isin(*DAILY),
        "month_exists": ~F.col("month").between(1, 12),
        "day_exists": ~F.col("day").between(1, 31),
        "dep_time_within_the_day": ~F.col("dep_time").between(1, 2359),
        "sched_dep_time_within_the_day": ~F.col("sched_dep_time").between(1, 2359),
        "dep_delay_plausible": ~F.col("dep_delay").between(-60, 600),
        "arr_delay_plausible": ~F.col("arr_delay").between(-120, 600),
        "air_time_plausible": ~F.col("air_time").between(20, 600),
        "distance_plausible": ~F.col("distance").between(80, 3000),
        "hour_by_day": ~F.col("hour").between(5, 23),
        "minute_exists": ~F.col("minute").between(0, 59),
        "tailnum_is_american": ~F.col("tailnum").rlike("^N[0-9A-Z]{2,5}$"),
        "dest_is_a_code": ~F.col("dest").rlike("^[A-Z]{3}$"),
        "carrier_has_two_letters": F.length("carrier") != 2,
        "tailnum_has_six_characters": F.length("tailnum") != 6,
        "goes_elsewhere": F.col("origin") == F.col("dest"),
        "arrives_before_midnight": F.col("dep_time") >= F.col("arr_time"),
        "sched_dep_time_is_hour_and_minute": F.col("sched_dep_time") != F.col("hour") * 100 + F.col("minute"),
        "gains_and_losses_plausible": ~(F.col("arr_delay") - F.col("dep_delay")).between(-90, 180),
    }
