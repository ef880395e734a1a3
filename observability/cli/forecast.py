"""`tripobs forecast`: gigabytes a day, the cap, the sampling that fits, and what the rules cost."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from observability.cli import main, terminal

if TYPE_CHECKING:
    from observability.forecast import Kind, Prices, Volume

_MOST_TPS = 1e7


def forecast(arguments: argparse.Namespace) -> int:
    """Print the forecast of each load that was asked for."""
    from observability import catalog
    from observability import forecast as model
    from observability.render import durations

    loads = arguments.tps or list(model.DOCUMENT_LOADS)
    wrong = [
        f"--tps '{tps:g}': give more than 0 and at most {_MOST_TPS:,.0f}" for tps in loads if not 0 < tps <= _MOST_TPS
    ]
    if arguments.sampling is not None and not 0 < arguments.sampling <= 100:
        wrong.append(f"--sampling '{arguments.sampling:g}': give percent, more than 0 and at most 100")
    if wrong:
        print("\n".join(f"tripobs: {each}" for each in wrong), file=sys.stderr)
        return main.USAGE
    try:
        known = model.prices(Path(arguments.prices)) if arguments.prices else None
    except model.WrongPrices as error:
        print(f"tripobs: --prices {error}", file=sys.stderr)
        return main.USAGE
    rate = None if arguments.sampling is None else arguments.sampling / 100
    volumes = [model.volume(tps, rate) for tps in loads]
    kinds = model.rules(catalog.load().alerts, known)
    if arguments.json:
        terminal.show_json(_plain(volumes, model.not_estimated(), kinds, known))
        return main.OK
    ko = arguments.lang == "ko"
    tables = list(volumes[0].tables)
    head = ["GB/일" if ko else "GB a day", *(f"{volume.tps:,.0f} TPS" for volume in volumes)]
    rows = [[table, *(f"{volume.tables[table]:.2f}" for volume in volumes)] for table in tables]
    rows.append(["합계" if ko else "total", *(f"{volume.total:.2f}" for volume in volumes)])
    never = "닿지 않음" if ko else "never"
    rows.append(
        [
            f"{volumes[0].cap:g} GB {'한도에 닿는 때' if ko else 'cap is hit'}",
            *(never if v.full_after is None else durations.short(v.full_after, arguments.lang) for v in volumes),
        ]
    )
    none = "없음" if ko else "none"
    rows.append(
        [
            "맞는 샘플링" if ko else "sampling that fits",
            *(none if v.fits is None else f"{model.percent_that_fits(v.fits)} %" for v in volumes),
        ]
    )
    if known is not None:
        month = [f"{30 * min(v.total, v.cap) * known.gigabyte:,.0f} {known.currency}" for v in volumes]
        rows.append(["수집 비용/월" if ko else "ingestion a month", *month])
    print(terminal.table(head, rows))
    sampling = f"{100 * volumes[0].sampling:g} %"
    print(
        f"\n샘플링 {sampling}. 한도의 하루는 한국 시간 자정에 시작한다고 봅니다. 행의 크기는 추정값입니다(design/volume.py)."
        if ko
        else f"\nSampling {sampling}. The cap's day is taken to begin at midnight in Korea; sizes of rows are estimates "
        "(design/volume.py)."
    )
    left_out = ", ".join(model.not_estimated())
    print(
        textwrap.fill(f"{'추정하지 않은 테이블' if ko else 'Not estimated'}: {left_out}", 100, subsequent_indent="  ")
    )
    head = ["규칙", "주기", "수", "월 비용"] if ko else ["rules", "every", "number", "a month"]
    unknown = "가격 모름" if ko else "price not given"
    listed = [
        [
            kind.engine.value, kind.every, str(kind.rules),
            unknown if kind.month is None or known is None else f"{kind.month:,.2f} {known.currency}",
        ]
        for kind in kinds
    ]  # fmt: skip
    print(f"\n{terminal.table(head, listed)}")
    if known is not None:
        print(f"{'가격' if ko else 'prices'}: {known.source}, {known.day}")
    return main.OK


def _plain(
    volumes: Sequence[Volume], not_estimated: Sequence[str], kinds: Sequence[Kind], known: Prices | None
) -> dict[str, object]:
    return {
        "volumes": [
            {
                "tps": volume.tps,
                "sampling": volume.sampling,
                "gigabytes": {table: round(size, 4) for table, size in volume.tables.items()},
                "total": round(volume.total, 4),
                "cap": volume.cap,
                "full_after_seconds": None if volume.full_after is None else volume.full_after.total_seconds(),
                "sampling_that_fits": volume.fits,
            }
            for volume in volumes
        ],
        "not_estimated": not_estimated,
        "rules": [
            {"engine": kind.engine.value, "every": kind.every, "rules": kind.rules, "month": kind.month}
            for kind in kinds
        ],
        "prices": {"currency": known.currency, "date": str(known.day), "source": known.source}
        if known is not None
        else None,
    }
