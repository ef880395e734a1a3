"""The catalogue's pages in a real browser: no complaint, nothing fetched, every filter, contrast and labels by axe."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from observability import catalog, scenarios
from observability.coverage import ROWS
from observability.design.findings import FINDINGS
from observability.design.systems import SYSTEMS
from observability.model.place import ROOT
from observability.model.signal import Engine
from observability.site import highlight, pages

SITE = ROOT / "generated" / "site"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
MISSING = "chromium (Debian's package 'chromium') is not installed: the catalogue was opened in no browser"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--allow-file-access-from-files",
    "--virtual-time-budget=20000",
)  # fmt: skip
CATALOGUE = catalog.load()
NAMES = (*(f"{name}.html" for name in pages.PAGES), *(f"alert-{alert.id}.html" for alert in CATALOGUE.alerts))
# Opens each page in a frame of its own and asks it what SCRIPT asks; the answers end up in the text of this page.
AROUND = """<!doctype html><meta charset="utf-8"><pre id="said"></pre><script>
const pages = {pages};
const ask = async (page) => {{ {script} }};
const open = (path) => new Promise((done) => {{
  const frame = document.createElement("iframe");
  frame.style = "width:{width}px;height:900px;border:0";
  frame.onload = async () => {{
    const page = frame.contentDocument;
    let said;
    try {{ said = await ask(page); }} catch (error) {{ said = {{error: String(error)}}; }}
    frame.remove();
    done([path, said]);
  }};
  frame.src = path;
  document.body.append(frame);
}});
(async () => {{
  const found = [];
  for (const path of pages) found.push(await open(path));
  document.getElementById("said").textContent = JSON.stringify(found);
}})();
</script><body>"""


@pytest.fixture
def browse(tmp_path: Path, leave_out: Callable[[str], None]) -> Callable[..., tuple[dict[str, Any], list[str]]] | None:
    """What a script says of each page of a copy of the site, and the browser's complaints; None without a browser."""
    chromium = shutil.which("chromium")
    if chromium is None:
        leave_out(MISSING)
        return None
    folder = tmp_path / "site"
    shutil.copytree(SITE, folder)

    def run(
        paths: list[str],
        script: str,
        width: int = 1280,
        change: Callable[[str], str] | None = None,
        flags: tuple[str, ...] = (),
    ) -> tuple[dict[str, Any], list[str]]:
        if change is not None:
            for path in paths:
                file = folder / path
                file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
        around = folder / "around.html"
        around.write_text(AROUND.format(pages=json.dumps(paths), script=script, width=width), encoding="utf-8")
        done = subprocess.run(
            [chromium, *FLAGS, *flags, f"--user-data-dir={tmp_path / 'user'}", "--window-size=1400,1000", "--dump-dom", around.as_uri()],
            capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        said = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
        assert said is not None, done.stdout[:500] + done.stderr[-500:]
        assert said[1], done.stderr[-2000:]
        answer = dict(json.loads(said[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")))
        return answer, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return run


Browse = Callable[..., tuple[dict[str, Any], list[str]]]


# --- what is written --------------------------------------------------------------------------------------------------


def test_every_page_is_there_in_both_languages() -> None:
    found = {path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")}
    assert found == {"index.html", *(f"{lang}/{name}" for lang in ("ko", "en") for name in NAMES)}


def test_every_link_leads_somewhere_on_the_disk() -> None:
    broken = []
    for path in SITE.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        assert "http://" not in re.sub(r"<code>.*?</code>", "", text, flags=re.DOTALL)
        for link in re.findall(r'\b(?:href|src)="([^"]+)"', text):
            target, _, anchor = link.partition("#")
            file = path if not target else (path.parent / target).resolve()
            if not file.is_file():
                broken.append(f"{path}: {link}")
            elif anchor and file.suffix == ".html":
                there = ids if file == path else set(re.findall(r'\bid="([^"]+)"', file.read_text(encoding="utf-8")))
                if anchor not in there:
                    broken.append(f"{path}: {link}")
    assert broken == []


def test_an_alert_s_page_says_number_source_window_receivers_and_time_to_detect() -> None:
    text = (SITE / "en" / "alert-high-error-rate.html").read_text(encoding="utf-8")
    for said in (
        "Error rate above 1%, over 5 minutes", "design document 8.1.2 (R5)", "PagerDuty, Teams", "log, 1 min",
        "slowest measured 4 min, allowed 8 min 30 s", "errors-after-deployment", '<span class="h-key">summarize</span>',
        "../../runbooks/high-error-rate.md", "<svg role=",
    ):  # fmt: skip
        assert said in text, said


def test_every_alert_s_page_has_its_chart_and_its_time_to_detect() -> None:
    for alert in CATALOGUE.alerts:
        text = (SITE / "en" / f"alert-{alert.id}.html").read_text(encoding="utf-8")
        assert "<polyline" in text, alert.id
        assert re.search(r"slowest measured \d[^,]*, allowed \d", text), alert.id


def test_the_catalogue_is_whole() -> None:
    texts = {name: (SITE / "ko" / name).read_text(encoding="utf-8") for name in NAMES}
    assert all(f'id="{scenario.id}"' in texts["scenarios.html"] for scenario in scenarios.load())
    assert all(f"<code>{signal.name}</code>" in texts["signals.html"] for signal in CATALOGUE.signals)
    assert all(f"<code>{each.name}</code>" in texts["signals.html"] for each in CATALOGUE.instruments)
    assert all(f"<code>{query.key}</code>" in texts["queries.html"] for query in CATALOGUE.queries)
    assert all(f"{board.id}.json" in texts["dashboards.html"] for board in CATALOGUE.dashboards)
    assert all(f'id="{finding.id}"' in texts["findings.html"] for finding in FINDINGS)
    assert all(f'<th scope="row">{system.title.ko}</th>' in texts["coverage.html"] for system in SYSTEMS)
    reasons = [why.ko for row in ROWS for why in row.without.values()]
    assert all(str(escape(why)) in texts["coverage.html"] for why in reasons)


def test_a_query_is_escaped_before_its_words_are_coloured() -> None:
    assert str(highlight.kql('T | where a < 5 // <b>\n| extend x = f("</pre>")')) == (
        'T <span class="h-pipe">|</span> <span class="h-key">where</span> a &lt; <span class="h-number">5</span> '
        '<span class="h-comment">// &lt;b&gt;</span>\n<span class="h-pipe">|</span> <span class="h-key">extend</span> '
        'x = <span class="h-call">f</span>(<span class="h-string">&#34;&lt;/pre&gt;&#34;</span>)'
    )


# --- in a browser -----------------------------------------------------------------------------------------------------

LOOK = """
  return {wide: page.documentElement.scrollWidth, lang: page.documentElement.lang, title: page.title,
    fetched: page.defaultView.performance.getEntriesByType("resource").map((entry) => entry.name)};
"""


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_opens_without_a_complaint_fetches_nothing_and_fits_the_screen(
    browse: Browse | None, lang: str, width: int
) -> None:
    if browse is None:
        return
    paths = [f"{lang}/{name}" for name in NAMES]
    said, complaints = browse(paths, LOOK, width)
    assert complaints == []
    assert said.keys() == set(paths)
    for path, one in said.items():
        assert one["fetched"] == [], path
        assert one["lang"] == lang
        assert one["title"].endswith("· tripgen")
        assert one["wide"] <= width, path


@pytest.mark.parametrize("width", [1280, 390])
def test_a_picture_of_the_page_is_as_wide_as_the_screen(
    width: int, leave_out: Callable[[str], None], tmp_path: Path
) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        leave_out(MISSING)
        return
    picture = tmp_path / "page.png"
    page = (SITE / "en" / "alert-high-error-rate.html").as_uri()
    subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'user'}", f"--window-size={width},1400", f"--screenshot={picture}", page],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    found = picture.read_bytes()
    assert (int.from_bytes(found[16:20], "big"), int.from_bytes(found[20:24], "big")) == (width, 1400)
    # A blank page packs into a few kilobytes.
    assert len(found) > 40_000


FILTER = """
  const shown = () => [...page.querySelectorAll("[data-entry]")].filter((each) => !each.hidden).length;
  const found = {all: [shown(), page.getElementById("count").textContent]};
  for (const [id, value] of %s) {
    const field = page.getElementById(id);
    field.value = value;
    field.dispatchEvent(new Event("input", {bubbles: true}));
    found[id + "=" + value] = [shown(), page.getElementById("count").textContent];
    field.value = "";
    field.dispatchEvent(new Event("input", {bubbles: true}));
  }
  return found;
"""


def test_every_filter_of_the_alerts_shows_what_matches(browse: Browse | None) -> None:
    if browse is None:
        return
    asked = [
        ["find", "error RATE"], ["find", "nothing of the kind"], ["system", "aks"], ["severity", "1"], ["engine", "log"],
    ]  # fmt: skip
    said, _ = browse(["en/index.html"], FILTER % json.dumps(asked))
    many = len(CATALOGUE.alerts)
    on_logs = sum(alert.engine is Engine.LOG for alert in CATALOGUE.alerts)
    assert said["en/index.html"] == {
        "all": [many, f"{many} / {many}"],
        "find=error RATE": [1, f"1 / {many}"],
        "find=nothing of the kind": [0, f"0 / {many}"],
        "system=aks": [5, f"5 / {many}"],
        "severity=1": [1, f"1 / {many}"],
        "engine=log": [on_logs, f"{on_logs} / {many}"],
    }


def test_the_other_pages_filter_by_text_and_queries_by_pack(browse: Browse | None) -> None:
    if browse is None:
        return
    every = (*CATALOGUE.queries, *CATALOGUE.metric_queries)
    many, ai = len(every), sum(query.pack == "ai" for query in every)
    said, _ = browse(["en/queries.html"], FILTER % json.dumps([["pack", "ai"]]))
    assert said["en/queries.html"] == {"all": [many, f"{many} / {many}"], "pack=ai": [ai, f"{ai} / {many}"]}
    said, _ = browse(["en/scenarios.html"], FILTER % json.dumps([["find", "quiet-week"]]))
    assert said["en/scenarios.html"]["find=quiet-week"][0] == 3
    said, _ = browse(["en/findings.html"], FILTER % json.dumps([["find", "R32"]]))
    assert said["en/findings.html"]["find=R32"][0] >= 1
    said, _ = browse(["en/signals.html"], FILTER % json.dumps([["find", "redis_last_save"]]))
    assert said["en/signals.html"]["find=redis_last_save"][0] == 2
    said, _ = browse(["en/dashboards.html"], FILTER % json.dumps([["find", "tripgen-ai"]]))
    assert said["en/dashboards.html"]["find=tripgen-ai"][0] == 1


CHECKED = """
  const found = await page.defaultView.axe.run(page, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]});
  return found.violations.map((each) => each.id + ": " + each.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(" / "));
"""


def with_axe(text: str) -> str:
    """The page's own policy would refuse the checker."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    return text.replace("</body>", f'<script src="{AXE.as_uri()}"></script></body>')


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_wrong_with_contrast_labels_or_structure(browse: Browse | None, dark: bool) -> None:
    if browse is None:
        return
    paths = [f"en/{name}" for name in NAMES] + [
        "ko/index.html",
        "ko/alert-high-cpu-usage.html",
    ]
    flags = ("--blink-settings=preferredColorScheme=0",) if dark else ()
    said, _ = browse(paths, CHECKED, change=with_axe, flags=flags)
    assert said.keys() == set(paths)
    assert {path: found for path, found in said.items() if found} == {}
