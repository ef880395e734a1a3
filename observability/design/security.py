"""Secrets, certificates, identities and roles (section 7)."""

from __future__ import annotations

from observability.design.platform import RESOURCES
from observability.model.operations import Directory, KeyVault, ManagedIdentity, RotationRule, ServiceAccount
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import days

# The document gives a period for each kind and a list of names; which name is of which kind follows from the name.
_API_KEYS = ("openai_api_key", "external_api_keys")
_SECRETS = ("jwt_signing_key", "encryption_keys", "database_passwords")
_CERTIFICATES = ("ssl_wildcard_cert", "client_certificates")

KEY_VAULT = KeyVault(
    resource=RESOURCES["key_vault"],
    tier="Premium (HSM)",
    private_only=True,
    secrets=_API_KEYS + _SECRETS,
    certificates=_CERTIFICATES,
    source=Section("7.4.1"),
)

ROTATION: dict[str, RotationRule] = {
    key: RotationRule(key=key, title=title, every=every, names=names, source=Section("7.4.1"))
    for key, title, every, names in (
        ("secrets", Text(ko="비밀", en="Secrets"), days(90), _SECRETS),
        ("api_keys", Text(ko="API 키", en="API keys"), days(180), _API_KEYS),
        ("certificates", Text(ko="인증서", en="Certificates"), days(365), _CERTIFICATES),
    )
}

ENTRA = Directory(
    tenant="tripgen-enterprise",
    application="tripgen-api",
    app_roles=("User", "Admin", "ServiceAccount"),
    source=Section("7.2.1"),
)
IDENTITY = ManagedIdentity(
    name="tripgen-services",
    permissions=(
        ("key_vault", ("get secrets", "get certificates")),
        ("service_bus", ("send", "receive", "manage")),
        ("postgresql", ("connect",)),
        ("redis", ("connect",)),
        ("storage", ("read", "write")),
    ),
    source=Section("7.2.1"),
)

# The document binds no account of its own to the ai and location services.
SERVICE_ACCOUNTS = tuple(
    ServiceAccount(name=name, cluster_role=role, source=Section("7.2.2"))
    for name, role in (
        ("user-service-sa", "application-reader"),
        ("trip-service-sa", "application-reader"),
        ("deployment-sa", "application-writer"),
    )
)
