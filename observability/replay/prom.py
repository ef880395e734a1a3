"""Prometheus rules without a Prometheus: the forms of PromQL that the rules use, on samples in memory.

Semantics are those of Prometheus 2, held against promtool in tests. What is not known is refused, never guessed.
"""

from __future__ import annotations

import math
import operator
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from observability.replay.arithmetic import divided, largest, power, smallest, total
from observability.replay.counters import increase, quantiles
from observability.replay.samples import Labels, Samples, Series

LOOKBACK = 300.0
"""Seconds for which a series is taken to stand where its last sample was."""
Vector = dict[Labels, float]
_Evaluated = Callable[[float], Any]


class NotKnown(ValueError):
    """A form of PromQL that is not evaluated here, or what Prometheus itself refuses to evaluate."""


def compiled(expression: str, samples: Samples) -> Callable[[float], Vector]:
    """The expression as a function of the moment (Unix seconds). Raises NotKnown, ValueError where it is no PromQL."""
    import promql_parser

    evaluated = _Compiler(samples).compile(promql_parser.parse(expression))

    def at(moment: float) -> Vector:
        found = evaluated(moment)
        return found if isinstance(found, dict) else {(): float(found)}

    return at


class _Compiler:
    """Turns the parser's tree into functions, so that each form is looked at once and not at each moment."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def compile(self, node: Any) -> _Evaluated:
        kind = type(node).__name__
        make = getattr(self, f"_{kind.lower()}", None)
        if make is None:
            raise NotKnown(f"'{node}': {kind} is not evaluated here")
        made: _Evaluated = make(node)
        return made

    def _parenexpr(self, node: Any) -> _Evaluated:
        return self.compile(node.expr)

    def _numberliteral(self, node: Any) -> _Evaluated:
        value = float(node.val)
        return lambda _moment: value

    def _unaryexpr(self, node: Any) -> _Evaluated:
        inner = self.compile(node.expr)

        def negative(moment: float) -> Any:
            found = inner(moment)
            return {labels: -value for labels, value in found.items()} if isinstance(found, dict) else -found

        return negative

    # --- selecting ------------------------------------------------------------------------------------------------

    def _selected(self, node: Any) -> list[Series]:
        if node.at is not None:
            raise NotKnown(f"'{node}': '@' is not evaluated here")
        if node.name is None or node.matchers.or_matchers:
            raise NotKnown(f"'{node}': a selector without a metric's name is not evaluated here")
        tests = [_matcher(each) for each in node.matchers.matchers]
        return [
            series
            for series in self._samples.of(node.name)
            if all(test(dict(series.labels).get(label, "")) for label, test in tests)
        ]

    def _vectorselector(self, node: Any) -> _Evaluated:
        selected, offset = self._selected(node), _seconds(node.offset)

        def instant(moment: float) -> Vector:
            found: Vector = {}
            moment -= offset
            for series in selected:
                at = bisect_right(series.times, moment) - 1
                if at >= 0 and series.times[at] >= moment - LOOKBACK and (value := series.values[at]) is not None:
                    found[series.labels] = value
            return found

        return instant

    def _ranges(self, node: Any) -> Callable[[float], list[tuple[Labels, list[float], list[float]]]]:
        """The samples of each series between two moments, both included."""
        kind = type(node).__name__
        if kind == "SubqueryExpr":
            return self._subquery(node)
        if kind != "MatrixSelector":
            raise NotKnown(f"'{node}': {kind} is not evaluated here as a range")
        selector = node.vector_selector
        selected, offset, length = self._selected(selector), _seconds(selector.offset), node.range.total_seconds()

        def ranges(moment: float) -> list[tuple[Labels, list[float], list[float]]]:
            found = []
            moment -= offset
            for series in selected:
                start = bisect_left(series.times, moment - length)
                end = bisect_right(series.times, moment)
                if start < end:
                    times, values = series.times[start:end], series.values[start:end]
                    if None in values:
                        kept = [(t, v) for t, v in zip(times, values, strict=True) if v is not None]
                        times, values = [t for t, _ in kept], [v for _, v in kept]
                    if values:
                        found.append((series.labels, times, values))
            return found  # type: ignore[return-value]

        return ranges

    def _subquery(self, node: Any) -> Callable[[float], list[tuple[Labels, list[float], list[float]]]]:
        inner, length, offset = self.compile(node.expr), node.range.total_seconds(), _seconds(node.offset)
        step = node.step.total_seconds() if node.step else 60.0
        # Its moments are multiples of the step, so those of one evaluation are most of the next one's.
        known: dict[float, Vector] = {}

        def ranges(moment: float) -> list[tuple[Labels, list[float], list[float]]]:
            end = moment - offset
            at = step * math.ceil((end - length) / step)
            for old in [each for each in known if each < at]:
                del known[old]
            found: dict[Labels, tuple[list[float], list[float]]] = {}
            while at <= end:
                if at not in known:
                    known[at] = inner(at)
                for labels, value in known[at].items():
                    times, values = found.setdefault(labels, ([], []))
                    times.append(at)
                    values.append(value)
                at += step
            return [(labels, times, values) for labels, (times, values) in found.items()]

        return ranges

    # --- functions ------------------------------------------------------------------------------------------------

    def _call(self, node: Any) -> _Evaluated:
        name, arguments = node.func.name, node.args
        if name == "time":
            return lambda moment: moment
        if name in _OVER_TIME:
            over, ranges = _OVER_TIME[name], self._ranges(arguments[0])
            return lambda moment: {labels: over(values) for labels, _, values in ranges(moment)}
        if name in ("rate", "increase"):
            ranges = self._ranges(arguments[0])
            length = arguments[0].range.total_seconds()
            inside = arguments[0]
            offset = _seconds((inside.vector_selector if hasattr(inside, "vector_selector") else inside).offset)
            each_second = length if name == "rate" else None

            def grown(moment: float) -> Vector:
                found = {}
                end = moment - offset
                for labels, times, values in ranges(moment):
                    gained = increase(times, values, end - length, end, each_second)
                    if gained is not None:
                        found[labels] = gained
                return found

            return grown
        if name in _EACH:
            each, inner = _EACH[name], self.compile(arguments[0])
            return lambda moment: {labels: each(value) for labels, value in inner(moment).items()}
        if name == "label_replace":
            return self._relabelled(arguments)
        if name == "histogram_quantile":
            quantile, buckets = self.compile(arguments[0]), self.compile(arguments[1])
            return lambda moment: quantiles(quantile(moment), buckets(moment))
        if name == "absent":
            inner = self.compile(arguments[0])
            told = _equal(arguments[0])
            return lambda moment: {} if inner(moment) else {told: 1.0}
        raise NotKnown(f"'{node}': function {name}() is not evaluated here")

    def _relabelled(self, arguments: Any) -> _Evaluated:
        inner = self.compile(arguments[0])
        target, template, source, pattern = (argument.val for argument in arguments[1:])
        if "$" in template:
            raise NotKnown(f"label_replace to '{template}': '$' is not evaluated here")
        matches = re.compile(pattern).fullmatch

        def relabelled(moment: float) -> Vector:
            found: Vector = {}
            for labels, value in inner(moment).items():
                named = dict(labels)
                if matches(named.get(source, "")):
                    named.pop(target, None)
                    if template:
                        named[target] = template
                made = tuple(sorted(named.items()))
                if made in found:
                    raise NotKnown(f"label_replace to '{target}': makes two series the same, {_shown(made)}")
                found[made] = value
            return found

        return relabelled

    def _aggregateexpr(self, node: Any) -> _Evaluated:
        name = str(node.op)
        if name not in _AGGREGATES or node.param is not None:
            raise NotKnown(f"'{node}': {name} is not evaluated here")
        aggregate, inner = _AGGREGATES[name], self.compile(node.expr)
        key = _grouping(node.modifier)

        def aggregated(moment: float) -> Vector:
            groups: dict[Labels, list[float]] = {}
            for labels, value in inner(moment).items():
                groups.setdefault(key(labels), []).append(value)
            return {labels: aggregate(values) for labels, values in groups.items()}

        return aggregated

    def _binaryexpr(self, node: Any) -> _Evaluated:
        name = str(node.op)
        left, right = self.compile(node.lhs), self.compile(node.rhs)
        modifier = node.modifier
        matching = getattr(modifier, "matching", None)
        key = _matching(matching)
        if name in ("and", "or", "unless"):
            return lambda moment: _set(name, left(moment), right(moment), key)
        if modifier is not None and str(modifier.card) not in ("VectorMatchCardinality.OneToOne", "None"):
            raise NotKnown(f"'{node}': group_left and group_right are not evaluated here")
        calculate, compare = _ARITHMETIC.get(name), _COMPARISONS.get(name)
        if calculate is None and compare is None:
            raise NotKnown(f"'{node}': operator '{name}' is not evaluated here")
        as_number = bool(modifier is not None and modifier.return_bool)

        def one(this: float, that: float, kept: float) -> float | None:
            if compare is None:
                return calculate(this, that)  # type: ignore[misc]
            if as_number:
                return float(compare(this, that))
            return kept if compare(this, that) else None

        def binary(moment: float) -> Any:
            this, that = left(moment), right(moment)
            if not isinstance(this, dict) and not isinstance(that, dict):
                return one(this, that, 1.0)
            found: Vector = {}
            if not isinstance(that, dict):
                for labels, value in this.items():
                    _put(found, labels, one(value, that, value))
            elif not isinstance(this, dict):
                for labels, value in that.items():
                    _put(found, labels, one(this, value, value))
            else:
                _matched(found, this, that)
            return found

        def _matched(found: Vector, this: Vector, that: Vector) -> None:
            others: Vector = {}
            for labels, value in that.items():
                match = key(labels)
                if match in others:
                    raise NotKnown(f"'{node}': two series on its right match {_shown(match)}")
                others[match] = value
            for labels, value in this.items():
                match = key(labels)
                if match not in others or (made := one(value, others[match], value)) is None:
                    continue
                if match in found:
                    raise NotKnown(f"'{node}': two series on its left match {_shown(match)}")
                found[match] = made

        return binary


def _shown(labels: Labels) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}"


def _put(found: Vector, labels: Labels, value: float | None) -> None:
    if value is not None:
        found[labels] = value


def _seconds(offset: Any) -> float:
    return offset.total_seconds() if offset is not None else 0.0


def _matcher(matcher: Any) -> tuple[str, Callable[[str], bool]]:
    how, wanted = str(matcher.op).rpartition(".")[2], matcher.value
    if how == "Equal":
        return matcher.name, lambda value: value == wanted
    if how == "NotEqual":
        return matcher.name, lambda value: value != wanted
    pattern = re.compile(wanted)
    if how == "Re":
        return matcher.name, lambda value: pattern.fullmatch(value) is not None
    return matcher.name, lambda value: pattern.fullmatch(value) is None


def _equal(node: Any) -> Labels:
    matchers = getattr(getattr(node, "matchers", None), "matchers", ())
    return tuple(sorted((each.name, each.value) for each in matchers if str(each.op).endswith(".Equal")))


def _grouping(modifier: Any) -> Callable[[Labels], Labels]:
    if modifier is None:
        return lambda _labels: ()
    names = frozenset(modifier.labels)
    if str(modifier.type).endswith("By"):
        return lambda labels: tuple(pair for pair in labels if pair[0] in names)
    return lambda labels: tuple(pair for pair in labels if pair[0] not in names)


def _matching(matching: Any) -> Callable[[Labels], Labels]:
    if matching is None:
        return lambda labels: labels
    names = frozenset(matching.labels)
    if str(matching).startswith("on"):
        return lambda labels: tuple(pair for pair in labels if pair[0] in names)
    return lambda labels: tuple(pair for pair in labels if pair[0] not in names)


def _set(name: str, this: Vector, that: Vector, key: Callable[[Labels], Labels]) -> Vector:
    there = {key(labels) for labels in that}
    if name == "and":
        return {labels: value for labels, value in this.items() if key(labels) in there}
    if name == "unless":
        return {labels: value for labels, value in this.items() if key(labels) not in there}
    here = {key(labels) for labels in this}
    return {**this, **{labels: value for labels, value in that.items() if key(labels) not in here}}


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": divided, "^": power,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "sum": total, "max": largest, "min": smallest, "avg": lambda values: total(values) / len(values),
    "count": lambda values: float(len(values)),
}  # fmt: skip
_OVER_TIME: dict[str, Callable[[list[float]], float]] = {
    "avg_over_time": lambda values: total(values) / len(values), "max_over_time": largest, "min_over_time": smallest,
    "sum_over_time": total, "count_over_time": lambda values: float(len(values)),
    "last_over_time": lambda values: values[-1],
}  # fmt: skip
_EACH: dict[str, Callable[[float], float]] = {
    "floor": lambda value: float(math.floor(value)) if math.isfinite(value) else value,
    "ceil": lambda value: float(math.ceil(value)) if math.isfinite(value) else value,
    "abs": abs,
}
