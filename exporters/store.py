"""The last values of every source, within a limit of series, and the page made of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from exporters.families import Families, Histogram, Labels, Value
from exporters.page import Form, Page, clean, rows
from observability.model.signal import Instrument, InstrumentKind
from observability.signals.exporter import SERIES, SERIES_FOLDED

LIMIT = 5_000
OTHER = "other"
# Labels whose values are an enumeration of ours or names from our settings. They are few, so folding them saves
# nothing, and they carry what the queries ask for: a failure that became outcome "other" would be lost. All other
# labels take values from outside and may be folded.
CLOSED = frozenset({"outcome", "state", "role", "reason", "service", "collector", "version"})
# The source of the exporter's own state. A part of the limit is kept for it, so a flood of others cannot hide it.
OWN = "exporter"
_OWN_ROOM = 100
# And a part for families that have not come yet, so that a flood of label sets in one cannot hide another.
_FAMILIES_ROOM = 250
# The store's two series about itself.
_ITSELF = 2
# Folded counters of label sets that went away are remembered one by one up to here, then only as a sum.
_REMEMBERED = 10_000


_Group = tuple[str, Labels]
"""An instrument's name and a label set with ``other`` in place of what may be folded: the label sets that would be
folded into that one. Without labels, or with closed ones alone, each label set is a group of its own."""


class _Block:
    """One source's series of one instrument: the label sets on the page, their kept text and their numbers."""

    __slots__ = ("groups", "kept", "left_out", "numbers", "plain", "prefixes", "text", "values")

    def __init__(
        self,
        form: Form,
        kept: dict[Labels, Value],
        *,
        groups: frozenset[_Group],
        plain: bool,
        left_out: frozenset[Labels],
    ) -> None:
        # Those of all label sets that were given, on the page or not.
        self.groups = groups
        self.kept = list(kept)
        self.prefixes = form.prefixes(kept)
        # Label sets for which there is neither a series of their own nor ``other``.
        self.left_out = left_out
        # True where every label set that was given is kept as it came: then new values are taken without a look.
        self.plain = plain
        self.take(form.flat(kept.values()), kept)

    def take(self, numbers: list[float], series: Mapping[Labels, Value]) -> None:
        self.numbers = numbers
        self.values: list[Value] = list(series.values())
        self.text: str | None = None


class _Fold:
    """The series that takes what has no room: every label value that is not of a closed set is ``other``.

    Counters and histograms are added up, as ``sum()`` over the separate series would. Gauges are summed as well: ours
    count things (connections, messages, bytes), so a mean or the last one would make the total over all labels wrong.

    A member that restarts or goes away would pull a plain sum of counters down, and Prometheus would take that for a
    restart of everything in it. So ``carried`` holds what restarted members had reached, and a counter that went away
    stays in the sum for as long as the series is on the page.
    """

    __slots__ = ("carried", "live", "members")

    def __init__(self) -> None:
        self.carried: Value | None = None
        self.members: dict[tuple[str, Labels], Value] = {}
        self.live: set[tuple[str, Labels]] = set()

    def update(self, source: str, values: Mapping[Labels, Value], gauge: bool) -> int:
        """Take the present values of ``source``; the number of label sets that were not known."""
        known = len(self.members)
        for labels, value in values.items():
            key = (source, labels)
            last = self.members.get(key)
            if last is not None and not gauge and _count(value) < _count(last):
                self.carried = _add(self.carried, last)
            self.members[key] = value
            self.live.add(key)
        new = len(self.members) - known
        self.leave(source, values, gauge)
        return new

    def leave(self, source: str, but: Mapping[Labels, Value], gauge: bool) -> None:
        gone = [key for key in self.live if key[0] == source and key[1] not in but]
        self.live.difference_update(gone)
        if gauge:
            for key in gone:
                del self.members[key]
        elif len(self.members) - len(self.live) > _REMEMBERED:
            for key in [key for key in self.members if key not in self.live]:
                self.carried = _add(self.carried, self.members.pop(key))

    def total(self) -> Value:
        total = self.carried
        for value in self.members.values():
            total = _add(total, value)
        assert total is not None
        return total


class Store:
    """Holds at most ``limit`` series, counted as Prometheus does: a histogram of n bounds is n + 3.

    Label sets that came first stay. One that came too late is folded for as long as its source gives it, even when
    room appears: a counter that moved out of the sum would make the sum go backwards. Folding begins some hundred
    series before the limit, which are kept for the exporter's own state and for families that have not come yet; only
    when those are used up is a new family left out, and counted as folded.

    Closed labels keep their values in a fold, so a family has an ``other`` for each combination of them that came, and
    what is said of families here holds for each of these groups. A source that folds by itself gives SERIES_FOLDED
    among its families, and the page shows the sum of them all.
    """

    def __init__(self, limit: int = LIMIT, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._own_room = min(_OWN_ROOM, limit // 20)
        self._families_room = min(_FAMILIES_ROOM, limit // 5)
        self._clock = clock
        self._forms: dict[str, Form] = {}
        self._blocks: dict[str, dict[str, _Block]] = {}
        self._folds: dict[_Group, _Fold] = {}
        # The groups that have a place: for their ``other``, or for the one series of a group that cannot be folded.
        self._placed: set[_Group] = set()
        self._folded = 0.0
        # What each source said last that it had folded by itself.
        self._folded_by: dict[str, float] = {}
        self._at: dict[str, float] = {}
        self._page: Page | None = None
        self.on_change: Callable[[], None] | None = None

    def put(self, source: str, families: Families) -> None:
        """Make ``families`` all that is known from ``source``. Raises ValueError, and changes nothing, if an
        instrument cannot hold its values or another source gives the same series."""
        checked = [
            (self._form(instrument), series)
            for instrument, series in families.items()
            if series and instrument.name != SERIES_FOLDED.name
        ]
        folded = sum(self._numbers(self._form(SERIES_FOLDED), families.get(SERIES_FOLDED, {})))
        numbers = [self._numbers(form, series) for form, series in checked]
        blocks = self._blocks.get(source, {})
        if len(checked) == len(blocks) and all(
            (block := blocks.get(form.name)) is not None and block.plain and block.kept == list(series)
            for form, series in checked
        ):
            for (form, series), flat in zip(checked, numbers, strict=True):
                blocks[form.name].take(flat, series)
        else:
            self._replace(source, [(form, series, self._cleaned(form, series)) for form, series in checked])
        self._fold_elsewhere(source, folded)
        self._at[source] = self._clock()
        self._changed()

    def drop(self, source: str) -> None:
        """Make the series of ``source`` absent: not 0, and not their last values."""
        if self._blocks.pop(source, None) is None:
            return
        self._leave_folds(source, ())
        del self._at[source]
        self._changed()

    def pages(self) -> Page:
        """All series now, encoded when something has changed since the last call."""
        if self._page is None:
            self._page = self._encode()
        return self._page

    def families(self) -> dict[Instrument, dict[Labels, Value]]:
        """What is on the page, as values."""
        found: dict[str, dict[Labels, Value]] = {}
        for blocks in self._blocks.values():
            for name, block in blocks.items():
                histogram = self._forms[name].kind is InstrumentKind.HISTOGRAM
                found.setdefault(name, {}).update(
                    zip(block.kept, block.values if histogram else block.numbers, strict=True)
                )
        for form, other, fold in self._shown():
            found.setdefault(form.name, {})[other] = fold.total()
        named = {self._forms[name].instrument: series for name, series in found.items() if series}
        return {**named, SERIES: {(): float(self.series)}, SERIES_FOLDED: {(): self._folded}}

    def ages(self) -> dict[str, float]:
        """How many seconds ago each source was last put."""
        now = self._clock()
        return {source: now - at for source, at in self._at.items()}

    @property
    def series(self) -> int:
        """Series on the page."""
        kept = sum(
            self._forms[name].weight * len(block.kept)
            for blocks in self._blocks.values()
            for name, block in blocks.items()
        )
        return kept + sum(form.weight for form, _, _ in self._shown()) + _ITSELF

    # --- putting --------------------------------------------------------------------------------------

    def _form(self, instrument: Instrument) -> Form:
        form = self._forms.get(instrument.name)
        if form is None:
            form = self._forms[instrument.name] = Form(instrument)
        elif form.instrument is not instrument and form.instrument != instrument:
            raise ValueError(f"{instrument.name}: two instruments have this name")
        return form

    def _numbers(self, form: Form, series: Mapping[Labels, Value]) -> list[float]:
        try:
            return form.flat(series.values())
        except (TypeError, ValueError, OverflowError) as error:
            # Without the error's own text: it may hold what was given.
            raise ValueError(f"{form.name}: a value that a {form.kind.value} cannot hold") from error

    def _cleaned(self, form: Form, series: Mapping[Labels, Value]) -> dict[Labels, Value]:
        """``series`` by cleaned label sets; where two become the same, they are added up as in a fold."""
        cleaned: dict[Labels, Value] = {}
        for labels, value in series.items():
            if len(labels) != form.labels:
                raise ValueError(f"{form.name}: {len(labels)} label values for {form.labels} labels")
            try:
                labels = clean(labels)
            except TypeError as error:
                raise ValueError(f"{form.name}: a label value that is no text") from error
            one = value if isinstance(value, Histogram) else float(value)
            cleaned[labels] = _add(cleaned[labels], one) if labels in cleaned else one
        return cleaned

    def _replace(self, source: str, checked: list[tuple[Form, Mapping[Labels, Value], dict[Labels, Value]]]) -> None:
        for form, _, series in checked:
            self._refuse_twice(source, form, series)
        old = self._blocks.pop(source, {})
        blocks = self._blocks[source] = {}
        groups = {
            form.name: dict.fromkeys(self._group(form, labels) for labels in series) for form, _, series in checked
        }
        room = self._room(source, {group for some in groups.values() for group in some})
        # What was on the page stays, before anything new of any instrument is let in.
        before = {form.name: series.keys() & old[form.name].kept for form, _, series in checked if form.name in old}
        room -= sum(form.weight * len(before.get(form.name, ())) for form, _, _ in checked if self._folds_up(form))
        for form, _, _ in checked:
            # Places come first, so that ``other`` is there when it is needed.
            for group in groups[form.name]:
                if group not in self._placed and room >= form.weight:
                    self._placed.add(group)
                    room -= form.weight
        if source != OWN:
            room -= max(0, self._families_room - sum(self._forms[name].weight for name, _ in self._placed))
        for form, given, series in checked:
            kept = self._admit(source, form, series, before.get(form.name, set()), room // form.weight)
            if self._folds_up(form):
                room -= form.weight * (len(kept) - len(before.get(form.name, ())))
            rest = {labels: value for labels, value in series.items() if labels not in kept}
            known = old[form.name].left_out if form.name in old else frozenset()
            blocks[form.name] = _Block(
                form,
                kept,
                groups=frozenset(groups[form.name]),
                plain=list(given) == list(kept),
                left_out=self._fold(source, form, groups[form.name], rest, known),
            )
        self._leave_folds(source, {group for some in groups.values() for group in some})

    def _refuse_twice(self, source: str, form: Form, series: Mapping[Labels, Value]) -> None:
        for name, blocks in self._blocks.items():
            if name != source and form.name in blocks and not series.keys().isdisjoint(blocks[form.name].kept):
                raise ValueError(f"{form.name}: '{name}' gives a series of the same labels")

    def _room(self, source: str, groups: set[_Group]) -> int:
        """Series that ``source`` may have, after those of all others and after the places of groups. An ``other`` is
        counted as if it were there already, so that it never has to push anything out."""
        used = _ITSELF
        for blocks in self._blocks.values():
            for name, block in blocks.items():
                form = self._forms[name]
                used += form.weight * len(block.kept) if self._folds_up(form) else 0
        self._placed &= groups.union(*(block.groups for blocks in self._blocks.values() for block in blocks.values()))
        used += sum(self._forms[name].weight for name, _ in self._placed)
        return self._limit - used - (0 if source == OWN else self._own_room)

    def _admit(
        self, source: str, form: Form, series: dict[Labels, Value], before: set[Labels], room: int
    ) -> dict[Labels, Value]:
        if not self._folds_up(form):
            return {labels: value for labels, value in series.items() if (form.name, labels) in self._placed}
        kept = {}
        for labels, value in series.items():
            if labels in before:
                kept[labels] = value
            elif room > 0:
                group = self._group(form, labels)
                fold = self._folds.get(group)
                # What a source calls ``other`` itself would be there twice as soon as there is a fold.
                if group[1] != labels and (fold is None or (source, labels) not in fold.members):
                    kept[labels] = value
                    room -= 1
        return kept

    def _fold(
        self, source: str, form: Form, groups: Iterable[_Group], rest: dict[Labels, Value], known: frozenset[Labels]
    ) -> frozenset[Labels]:
        """Put ``rest`` into ``other``; where there is no ``other`` to take it, the label sets that are left out."""
        parts: dict[_Group, dict[Labels, Value]] = {group: {} for group in groups}
        for labels, value in rest.items():
            parts[self._group(form, labels)][labels] = value
        left_out: set[Labels] = set()
        for group, part in parts.items():
            # A source's own ``other`` is none that was folded.
            own_other = {group[1]} if self._folds_up(form) else set()
            if group not in self._placed:
                left_out |= part.keys()
                self._folded += len(part.keys() - known - own_other)
                continue
            if part and group not in self._folds:
                self._folds[group] = _Fold()
            if fold := self._folds.get(group):
                fresh = len([one for one in own_other & part.keys() if (source, one) not in fold.members])
                self._folded += fold.update(source, part, form.kind is InstrumentKind.GAUGE) - fresh
        return frozenset(left_out)

    def _fold_elsewhere(self, source: str, folded: float) -> None:
        last = self._folded_by.get(source, 0.0)
        # Less than before is a source that began anew. One that is dropped stays counted: a counter does not fall.
        self._folded += folded - last if folded >= last else folded
        self._folded_by[source] = folded

    def _leave_folds(self, source: str, but: Container[_Group]) -> None:
        for group, fold in self._folds.items():
            if group not in but:
                fold.leave(source, {}, self._forms[group[0]].kind is InstrumentKind.GAUGE)

    def _folds_up(self, form: Form) -> bool:
        """Whether it has a label that may be folded."""
        return not CLOSED.issuperset(form.instrument.labels)

    def _group(self, form: Form, labels: Labels) -> _Group:
        names = form.instrument.labels
        return form.name, tuple([value if name in CLOSED else OTHER for name, value in zip(names, labels, strict=True)])

    # --- encoding -------------------------------------------------------------------------------------

    def _shown(self) -> Iterator[tuple[Form, Labels, _Fold]]:
        for group, fold in self._folds.items():
            if fold.live and group in self._placed:
                yield self._forms[group[0]], group[1], fold

    def _encode(self) -> Page:
        texts: dict[str, list[str]] = {}
        for blocks in self._blocks.values():
            for name, block in blocks.items():
                if block.text is None:
                    block.text = rows(block.prefixes, block.numbers)
                if block.text:
                    texts.setdefault(name, []).append(block.text)
        series = self.series
        single: list[tuple[Form, Labels, Value]] = [(form, other, fold.total()) for form, other, fold in self._shown()]
        single.append((self._form(SERIES), (), series))
        single.append((self._form(SERIES_FOLDED), (), self._folded))
        for form, labels, value in single:
            texts.setdefault(form.name, []).append(rows(form.prefixes([labels]), form.flat([value])))
        return Page([(self._forms[name], "".join(texts[name])) for name in sorted(texts)], series)

    def _changed(self) -> None:
        self._page = None
        if self.on_change is not None:
            self.on_change()


def _count(value: Value) -> float:
    return value.count if isinstance(value, Histogram) else value


def _add(one: Value | None, two: Value) -> Value:
    if one is None:
        return two
    if isinstance(one, Histogram) and isinstance(two, Histogram):
        buckets = tuple(a + b for a, b in zip(one.buckets, two.buckets, strict=True))
        return Histogram(buckets, one.count + two.count, one.total + two.total)
    assert not isinstance(one, Histogram) and not isinstance(two, Histogram)
    return one + two
