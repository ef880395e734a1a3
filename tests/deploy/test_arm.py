"""Requests to Azure Resource Manager: sign-in, pages, tries, long operations, and what goes wrong."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from observability.deploy.arm import Arm
from observability.deploy.client import checked
from observability.deploy.errors import Refused
from observability.model.errors import SourceUnavailable
from observability.query.errors import WrongArgument
from tests.certificates import loopback_certificate
from tests.deploy.served import GROUP, ROOT, SUBSCRIPTION, Cloud, Pauses, connected, served

KIND = f"{ROOT}/providers/Shop/tills"
ONE = f"{KIND}/one"
TOKEN = "a-token-that-nobody-may-see"  # noqa: S105 - of this test alone


def till(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{KIND}/{name}", "type": "Shop/tills", "name": name, **more}


class Credential:
    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.scopes = scopes
        return AccessToken(TOKEN, 4_000_000_000)


# --- where ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "https://management.azure.com",
        "https://koreacentral.management.azure.com/",
        "https://management.chinacloudapi.cn",
        "http://127.0.0.1:5000",
    ],
)
def test_a_token_goes_to_azure_and_this_machine(address: str) -> None:
    assert checked(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://management.azure.com",
        "https://management.azure.com.example.org",
        "https://management.azure.com:8443",
        "https://evilmanagement.azure.com",
    ],
)
def test_a_token_goes_nowhere_else(address: str) -> None:
    with pytest.raises(WrongArgument, match="not https, or not a host of Azure; name one of https://management"):
        checked(address)


@pytest.mark.parametrize(
    "address", ["https://me:secret@management.azure.com", "https://management.azure.com?key=secret"]
)
def test_an_endpoint_with_a_secret_in_it_is_refused_and_not_told(address: str) -> None:
    with pytest.raises(WrongArgument, match=r"^--endpoint: holds more than an address; name one of") as caught:
        checked(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("group", ["rg-shop", "rg_shop.2(prod)", "상점", "ㅏ", "x" * 90])
def test_a_resource_group_is_named_as_azure_names_one(group: str) -> None:
    arm = Arm(SUBSCRIPTION, group, endpoint="http://127.0.0.1:1")
    arm.close()
    assert arm.path == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"


@pytest.mark.parametrize("group", ["", ".", "..", "../rg-theirs", "a/b", "rg.", "rg shop", "rg%2e", "①", "x" * 91])
def test_what_cannot_be_the_name_of_a_resource_group_is_refused(group: str) -> None:
    with pytest.raises(
        WrongArgument, match=r"is not the name of one, .* 'az group list --query \[\]\.name' tells yours"
    ):
        Arm(SUBSCRIPTION, group, endpoint="http://127.0.0.1:1")


@pytest.mark.parametrize("name", [".", ".."])
def test_an_id_that_leads_up_is_not_asked_about(name: str) -> None:
    words = r"till: '.*': a part of it is '\.' or '\.\.'; mend that name"
    with served() as cloud, connected(cloud) as arm, pytest.raises(WrongArgument, match=words):
        arm.ask("GET", f"{KIND}/{name}/providers/Shop/lids/red", "1", what="till")
    assert cloud.asked == []


def test_a_name_that_an_address_cannot_hold_is_sent_all_the_same() -> None:
    with served() as cloud, connected(cloud) as arm:
        cloud.put(till("하나 (100%)?"))
        assert arm.ask("GET", f"{KIND}/하나 (100%)?", "1", what="till").body["name"] == "하나 (100%)?"


def test_a_subscription_is_an_id() -> None:
    with pytest.raises(WrongArgument, match="--subscription 'prod': is not an id"):
        Arm("prod", GROUP)


def test_a_server_of_this_machine_is_asked_without_a_sign_in() -> None:
    with served() as cloud, connected(cloud) as arm:
        cloud.put(till("one"))
        assert arm.ask("GET", ONE, "1", what="till").body["name"] == "one"
    assert "Authorization" not in cloud.headers[0]
    assert cloud.headers[0]["User-Agent"].startswith("tripobs/")


def test_a_proxy_of_the_environment_does_not_see_what_is_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as cloud, served() as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with connected(cloud) as arm:
            assert arm.listed(KIND, "1", what="tills") == []
    assert proxy.asked == []


def test_over_tls_the_token_of_the_management_audience_is_sent(tmp_path: Path) -> None:
    trusted = loopback_certificate(tmp_path / "server.pem")
    credential = Credential()
    with served(certificate=trusted) as cloud:
        cloud.put(till("one"))
        arm = Arm(SUBSCRIPTION, GROUP, endpoint=cloud.address, credential=credential, connection_verify=str(trusted))
        try:
            arm.ask("GET", ONE, "1", what="till")
        finally:
            arm.close()
    assert cloud.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert credential.scopes == ("https://management.azure.com/.default",)


def test_a_token_is_not_sent_without_tls() -> None:
    with served() as cloud:
        arm = Arm(SUBSCRIPTION, GROUP, endpoint=cloud.address, credential=Credential(), pause=Pauses())
        with pytest.raises(SourceUnavailable, match="the connection failed"):
            arm.ask("GET", ONE, "1", what="till")
        arm.close()
    assert cloud.asked == []


def test_a_certificate_that_is_not_trusted_ends_it(tmp_path: Path) -> None:
    with served(certificate=loopback_certificate(tmp_path / "server.pem")) as cloud:
        arm = Arm(SUBSCRIPTION, GROUP, endpoint=cloud.address, credential=Credential(), pause=Pauses())
        with pytest.raises(SourceUnavailable, match=r"the connection failed.*check the network and the address"):
            arm.ask("GET", ONE, "1", what="till")
        arm.close()
    assert cloud.headers == []


# --- lists ---------------------------------------------------------------------------------------------------


def test_every_page_of_a_list_is_read() -> None:
    with served() as cloud, connected(cloud) as arm:
        for number in range(5):
            cloud.put(till(f"till-{number}"))
        found = arm.listed(KIND, "2023-01-01", what="list of tills")
    assert [one["name"] for one in found] == [f"till-{number}" for number in range(5)]
    assert len(cloud.asked) == 3


def test_a_next_page_elsewhere_is_not_asked_for() -> None:
    with served() as cloud, connected(cloud) as arm, served() as elsewhere:
        cloud.order("GET", "tills", 200, {"value": [], "nextLink": f"{elsewhere.address}/more"})
        with pytest.raises(SourceUnavailable, match=r"an answer leads away from Azure, to 'http://127\.0\.0\.1:\d+'"):
            arm.listed(KIND, "1", what="list of tills")
    assert elsewhere.asked == []


def test_a_token_of_one_cloud_is_not_sent_to_another() -> None:
    arm = Arm(SUBSCRIPTION, GROUP, endpoint="https://management.usgovcloudapi.net", credential=Credential())
    with pytest.raises(SourceUnavailable, match=r"leads away from Azure, to 'https://management\.azure\.com'"):
        arm.ask("GET", f"https://management.azure.com{ONE}", "1", what="till")
    arm.close()


def test_a_next_page_that_comes_back_to_itself_ends() -> None:
    with served() as cloud, connected(cloud) as arm:
        more = f"{cloud.address}{KIND}?page=2"
        cloud.order("GET", "tills", 200, {"value": [], "nextLink": more}, times=9)
        with pytest.raises(SourceUnavailable, match="not as the service documents it"):
            arm.listed(KIND, "1", what="list of tills")
    assert len(cloud.asked) == 2


@pytest.mark.parametrize("answer", [b"<html>", b"", {"value": None}, {"value": [1]}, [], {}])
def test_an_answer_that_is_no_list_is_unreadable(answer: Any) -> None:
    with served() as cloud, connected(cloud) as arm:
        cloud.order("GET", "tills", 200, answer)
        with pytest.raises(SourceUnavailable, match="list of tills: the answer is no JSON, or not as the service"):
            arm.listed(KIND, "1", what="list of tills")


# --- tries ---------------------------------------------------------------------------------------------------


def test_busy_is_asked_again_after_as_long_as_azure_says() -> None:
    pauses = Pauses()
    with served() as cloud, connected(cloud, pauses) as arm:
        cloud.put(till("one"))
        cloud.order("GET", "tills", 429, {"error": {"code": "TooMany", "message": "m"}}, times=2, Retry_After="7")
        assert arm.ask("GET", ONE, "1", what="till").status == 200
    assert pauses.all == [7, 7]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_busy_for_long_is_told(status: int) -> None:
    pauses = Pauses()
    with served() as cloud, connected(cloud, pauses) as arm:
        cloud.order("GET", "tills", status, {"error": {"code": "Busy", "message": "later"}}, times=99)
        with pytest.raises(SourceUnavailable, match=r"till: .*Busy: later; try again later"):
            arm.ask("GET", ONE, "1", what="till")
    assert 3 <= len(cloud.asked) <= 6
    assert all(pause <= 30 for pause in pauses.all)


def test_nobody_listening_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        arm = Arm(SUBSCRIPTION, GROUP, endpoint=address, pause=Pauses())
        with pytest.raises(SourceUnavailable, match=r"till: the connection failed .*check the network and the address"):
            arm.ask("GET", ONE, "1", what="till")
        arm.close()


def test_a_redirect_is_not_followed() -> None:
    with served() as cloud, connected(cloud) as arm, served() as elsewhere:
        cloud.order("GET", "tills", 302, None, Location=f"{elsewhere.address}/")
        with pytest.raises(SourceUnavailable, match="look for a proxy in between"):
            arm.ask("GET", ONE, "1", what="till")
    assert elsewhere.asked == []


def test_an_error_is_read_even_where_it_is_no_json() -> None:
    with served() as cloud, connected(cloud) as arm:
        cloud.order("GET", "tills", 400, b"<html>")
        with pytest.raises(Refused, match="till: Unknown: no reason was given"):
            arm.ask("GET", ONE, "1", what="till")


@pytest.mark.parametrize(
    "written", ["https://127.0.0.1:{port}\\@{cloud}/next", "https://127.0.0.1:{port}\\.{cloud}/next"]
)
def test_a_page_whose_address_two_clients_read_differently_gets_no_token(written: str, tmp_path: Path) -> None:
    trusted = loopback_certificate(tmp_path / "server.pem")
    with served(certificate=trusted) as elsewhere:
        arm = Arm(SUBSCRIPTION, GROUP, credential=Credential(), connection_verify=str(trusted), pause=Pauses())
        port = elsewhere.address.rpartition(":")[2]
        with pytest.raises(SourceUnavailable, match="leads to an address that clients read in different ways"):
            arm.ask("GET", written.format(port=port, cloud="management.azure.com"), what="list of tills")
        arm.close()
    assert elsewhere.headers == []


@pytest.mark.parametrize("following", [5, ["https://127.0.0.1/"], {"href": "x"}])
def test_a_next_page_that_is_no_address_is_unreadable(following: Any) -> None:
    with served() as cloud, connected(cloud) as arm:
        cloud.order("GET", "tills", 200, {"value": [], "nextLink": following})
        with pytest.raises(SourceUnavailable, match="not as the service documents it"):
            arm.listed(KIND, "1", what="list of tills")


# --- long operations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Location"])
def test_a_long_deletion_is_waited_for(header: str) -> None:
    pauses = Pauses()
    cloud = Cloud(slow=frozenset({"Shop/tills"}), running=2, state_of=header)
    with served(cloud), connected(cloud, pauses) as arm:
        cloud.put(till("one"))
        assert arm.delete(ONE, "1", what="till") is True
    assert [line.partition("/operations")[0] for line in cloud.asked[1:]] == ["GET "] * 3
    assert pauses.all == [0, 0, 0]


def test_what_is_not_there_is_no_trouble_to_delete() -> None:
    with served() as cloud, connected(cloud) as arm:
        assert arm.delete(ONE, "1", what="till") is False
        cloud.order("DELETE", "tills", 404, {"error": {"code": "ResourceNotFound", "message": "m"}})
        assert arm.delete(ONE, "1", what="till") is False


def test_a_long_deletion_that_fails_says_why() -> None:
    cloud = Cloud(slow=frozenset({"Shop/tills"}))
    with served(cloud), connected(cloud) as arm:
        cloud.put(till("one"))
        failed = {"status": "Failed", "error": {"code": "InUse", "message": "somebody counts"}}
        cloud.order("GET", "/operations/", 200, failed)
        with pytest.raises(Refused, match="till: InUse: somebody counts"):
            arm.delete(ONE, "1", what="till")


def _no_address(cloud: Cloud) -> None:
    cloud.order("DELETE", "tills", 202)


def _never_over(cloud: Cloud) -> None:
    cloud.running = 10**9


@pytest.mark.parametrize(
    ("wrong", "words"), [(_no_address, "not as the service documents it"), (_never_over, "not ended within an hour")]
)
def test_a_long_deletion_never_waits_for_ever(wrong: Callable[[Cloud], None], words: str) -> None:
    cloud = Cloud(slow=frozenset({"Shop/tills"}))
    with served(cloud), connected(cloud) as arm:
        cloud.put(till("one"))
        cloud.wait = "60"
        wrong(cloud)
        with pytest.raises(SourceUnavailable, match=words):
            arm.delete(ONE, "1", what="till")
    assert len(cloud.asked) <= 70
