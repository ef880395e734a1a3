from __future__ import annotations

from datetime import timedelta

from observability.design.security import ENTRA, IDENTITY, KEY_VAULT, ROTATION, SERVICE_ACCOUNTS


def test_the_vault_is_premium_and_reached_only_privately() -> None:
    assert (KEY_VAULT.resource.name, KEY_VAULT.tier, KEY_VAULT.private_only) == (
        "kv-tripgen-prod",
        "Premium (HSM)",
        True,
    )


def test_the_vault_holds_five_secrets_and_two_certificates() -> None:
    assert set(KEY_VAULT.secrets) == {
        "openai_api_key",
        "jwt_signing_key",
        "encryption_keys",
        "database_passwords",
        "external_api_keys",
    }
    assert KEY_VAULT.certificates == ("ssl_wildcard_cert", "client_certificates")


def test_secrets_rotate_in_90_days_api_keys_in_180_certificates_in_365() -> None:
    assert {key: (rule.every, rule.names) for key, rule in ROTATION.items()} == {
        "secrets": (timedelta(days=90), ("jwt_signing_key", "encryption_keys", "database_passwords")),
        "api_keys": (timedelta(days=180), ("openai_api_key", "external_api_keys")),
        "certificates": (timedelta(days=365), ("ssl_wildcard_cert", "client_certificates")),
    }


def test_everything_in_the_vault_rotates_under_exactly_one_rule() -> None:
    rotated = [name for rule in ROTATION.values() for name in rule.names]
    assert sorted(rotated) == sorted(KEY_VAULT.secrets + KEY_VAULT.certificates)


def test_services_share_one_managed_identity() -> None:
    assert IDENTITY.name == "tripgen-services"
    assert dict(IDENTITY.permissions) == {
        "key_vault": ("get secrets", "get certificates"),
        "service_bus": ("send", "receive", "manage"),
        "postgresql": ("connect",),
        "redis": ("connect",),
        "storage": ("read", "write"),
    }


def test_the_api_is_registered_with_three_roles() -> None:
    assert (ENTRA.tenant, ENTRA.application) == ("tripgen-enterprise", "tripgen-api")
    assert ENTRA.app_roles == ("User", "Admin", "ServiceAccount")


def test_three_service_accounts_are_bound() -> None:
    assert {account.name: account.cluster_role for account in SERVICE_ACCOUNTS} == {
        "user-service-sa": "application-reader",
        "trip-service-sa": "application-reader",
        "deployment-sa": "application-writer",
    }
