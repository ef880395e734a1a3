"""Grafana's HTTP API on the local server: where the token goes, and what each answer means."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from observability.deploy.grafana import Grafana
from observability.model.errors import SourceUnavailable
from observability.query.errors import WrongArgument
from tests.certificates import loopback_certificate
from tests.deploy.grafana_served import TOKEN, served
from tests.deploy.served import Pauses


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://grafana.example", "a token is sent over https only; write https://HOST"),
        ("grafana.example", "is no http or https address as clients read it; write https://HOST"),
        ("file:///etc/passwd", "is no http or https address"),
        ("https://", "is no http or https address"),
        ("https://[", "is no http or https address"),
        ("https://grafana.example/나", "is no http or https address"),
        ("https://grafana.example:99999", "is no http or https address"),
        ("https://me:secret@grafana.example", "holds more than an address"),
        ("http://me:secret@grafana.example", "holds more than an address"),
        ("grafana.example/?key=secret", "holds more than an address"),
        ("https://grafana.example/?orgId=1", "holds more than an address"),
    ],
)
def test_a_token_goes_over_https_or_stays(url: str, wrong: str) -> None:
    with pytest.raises(WrongArgument, match=wrong) as caught:
        Grafana(url, TOKEN)
    assert TOKEN not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "two words", "a\nb", "토큰"])
def test_what_cannot_be_a_token_is_none(token: str) -> None:
    with pytest.raises(WrongArgument, match="the token is empty, or holds what no token holds"):
        Grafana("https://grafana.example", token)


def test_the_token_is_sent_over_tls_to_a_server_that_is_trusted(tmp_path: Path) -> None:
    trusted = loopback_certificate(tmp_path / "server.pem")
    with served(trusted) as grafana:
        assert Grafana(grafana.address, TOKEN, tls=ssl.create_default_context(cafile=trusted)).dashboard("x") is None
        assert grafana.tokens == {f"Bearer {TOKEN}"}
        grafana.tokens.clear()
        with pytest.raises(SourceUnavailable, match=r"the connection failed \(.*certificate.*check --url"):
            Grafana(grafana.address, TOKEN).dashboard("x")
        assert grafana.tokens == set()


def test_a_proxy_of_the_environment_does_not_see_what_is_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as grafana, served() as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert Grafana(grafana.address, TOKEN).dashboard("x") is None
        assert proxy.asked == []


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"message": "Invalid API key"}, "HTTP 401: Invalid API key; the token is not accepted; make one"),
        (403, {"message": "Access denied"}, "HTTP 403: Access denied; this token may not do that"),
        (404, None, "HTTP 404: no reason was given; check --url"),
        (500, b"<html>", "HTTP 500: no reason was given; try again later"),
        (200, b"<html>", "the answer is no JSON, or not Grafana's; check --url"),
        (200, {"not": "a list"}, "the answer is no JSON, or not Grafana's; check --url"),
        (200, b"", "the answer is no JSON, or not Grafana's; check --url"),
        (400, ["odd"], "HTTP 400"),
    ],
)
def test_what_is_no_answer_says_what_to_do(status: int, body: Any, words: str) -> None:
    with served() as grafana:
        grafana.order("GET /api/folders", status, body, times=9)
        with pytest.raises(SourceUnavailable) as caught:
            Grafana(grafana.address, TOKEN, pause=Pauses()).folder("shop")
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_redirect_does_not_take_the_token_along() -> None:
    with served() as grafana, served() as elsewhere:
        grafana.order("GET /api/folders", 302, None, Location=f"{elsewhere.address}/api/folders")
        with pytest.raises(
            SourceUnavailable, match=f"HTTP 302: .* give --url as '{elsewhere.address}' if that is yours"
        ):
            Grafana(grafana.address, TOKEN).folder("shop")
    assert elsewhere.asked == []


@pytest.mark.parametrize("there", ["https://[", "https://me:secret@h/", "https://h\\\\@x", ""])
def test_a_redirect_to_nowhere_is_told_without_where(there: str) -> None:
    with served() as grafana:
        grafana.order("GET /api/folders", 302, None, Location=there)
        with pytest.raises(SourceUnavailable, match=r"HTTP 302: no reason was given; check --url$"):
            Grafana(grafana.address, TOKEN).folder("shop")


@pytest.mark.parametrize(
    "body", [[], {}, {"dashboard": {}}, {"meta": [], "dashboard": {}}, {"meta": {}, "dashboard": 5}]
)
def test_a_dashboard_that_is_none_is_unreadable(body: Any) -> None:
    with served() as grafana:
        grafana.order("GET /api/dashboards/uid/x", 200, body)
        with pytest.raises(SourceUnavailable, match="the answer is no JSON, or not Grafana's"):
            Grafana(grafana.address, TOKEN).dashboard("x")


@pytest.mark.parametrize("body", [None, [], {}, {"version": "one"}])
def test_a_save_that_tells_no_version_is_unreadable(body: Any) -> None:
    with served() as grafana:
        grafana.order("POST /api/dashboards/db", 200, body)
        with pytest.raises(SourceUnavailable, match="the answer is no JSON, or not Grafana's"):
            Grafana(grafana.address, TOKEN).save({})


@pytest.mark.parametrize("listed", [[5], [{"title": "shop"}]])
def test_folders_that_are_none_are_unreadable(listed: Any) -> None:
    with served() as grafana:
        grafana.order("GET /api/folders", 200, listed)
        with pytest.raises(SourceUnavailable, match="the answer is no JSON, or not Grafana's"):
            Grafana(grafana.address, TOKEN).folder("shop")


def test_busy_is_asked_again_after_as_long_as_grafana_says() -> None:
    pauses = Pauses()
    with served() as grafana:
        grafana.order("GET /api/folders", 429, None, Retry_After="9")
        grafana.order("GET /api/folders", 502, None)
        assert Grafana(grafana.address, TOKEN, pause=pauses).folder("shop") is None
    assert pauses.all == [9, 4]


def test_a_save_that_may_have_happened_is_not_repeated() -> None:
    pauses = Pauses()
    with served() as grafana:
        grafana.order("POST", 502, None, times=9)
        with pytest.raises(SourceUnavailable, match="HTTP 502"):
            Grafana(grafana.address, TOKEN, pause=pauses).save({})
        assert len(grafana.asked) == 1


def test_nobody_listening_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(
            SourceUnavailable, match=r"the connection failed \(.*refused.*\); check --url and the network"
        ):
            Grafana(url, TOKEN).dashboard("x")


def test_a_folder_is_found_on_a_later_page_by_title_or_uid() -> None:
    with served() as grafana:
        grafana.folders = [{"uid": f"u{number}", "title": f"t{number}"} for number in range(1500)]
        client = Grafana(grafana.address, TOKEN)
        assert (client.folder("t1400"), client.folder("u3"), client.folder("none")) == ("u1400", "u3", None)


def test_a_folder_that_somebody_made_meanwhile_is_taken() -> None:
    with served() as grafana:
        grafana.folders = [{"uid": "theirs", "title": "shop"}]
        assert Grafana(grafana.address, TOKEN).make_folder("shop") == "theirs"
