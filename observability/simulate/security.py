"""Sign-ins, Key Vault, changes of Azure resources and images: few rows, of a system where nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from observability.design.platform import DELIVERY
from observability.design.services import SERVICES
from observability.simulate import faults
from observability.simulate.chance import load
from observability.simulate.world import World

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def selects(con: DuckDBPyConnection, world: World) -> Iterator[tuple[str, str]]:
    """Each table and its SELECT."""
    hours = [(world.settings.at(minute).replace(tzinfo=None),) for minute in range(0, world.settings.minutes, 10)]
    load(con, "tick", {"happened": "TIMESTAMP"}, hours)
    load(con, "deployed", {"happened": "TIMESTAMP", "role": "VARCHAR", "version": "VARCHAR"}, list(_deployed(world)))
    announced = [
        (_at(fault.start), fault.path.partition("s/")[0].capitalize(), fault.path, fault.path.partition("/")[2])
        for fault in world.faults
        if isinstance(fault, faults.NearExpiry)
    ]
    load(
        con, "announced", {"happened": "TIMESTAMP", "kind": "VARCHAR", "path": "VARCHAR", "name": "VARCHAR"}, announced
    )
    guesses = [
        (_at(moment), fault.account, fault.per_minute)
        for _, moment in world.moments()
        for fault in world.of(faults.SignInsFail, moment)
    ]
    load(con, "guessed", {"happened": "TIMESTAMP", "account": "VARCHAR", "many": "INTEGER"}, guesses)
    yield "SigninLogs", _SIGN_INS
    yield "AADManagedIdentitySignInLogs", _IDENTITIES
    yield "AuditLogs", _DIRECTORY
    yield "AZKVAuditLogs", _VAULT
    yield "AzureActivity", _ACTIVITY
    yield "ContainerRegistryRepositoryEvents", _IMAGES
    yield "ContainerRegistryLoginEvents", _IMAGE_LOGINS


def _deployed(world: World) -> Iterator[tuple[Any, ...]]:
    for fault in world.faults:
        if isinstance(fault, faults.Deployment) or (isinstance(fault, faults.Errors) and fault.version):
            yield _at(fault.start), fault.role, fault.version
    # One ordinary release a day, at ten in the morning in Korea.
    for _, moment in world.moments():
        if (moment.hour, moment.minute) == (1, 0):
            service = SERVICES[moment.day % len(SERVICES)]
            yield _at(moment), service.role, "2.4.1"


def _at(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None) - timedelta(0)


_SIGN_INS = """
SELECT happened + to_seconds(whole(rowid, 1, 600)) AS TimeGenerated, 'person' || whole(rowid, 2, 12) || '@tripgen.example' AS UserPrincipalName,
    'Azure Portal' AS AppDisplayName, '203.0.113.' || whole(rowid, 3, 40) AS IPAddress, 'KR' AS Location,
    CASE WHEN u(rowid, 4) < 0.06 THEN '50126' ELSE '0' END AS ResultType,
    CASE WHEN u(rowid, 4) < 0.06 THEN 'Invalid username or password.' ELSE '' END AS ResultDescription,
    'Browser' AS ClientAppUsed, 'none' AS RiskLevelDuringSignIn, 'SignInLogs' AS Category, hex(rowid, 5) AS Id
FROM tick WHERE hour(happened + INTERVAL 9 HOUR) BETWEEN 8 AND 19
UNION ALL
SELECT happened + to_milliseconds((60000.0 * n / many)::BIGINT), account, 'Azure Portal', '198.51.100.23', 'XX', '50126',
    'Invalid username or password.', 'Browser', 'none', 'SignInLogs', hex(rowid * 1000 + n, 9)
FROM (SELECT rowid, *, unnest(range(many)) AS n FROM guessed)
"""
_IDENTITIES = """
SELECT happened AS TimeGenerated, 'id-trip-service' AS ServicePrincipalName, 'Azure Key Vault' AS ResourceDisplayName,
    '0' AS ResultType, '10.1.1.9' AS IPAddress, hex(rowid, 6) AS Id FROM tick
"""
_DIRECTORY = """
SELECT happened AS TimeGenerated, 'Update user' AS OperationName, 'UserManagement' AS Category, 'success' AS Result,
    'Core Directory' AS LoggedByService FROM tick WHERE rowid % 70 = 11
"""
# Reads by the services' identities; now and then somebody without the right; a secret renewed each day at three in Korea.
# An announcement is no call: it names its object in the event that it holds, and nowhere else.
_VAULT = """
SELECT happened AS TimeGenerated, 'SecretGet' AS OperationName, CASE WHEN denied THEN 403 ELSE 200 END AS HttpStatusCode,
    CASE WHEN denied THEN 'Forbidden' ELSE 'OK' END AS ResultSignature,
    CASE WHEN denied THEN 'Failed' ELSE 'Success' END AS ResultType, '10.1.1.9' AS CallerIpAddress,
    json_object('claim', json_object('appid', CASE WHEN denied THEN 'unknown-tool' ELSE 'id-trip-service' END)) AS Identity,
    'https://kv-tripgen-prod.vault.azure.net/secrets/openai-api-key' AS Id,
    'https://kv-tripgen-prod.vault.azure.net/secrets/openai-api-key?api-version=7.4' AS RequestUri, 14 AS DurationMs,
    NULL AS Properties
FROM (SELECT *, u(rowid, 7) < 0.01 AS denied FROM (SELECT rowid, * FROM tick))
UNION ALL
SELECT happened, 'SecretSet', 200, 'OK', 'Success', '10.1.1.9', json_object('claim', json_object('appid', 'rotation-function')),
    'https://kv-tripgen-prod.vault.azure.net/secrets/' || name, 'https://kv-tripgen-prod.vault.azure.net/secrets/' || name, 31, NULL
FROM tick, (SELECT unnest(['database-connection-strings', 'redis-connection-string', 'jwt-signing-key']) AS name)
WHERE hour(happened + INTERVAL 9 HOUR) = 3 AND minute(happened) = 0
UNION ALL
SELECT happened, kind || 'NearExpiryEventGridNotification', 200, 'OK', 'Success', '', NULL, '', '', 3,
    json_object('eventGridEventProperties', json_object('subject', name, 'eventType', 'Microsoft.KeyVault.' || kind || 'NearExpiry',
        'data', json_object('Id', 'https://kv-tripgen-prod.vault.azure.net/' || path, 'VaultName', 'kv-tripgen-prod',
            'ObjectType', kind, 'ObjectName', name)))
FROM announced
"""
_ACTIVITY = f"""
SELECT happened AS TimeGenerated, 'MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/WRITE' AS OperationNameValue, 'Administrative' AS CategoryValue,
    'Success' AS ActivityStatusValue, 'pipeline@tripgen.example' AS Caller, 'aks-tripgen-prod' AS Resource,
    'MICROSOFT.CONTAINERSERVICE' AS ResourceProviderValue, 'Informational' AS Level, '{DELIVERY.registry.name}' AS ResourceGroup
FROM deployed
"""
_IMAGES = """
SELECT happened - INTERVAL 4 MINUTE AS TimeGenerated, 'Push' AS OperationName, role AS Repository, version AS Tag,
    'pipeline@tripgen.example' AS Identity, '203.0.113.5' AS CallerIpAddress, 'sha256:' || hex(rowid, 8) AS Digest,
    '201' AS ResultType FROM deployed
"""
_IMAGE_LOGINS = """
SELECT happened - INTERVAL 5 MINUTE AS TimeGenerated, 'Login' AS OperationName, 'pipeline@tripgen.example' AS Identity,
    '203.0.113.5' AS CallerIpAddress, '200' AS ResultType FROM deployed
"""
