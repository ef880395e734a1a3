"""Draws docs/cards.png by Microsoft's library: an alert in Korean, resolved in English, a question, and what was done.

python -m tests.workflows.picture    # needs chromium, fonts-noto-cjk, fonts-noto-color-emoji
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.workflows import payloads
from tests.workflows.world import card, world

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "cards.png"
LIBRARY = ROOT / "node_modules" / "adaptivecards" / "dist" / "adaptivecards.min.js"
# Teams' colours and spacing, as far as they matter for a picture.
HOST = {
    "fontFamily": "Segoe UI, Noto Sans CJK KR, Noto Sans KR, sans-serif",
    "spacing": {"small": 6, "default": 8, "medium": 12, "large": 16, "extraLarge": 20, "padding": 14},
    "actions": {"actionsOrientation": "horizontal", "actionAlignment": "left", "buttonSpacing": 8, "maxActions": 6},
    "containerStyles": {
        "default": {"backgroundColor": "#ffffff"},
        "good": {"backgroundColor": "#e7f2da"},
        "attention": {"backgroundColor": "#fcf4f6"},
        "warning": {"backgroundColor": "#fbf6d9"},
    },
}
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 14px; background: #f5f5f5; font: 14px "Noto Sans CJK KR", sans-serif; display: grid;
  grid-template-columns: 1fr 1fr; gap: 14px; align-items: start; }}
.ac-adaptiveCard {{ border: 1px solid #d1d1d1; border-radius: 6px; overflow: hidden; }}
.ac-pushButton {{ background: #fff; border: 1px solid #d1d1d1; border-radius: 4px; padding: 5px 10px; font-weight: 600; }}
</style><body><script src="{library}"></script><script>
for (const body of {cards}) {{
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = new AdaptiveCards.HostConfig({host});
  card.parse(body);
  document.body.append(card.render());
}}
</script>"""


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("picture: program 'chromium': not on the PATH; install Debian's package 'chromium'", file=sys.stderr)
        return 4
    with world("ko") as korean, world("en") as english:
        korean.call("teams", payloads.log())
        korean.call("scale-database", payloads.prometheus())
        english.call("teams", payloads.resolved(payloads.in_english(payloads.log())))
        english.call("scale-nodes", payloads.in_english(payloads.crash_loop()))
        shown = [card(korean.cards[0]), card(english.cards[0]), card(korean.cards[1]), card(english.cards[1])]
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "cards.html"
        listed, host = (json.dumps(value).replace("<", "\\u003c") for value in (shown, HOST))
        page.write_text(PAGE.format(library=LIBRARY.as_uri(), cards=listed, host=host), encoding="utf-8")
        command = [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
        ]
        command += [
            f"--user-data-dir={folder}/user",
            "--window-size=1120,574",
            f"--screenshot={PICTURE}",
            page.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    print(f"write {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
