"""Addresses as every client reads them, and those that none is to read."""

from __future__ import annotations

import pytest

from observability.deploy.address import Place, of_option, place
from observability.query.errors import WrongArgument


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://shop.example", Place("https", "shop.example", 443, "https://shop.example")),
        ("HTTPS://Shop.Example:8443/a?b=c d", Place("https", "shop.example", 8443, "HTTPS://Shop.Example:8443")),
        ("http://[::1]:80/", Place("http", "::1", 80, "http://[::1]:80")),
    ],
)
def test_an_address_leads_to_a_host_and_a_port(address: str, found: Place) -> None:
    assert place(address) == found


@pytest.mark.parametrize(
    "address",
    [
        r"https://evil.example\@shop.example",
        r"https://evil.example\.shop.example",
        r"https://shop.example/a\b",
        "https://me@shop.example",
        "https://shop.example:",
        "https://shop.example:0",
        "https://shop.example:65536",
        "https://shop.exa\nmple",
        "https://shop.example/\t",
        " https://shop.example",
        "https://상점.example",
        "https://[",
        "https:shop.example",
        "ftp://shop.example",
        "shop.example",
        "",
    ],
)
def test_an_address_that_clients_may_read_differently_leads_nowhere(address: str) -> None:
    assert place(address) is None
    with pytest.raises(WrongArgument, match=r"(?s)^--shop.*; write https://HOST$"):
        of_option("--shop", address, "write https://HOST")


@pytest.mark.parametrize("address", ["http://me:secret@h", "me:secret@h", "https://h/?key=secret", "h#secret"])
def test_what_may_be_a_secret_in_an_address_is_not_told(address: str) -> None:
    with pytest.raises(WrongArgument) as caught:
        of_option("--shop", address, "write https://HOST")
    assert str(caught.value) == "--shop: holds more than an address; write https://HOST"


@pytest.mark.parametrize("address", ["https://shop.example/나", "https://shop.example/a b"])
def test_what_no_address_holds_is_refused_where_somebody_gave_it(address: str) -> None:
    with pytest.raises(WrongArgument, match="is no http or https address as clients read it"):
        of_option("--shop", address, "write https://HOST")
