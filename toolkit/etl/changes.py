"""Change events applied to a table: one declaration for types 0, 1, 2, 3, 4 and 6 of a slowly changing dimension.

The arguments are called as in Spark's `create_auto_cdc_flow`, so that what is declared here moves to a pipeline of a platform.
Any order of the events, and any split of them into calls, gives the same table: what is late finds its place, what came
before changes nothing. For that, events that no row tells of are kept in a table beside it. Owns what is refused before
anything is written, and the order of the commits; what events make of a key is said in `etl.histories`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from toolkit.columns import cols, quoted
from toolkit.errors import BusyError, DataError, UsageError
from toolkit.etl.change_flow import REFUSED, ChangeFlow, received, shape_of
from toolkit.etl.commit_counts import EVENTS
from toolkit.etl.histories import (
    DELETE,
    IS_END,
    KEPT,
    LATEST,
    NEWEST,
    ROW,
    SEQUENCE,
    Shape,
    as_events,
    events_of,
    kept_of,
    resolved,
    rows_of,
)
from toolkit.etl.load import SHOWN, shown
from toolkit.etl.windows import latest
from toolkit.session import explained
from toolkit.store.commits import PLAIN, Way, written
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.merge import merge, same_key
from toolkit.store.reader import done
from toolkit.store.reuse import persisted
from toolkit.store.write import write_frame
from toolkit.words import plural

_IS_KNOWN, _WAS_KEPT, _IS_TIE = "_is_known", "_was_kept", "_is_tie"
_DISPLACES = "_displaces"
"""Of an event that counts at a place where another one was kept: it has to be kept, too, or that one would count again."""
_OP, _NEW, _OLD = "_op", "_new", "_old"


@dataclass(frozen=True)
class Applied:
    """What applying events did.

    Attributes:
        received: events that came, those that were refused among them.
        refused: events without a key or without a place in the sequence.
        repeated: events that had come before, or twice.
        late: new events older than the newest that was known of their key.
        inserted: rows of the table.
        updated: rows of the table.
        deleted: rows of the table.
        version: of the table; None where there is none yet.
        files: data files that were added to it.
        bytes: of those files.
        kept: events that no row tells of, which were put beside the table.
        history: what was done to the table of the history, for type 4.
        skipped: events of that name and number were applied before, so nothing was done.
    """

    received: int = 0
    refused: int = 0
    repeated: int = 0
    late: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    version: int | None = None
    files: int = 0
    bytes: int = 0
    kept: int = 0
    history: Applied | None = None
    skipped: bool = False


@explained()
def apply_changes(
    target: Location,
    source: DataFrame,
    flow: ChangeFlow,
    *,
    kept: Location | None = None,
    history: Location | None = None,
    quarantine: Location | None = None,
    way: Way = PLAIN,
) -> Applied:
    """Apply change events to a table, which is made by the first of them.

    Nothing is written before all events have been looked at. Applying events again changes nothing, so a call that was
    interrupted is made again. One program at a time may do it to a table: a commit of another one meanwhile is an error.

    Args:
        target: the table. It gets `_sequence`, or `_start_at` and `_end_at` (types 2 and 6), beside the columns of the events.
        source: the events, in any order: of a file, of a micro-batch, of another table's change feed.
        flow: how they are read, and what they are made into.
        kept: the table of events that no row tells of: a repetition, a delete of what was not there. A late event may make
            rows of them, so it belongs to the target; `<target>_kept` unless given.
        history: for type 4, the table of the history.
        quarantine: where events go that have no key or no place in the sequence; they are an error unless given.
        way: how the target is written: who does it and from what, and under which name it is done once.

    Raises:
        UsageError: the declaration does not fit the source.
        DataError: two events of a key have equal sequence and say different things; some have no key or no sequence; the target
            is of another shape. Nothing was written.
        BusyError: somebody else wrote to the target meanwhile. It is as they left it.
    """
    if flow.stored_as_scd_type != 4:  # noqa: PLR2004
        return _apply(target, source, flow, kept, quarantine, way)
    if history is None:
        raise UsageError("Type 4 keeps the history in a table of its own.", cure="Say where: history=Location.")
    with persisted(source) as once:
        # The history first: were the present there alone, what was overwritten in it would be lost to a run that ends here.
        past = _apply(history, once, replace(flow, stored_as_scd_type=2), None, quarantine, way)
        now = _apply(target, once, replace(flow, stored_as_scd_type=1), kept, None, way, drop_refused=True)
    return replace(now, refused=past.refused, history=past)


def _apply(
    target: Location,
    source: DataFrame,
    flow: ChangeFlow,
    kept: Location | None,
    quarantine: Location | None,
    way: Way,
    *,
    drop_refused: bool = False,
) -> Applied:
    shape = shape_of(flow, source)
    aside = kept or target.parent / f"{target.name}_kept"
    version = DeltaLog(target).newest
    # Before anything is written beside the table, too.
    if way.once and (newest := done(target, way.once.name)) is not None and newest >= way.once.number:
        return Applied(version=version, skipped=True)
    with persisted(received(source, flow, shape)) as came:
        good = as_events(came.where(~F.col(REFUSED)), shape)
        known = _rows_of_keys(target, version, good, shape)
        events = _decided(_events(good, known, aside, shape), flow, shape)
        with persisted(_outcomes(events, shape, has_rows=version is not None)) as found:
            applied, ops = _summed(found, came, shape, refuse=quarantine is None and not drop_refused)
            if quarantine is not None and applied.refused:
                refused = came.where(REFUSED).select(*cols(shape.columns), SEQUENCE, DELETE)
                write_frame(refused, quarantine, Way(way.signature, observer=way.observer), mode="append")
            if applied.kept:
                kept_events = kept_of(found.where(~F.col(_WAS_KEPT)), shape)
                write_frame(kept_events, aside, Way(way.signature, observer=way.observer), mode="append")
            signed = _noted(way, applied, shape)
            if version is None:
                return _created(rows_of(found, shape), target, applied, signed)
            return _merged(found, ops, target, version, shape, applied, signed)


def _noted(way: Way, applied: Applied, shape: Shape) -> Way:
    counts = {name: getattr(applied, name) for name in EVENTS}
    return way.noted("changes", keys=",".join(shape.keys), **counts)


# what is known


def _rows_of_keys(target: Location, version: int | None, events: DataFrame, shape: Shape) -> DataFrame | None:
    """All rows of the keys that events came for; None where there is no table."""
    if version is None:
        return None
    reader = events.sparkSession.read.format("delta").option("versionAsOf", version)
    rows = reader.load(str(target))
    _refuse_other_shape(target, rows, events, shape)
    return rows.join(events.select(*cols(shape.keys)), list(shape.keys), "left_semi")


def _refuse_other_shape(target: Location, rows: DataFrame, events: DataFrame, shape: Shape) -> None:
    there, wanted = rows.columns, list(shape.row_columns)
    if sorted(there) != sorted(wanted):
        missing = [name for name in wanted if name not in there]
        extra = [name for name in there if name not in wanted]
        raise DataError(
            f"{target.name} has other columns than this flow makes: it lacks {missing or 'none'}, and has {extra or 'none'} "
            "beside them. Nothing was written.",
            cure="Apply the changes with the declaration that made the table, or to a new table.",
        )
    types = dict(events.dtypes)
    place = SEQUENCE if SEQUENCE in there else "_start_at"
    changed = [name for name, kind in rows.dtypes if name in shape.columns and types[name] != kind]
    if dict(rows.dtypes)[place] != types[SEQUENCE]:
        changed.append(place)
    if changed:
        raise DataError(
            f"{changed[0]} of {target.name} is {dict(rows.dtypes)[changed[0]]}, and the source has "
            f"{types.get(changed[0], types[SEQUENCE])}. Nothing was written.",
            cure="Cast it in the source.",
        )


def _events(came: DataFrame, known: DataFrame | None, aside: Location, shape: Shape) -> DataFrame:
    """All events of the keys that came: those, those that were kept, and those that rows tell, with the rows as `_old`."""
    no = F.lit(False)
    events = came.withColumns({_IS_KNOWN: no, _WAS_KEPT: no, IS_END: no})
    if DeltaLog(aside).newest is not None:
        kept = came.sparkSession.read.format("delta").load(str(aside))
        kept = kept.join(came.select(*cols(shape.keys)), list(shape.keys), "left_semi")
        events = events.unionByName(kept.withColumns({_IS_KNOWN: F.lit(True), _WAS_KEPT: F.lit(True), IS_END: no}))
    if known is None:
        return events.withColumn(_OLD, F.lit(None).cast("int"))
    told = events_of(known.withColumn(_OLD, F.struct(*cols(shape.row_columns))), shape, _OLD)
    told = told.withColumns({_IS_KNOWN: F.lit(True), _WAS_KEPT: no})
    return events.withColumn(_OLD, F.lit(None)).unionByName(told)


def _decided(events: DataFrame, flow: ChangeFlow, shape: Shape) -> DataFrame:
    """Of each key and place in its sequence, the event that counts; `_is_tie` where it cannot be told.

    An event that was kept counts before the one that a row tells: the row may have taken newer values since. Where an interval
    ended counts last of those that are known: what began the next one there tells that it was no delete.
    """
    ties = tuple(name for name in flow.tie_break if name not in shape.keys)
    said = F.struct(DELETE, *cols(name for name in shape.others if name not in ties))
    is_known, was_kept = F.col(_IS_KNOWN), F.col(_WAS_KEPT)
    new, kept = F.when(~is_known, said), F.when(was_kept, said)
    begun, ended = F.when(is_known & ~was_kept & ~F.col(IS_END), said), F.when(F.col(IS_END), said)
    before, no = F.coalesce(F.max(kept), F.max(begun), F.max(ended)), F.lit(False)
    by_key = events.repartition(*cols(shape.keys))
    grouped = (_without_retold(by_key, shape) if ties else by_key).groupBy(*cols((*shape.keys, SEQUENCE, *ties)))
    one = grouped.agg(
        F.coalesce(before, F.max(new)).alias("_said"),
        (F.coalesce(F.min(new) != F.max(new), no) | F.coalesce(F.max(new) != before, no)).alias(_IS_TIE),
        F.bool_or(is_known).alias(_IS_KNOWN),
        F.bool_or(was_kept).alias(_WAS_KEPT),
        F.max(_OLD).alias(_OLD),
    ).select(*cols((*shape.keys, SEQUENCE, *ties)), "_said.*", _IS_TIE, _IS_KNOWN, _WAS_KEPT, _OLD)
    return _decided_by(one, ties, shape) if ties else one.withColumn(_DISPLACES, no)


def _without_retold(events: DataFrame, shape: Shape) -> DataFrame:
    """Events but for what rows tell of a place that more is known of; `_old` is that of the place.

    It has to go before new events are put together with it: an untracked column that decides has newer values in the row, and a
    new event that has those by right would be taken for one that was known.
    """
    place = Window.partitionBy(*cols((*shape.keys, SEQUENCE)))
    is_told = F.col(_IS_KNOWN) & ~F.col(_WAS_KEPT)
    retold = is_told & F.max(_WAS_KEPT).over(place)
    retold |= F.col(IS_END) & F.max(F.col(_IS_KNOWN) & ~F.col(IS_END)).over(place)
    return events.withColumns({_OLD: F.max(_OLD).over(place), "_retold": retold}).where("NOT _retold").drop("_retold")


def _decided_by(events: DataFrame, ties: Sequence[str], shape: Shape) -> DataFrame:
    """Of several events at one place the greatest in the columns that decide."""
    place = Window.partitionBy(*cols((*shape.keys, SEQUENCE)))
    displaces = ~F.col(_WAS_KEPT) & F.max(_WAS_KEPT).over(place)
    return events.withColumn(_DISPLACES, displaces).transform(latest((*shape.keys, SEQUENCE), ties))


def _outcomes(events: DataFrame, shape: Shape, *, has_rows: bool) -> DataFrame:
    """Each event beside what becomes of it, and what is to be done to the table for it: `_op`, from `_old` to `_new`."""
    key = Window.partitionBy(*cols(shape.keys))
    found = resolved(events, shape, _IS_KNOWN)
    kept = F.col(KEPT) | F.col(_DISPLACES)
    if not has_rows:
        return found.withColumns({KEPT: kept, _OP: F.lit(None).cast("string")})
    if not shape.has_intervals:
        # A key has one row at most: that of its row, or of its newest event where it has none any more.
        speaks = F.col(ROW) | (F.col(NEWEST) & ~F.max(ROW).over(key))
        found = found.withColumn(_OLD, F.when(speaks, F.max(_OLD).over(key)))
    new = F.when(F.col(ROW), F.struct(*cols(shape.row_columns)))
    # In one go: Spark looks through all that came before at each further call.
    return found.withColumns({KEPT: kept, _NEW: new, _OP: _op(F.col(_OLD), new)})


def _op(old: Column, new: Column) -> Column:
    """What is to be done where there was one row and is to be another; null: nothing."""
    return (
        F.when(old.isNull() & new.isNotNull(), "I")
        .when(old.isNotNull() & new.isNull(), "D")
        .when(old.isNotNull() & ~new.eqNullSafe(old), "U")
    )


def _summed(found: DataFrame, came: DataFrame, shape: Shape, *, refuse: bool) -> tuple[Applied, list[str]]:
    """What is known before anything is written, and which of insert, update and delete there are.

    Raises:
        DataError: events have no key or no sequence, where those are refused; of some keys two events are at the same place in
            the sequence, and nothing says which one counts.
    """
    is_new = ~F.col(_IS_KNOWN)
    of_events = found.agg(
        F.count_if(_IS_TIE).alias("ties"),
        F.count_if(is_new).alias("new"),
        F.count_if(is_new & (F.col(SEQUENCE) < F.col(LATEST))).alias("late"),
        F.count_if(F.col(KEPT) & ~F.col(_WAS_KEPT)).alias("kept"),
        F.collect_set(_OP).alias("ops"),
    )
    of_all = came.agg(F.count("*").alias("received"), F.count_if(REFUSED).alias("refused"))
    # Both in one job: a job of its own for the second is a tenth of what applying few events to a small table takes.
    (sums,) = of_events.crossJoin(of_all).collect()
    received, refused = sums["received"], sums["refused"]
    if refused and refuse:
        rows = came.where(REFUSED).select(*cols(shape.keys), SEQUENCE).limit(SHOWN).collect()
        raise DataError(
            f"{plural(refused, 'event')} of {received:,} have no key or no sequence, such as "
            f"{'; '.join(shown(row) for row in rows)}. Nothing was written.",
            cure="Mend the source, or say where such events go: quarantine=Location.",
        )
    if sums["ties"]:
        at = [*cols(shape.keys), F.col(SEQUENCE)]
        rows = found.where(_IS_TIE).select(*at).orderBy(*at).limit(SHOWN).collect()
        raise DataError(
            f"Events of one key with equal sequence say different things, {plural(sums['ties'], 'time')}: "
            f"{'; '.join(map(shown, rows))}. Nothing was written.",
            cure="Order them by one more column of sequence_by, or name the columns that decide: tie_break=[…].",
        )
    repeated = received - refused - sums["new"]
    applied = Applied(received=received, refused=refused, repeated=repeated, late=sums["late"], kept=sums["kept"])
    return applied, sums["ops"]


# what is written


def _created(made: DataFrame, target: Location, applied: Applied, way: Way) -> Applied:
    write_frame(made, target, way, mode="error")
    done = written(target, target.name)
    return replace(applied, inserted=done.rows, version=done.version, files=done.files, bytes=done.bytes)


def _merged(
    found: DataFrame,
    ops: Sequence[str],
    target: Location,
    version: int | None,
    shape: Shape,
    applied: Applied,
    way: Way,
) -> Applied:
    if not ops:
        return replace(applied, version=version)
    if DeltaLog(target).newest != version:
        raise BusyError(
            f"Somebody else wrote to {target.name} meanwhile; it is as they left it.", cure="Apply the changes again."
        )
    names = [quoted(name) for name in shape.row_columns]
    clauses = {
        "D": f"WHEN MATCHED AND s.{_OP} = 'D' THEN DELETE",
        "U": f"WHEN MATCHED THEN UPDATE SET {', '.join(f't.{name} = s.{name}' for name in map(quoted, shape.changing))}",
        "I": f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) VALUES ({', '.join(f's.{name}' for name in names)})",  # noqa: S608 - names are quoted
    }
    changes = (
        found.where(F.col(_OP).isNotNull()).select(F.coalesce(_NEW, _OLD).alias(_NEW), _OP).select(f"{_NEW}.*", _OP)
    )
    done = merge(changes, target, same_key(shape.identity), [clauses[op] for op in clauses if op in ops], way)
    if done is None:
        return replace(applied, version=version, kept=0, skipped=True)
    return replace(
        applied,
        inserted=done.inserted,
        updated=done.updated,
        deleted=done.deleted,
        version=done.version,
        files=done.files,
        bytes=done.bytes,
    )
