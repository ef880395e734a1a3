"""Every card that a workflow sends, held against Microsoft's own Adaptive Cards library, and against Teams' limit."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from observability.checks import kusto
from observability.model.text import LANGS
from tests.workflows import payloads
from tests.workflows.world import World, card, world

ROOT = Path(__file__).parents[2]
# Bytes of one message that the webhook takes.
TEAMS_MESSAGE = 28_000
# Teams' own property, which the library does not know.
NOT_WRITTEN = {"msteams"}


def judged(listed: list[Any]) -> list[Any]:
    node = kusto.find_node()
    done = subprocess.run(
        [str(node.executable), str(Path(__file__).with_name("cards.js")), str(ROOT)],
        input=json.dumps(listed).encode(), capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    found: list[Any] = json.loads(done.stdout)
    return found


def every_message() -> list[Any]:
    """Alerts of all kinds, fired and resolved, and each way that a scaling can end, in both languages."""
    found = []
    for lang in LANGS:
        with world(lang) as here:
            for payload in (payloads.log(), payloads.metric(), payloads.prometheus()):
                here.call("teams", payload)
                here.call("teams", payloads.resolved(payload))
            unreadable = payloads.log()
            unreadable["data"]["essentials"]["firedDateTime"] = ""
            here.call("teams", unreadable)
            here.slack_status = 400
            here.call("slack", payloads.log())
            for said in ("reject", "approve"):
                here.people = said
                here.call("scale-database", payloads.prometheus())
            here.call("scale-nodes", payloads.crash_loop())
            failing(here)
            found += here.cards
    return found


def failing(here: World) -> None:
    here.clock.wait(3600)
    here.faults["GET"] = [(403, {"error": {"code": "AuthorizationFailed"}})]
    here.call("scale-nodes", payloads.another(payloads.crash_loop(), "b", here.clock.now()))


def test_every_card_is_one_that_the_library_takes_without_a_word_and_understands_whole() -> None:
    listed = [card(message) for message in every_message()]
    assert len(listed) == 2 * 14
    for body, answer in zip(listed, judged(listed), strict=True):
        assert answer["said"] == [], body
        assert answer["back"] == {key: value for key, value in body.items() if key not in NOT_WRITTEN}


def test_the_library_notices_what_is_wrong_with_a_card() -> None:
    body = {
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlok"},
            {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "a", "sise": "x"}]},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "no address"}],
    }
    (answer,) = judged([body])
    assert answer["said"] == [
        'Unknown element type "TextBlok". Fallback will be used if present.',
        'Property "url" must be set.',
    ]
    assert "sise" not in json.dumps(answer["back"])


@pytest.mark.parametrize("value", ["가" * 9000, "x" * 90_000])
def test_the_longest_message_is_one_that_teams_takes(value: str) -> None:
    payload = payloads.log(**{f"d{index}": value for index in range(6)})
    payload["data"]["essentials"]["description"] = value
    payload["data"]["customProperties"]["runbook"] = "https://x/" + "y" * 2990
    payload["data"]["alertContext"]["condition"]["allOf"][0]["linkToFilteredSearchResultsUI"] = (
        "https://x/" + "y" * 2990
    )
    with world() as here:
        here.call("teams", payload)
    assert len(json.dumps(here.cards[-1], ensure_ascii=False).encode()) < TEAMS_MESSAGE
