"""The morning report in a real browser: nothing complains, nothing is fetched, nothing is wider than the screen."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from observability.catalog import load
from observability.query import runner
from observability.query.answers import Span
from observability.query.local import LocalBackend
from observability.query.show import html
from observability.simulate import Settings, write

MISSING = "chromium (Debian's package 'chromium') is not installed: the morning report was opened in no browser"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--allow-file-access-from-files",
    "--virtual-time-budget=4000",
)  # fmt: skip
# The report allows no script: a page around it measures.
AROUND = """<!doctype html><meta charset="utf-8"><p id="said"></p>
<iframe id="page" src="report.html" style="width:{width}px;height:900px;border:0"></iframe>
<script>
document.getElementById("page").onload = (event) => {{
  const page = event.target.contentDocument;
  const wide = page.documentElement.scrollWidth;
  const heads = [...page.querySelectorAll("th")].filter((each) => !each.scope).length;
  const charts = [...page.querySelectorAll("svg[role=img]")].filter((each) => !each.querySelector("title")).length;
  const summary = page.querySelector("h2"), table = page.querySelector("table");
  const first = summary.compareDocumentPosition(table) & Node.DOCUMENT_POSITION_FOLLOWING;
  document.getElementById("said").textContent = JSON.stringify(
    {{wide, heads, charts, lang: page.documentElement.lang, first: Boolean(first), tables: page.querySelectorAll("table").length}});
}};
</script>"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    settings = Settings(hours=2, tps=20)
    write(folder / "demo", settings)
    catalogue = load()
    planned = runner.plan(catalogue, runner.find_pack(catalogue, "daily"))
    backend = LocalBackend(folder / "demo", name="demo")
    span = Span(settings.end - timedelta(hours=2), settings.end)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    found = runner.run(planned, backend, span, {}, said=lambda *_: None, stop=Event(), now=now)
    (folder / "report.html").write_text(html.report(found), encoding="utf-8")
    return folder


@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_opens_without_a_complaint_and_fits_the_screen(
    report: Path, width: int, leave_out: Callable[[str], None], tmp_path: Path
) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        leave_out(MISSING)
        return
    around = report / f"around-{width}.html"
    around.write_text(AROUND.format(width=width), encoding="utf-8")
    done = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={tmp_path}", "--window-size=1400,1000", "--dump-dom", around.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    said = re.search(r'id="said">(\{.*?\})<', done.stdout)
    assert said is not None, done.stdout[:500] + done.stderr[-500:]
    assert '"heads":0,"charts":0,"lang":"ko","first":true' in said[1]
    wide = re.search(r'"wide":(\d+)', said[1])
    assert wide is not None
    assert int(wide[1]) <= width
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []


def test_the_report_names_nothing_outside_of_itself_and_speaks_korean(report: Path) -> None:
    page = (report / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"<(?:script|img|iframe)|\bon\w+=\"|@import", page) == []
    assert re.findall(r"<link[^>]*>", page) == ['<link rel="icon" href="data:,">']
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert '<html lang="ko"' in page
    assert "모든 서비스 상태 확인" in page
