"""What comes in: Application Gateway, its firewall, Front Door, and what Azure Firewall lets out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from observability.design.platform import GATEWAY, WAF
from observability.simulate import faults
from observability.simulate.chance import load
from observability.simulate.world import World

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HOST = "www.example.com"
_LIMIT = next(rule.limit.value for rule in WAF.custom_rules if rule.name == "RateLimiting" and rule.limit)
# The access logs are not sampled: a row stands for one request, and one stored request for ten. One in ten is kept here
# too, or the demo's largest table would be the one that this project leaves off by default.
_CLIENT = "'203.0.113.' || whole(i, 16, 250)"
_ACCESS = f"""
SELECT happened AS TimeGenerated, {_CLIENT} AS client, split_part(operation.name, ' ', 1) AS verb, path,
    CASE WHEN failed THEN 502 WHEN refused THEN 404 ELSE 200 END AS code, took / 1000.0 AS seconds, i
FROM request JOIN operation USING (op)
"""


def selects(con: DuckDBPyConnection, world: World) -> Iterator[tuple[str, str]]:
    """Each table of the edge and its SELECT."""
    attacks = [
        (world.settings.at(minute).replace(tzinfo=None), fault.address, fault.per_minute)
        for minute, moment in world.moments()
        for fault in world.of(faults.Attack, moment)
    ]
    load(con, "attack", {"began": "TIMESTAMP", "address": "VARCHAR", "many": "INTEGER"}, attacks)
    yield "AGWAccessLogs", _GATEWAY_LOG
    yield "AGWFirewallLogs", _FIREWALL
    yield "AzureDiagnostics", _FRONT_DOOR
    yield "AZFWNetworkRule", _OUT
    yield "AZFWApplicationRule", _OUT_HTTPS


_GATEWAY_LOG = f"""
SELECT TimeGenerated, client AS ClientIp, verb AS HttpMethod, code AS HttpStatus, code AS ServerStatus, '{HOST}' AS Host,
    '{HOST}' AS OriginalHost, path AS RequestUri, path AS OriginalRequestUriWithArgs, seconds AS TimeTaken,
    seconds AS ServerResponseLatency, '{GATEWAY.backend_pool}' AS BackendPoolName, 'on' AS SslEnabled, 'TLSv1.3' AS SslProtocol,
    'TLS_AES_256_GCM_SHA384' AS SslCipher, 900 AS ReceivedBytes, 5200 AS SentBytes, 'appgw_' || i % 3 AS InstanceId,
    '10.1.1.' || (100 + i % 10) || ':8080' AS ServerRouted, 'HTTP/2.0' AS HttpVersion, 'Mozilla/5.0' AS UserAgent
FROM ({_ACCESS})
UNION ALL
SELECT began + to_milliseconds((60000.0 * n / many)::BIGINT), address, 'GET', CASE WHEN n < {_LIMIT:.0f} THEN 200 ELSE 403 END,
    CASE WHEN n < {_LIMIT:.0f} THEN 200 ELSE 0 END, '{HOST}', '{HOST}', '/api/trips', '/api/trips', 0.05, 0.04,
    '{GATEWAY.backend_pool}', 'on', 'TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384', 300, 400, 'appgw_0', '', 'HTTP/1.1', 'curl/8.5'
FROM (SELECT *, unnest(range(many)) AS n FROM attack)
"""
_FIREWALL = f"""
SELECT TimeGenerated, client AS ClientIp, 'Blocked' AS Action, '942100' AS RuleId, 'OWASP CRS' AS RuleSetType, '3.2' AS RuleSetVersion,
    'SQL Injection Attack Detected via libinjection' AS Message, path AS RequestUri, '{HOST}' AS Hostname, 'appgw_0' AS InstanceId
FROM ({_ACCESS}) WHERE u(i, 17) < 0.00008
UNION ALL
SELECT began + to_milliseconds((60000.0 * n / many)::BIGINT), address, 'Blocked', 'RateLimiting', 'Custom', '',
    'Rate limit exceeded', '/api/trips', '{HOST}', 'appgw_0'
FROM (SELECT *, unnest(range(many)) AS n FROM attack) WHERE n >= {_LIMIT:.0f}
"""
_FRONT_DOOR = f"""
SELECT TimeGenerated, 'FrontDoorAccessLog' AS Category, 'AFD-TRIPGEN-PROD' AS Resource, 'MICROSOFT.CDN' AS ResourceProvider,
    'Microsoft.Cdn/Profiles/AccessLog/Write' AS OperationName, client AS clientIp_s, verb AS httpMethod_s,
    code::VARCHAR AS httpStatusCode_s, '{HOST}' AS hostName_s, 'https://{HOST}:443' || path AS requestUri_s,
    round(seconds + 0.02, 3)::VARCHAR AS timeTaken_s, CASE WHEN code = 502 THEN 'OriginError' ELSE 'NoError' END AS errorInfo_s,
    'aks-origin' AS originName_s, 'CACHE_NOCONFIG' AS cacheStatus_s, 'SEL' AS pop_s, '5200' AS responseBytes_s,
    '' AS ruleName_s, '' AS action_s, hex(i, 10) AS trackingReference_s
FROM ({_ACCESS})
UNION ALL
SELECT TimeGenerated, 'FrontDoorWebApplicationFirewallLog', 'AFD-TRIPGEN-PROD', 'MICROSOFT.CDN',
    'Microsoft.Cdn/Profiles/WebApplicationFirewallLog/Write', client, verb, '403', '{HOST}', 'https://{HOST}:443' || path,
    '', '', '', '', 'SEL', '', 'Microsoft_BotManagerRuleSet-1.1-Bot100200', 'Block', hex(i, 10)
FROM ({_ACCESS}) WHERE u(i, 18) < 0.0001
"""
_OUT = """
SELECT happened AS TimeGenerated, 'Allow' AS Action, 'TCP' AS Protocol, '10.1.1.4' AS SourceIp, 40000 AS SourcePort,
    '10.1.2.4' AS DestinationIp, 5432 AS DestinationPort, 'database' AS Rule, 'network' AS RuleCollection FROM session
UNION ALL
SELECT happened, 'Deny', 'TCP', '10.1.1.7', 41000, '198.51.100.9', 22, '', '' FROM session WHERE rowid % 997 = 5
"""
_OUT_HTTPS = """
SELECT happened AS TimeGenerated, 'Allow' AS Action, 'HTTPS' AS Protocol, '10.1.1.4' AS SourceIp, 443 AS DestinationPort,
    'api.openai.com' AS Fqdn, 'external' AS Rule, 'application' AS RuleCollection FROM session
"""
