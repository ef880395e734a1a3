"""What Azure Monitor accepts (checked 2026-11-23): windows, frequencies, counts, names.

Source: Microsoft's pages on log and metric alert templates, alert limits, action groups and Prometheus rule
groups. Durations are free strings in the published ARM schemas, so a value outside these lists passes every
schema and is refused by the service.
"""

from __future__ import annotations

from datetime import timedelta


def _minutes(*values: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=value) for value in values)


_HOUR, _DAY = 60, 24 * 60

# A deployment template.
TEMPLATE_BYTES = 4 * 1024 * 1024
TEMPLATE_PARAMETERS = 256
TEMPLATE_RESOURCES = 800

# Log alerts (scheduledQueryRules). PT12H stands in one sample for the frequency, and the service refuses it.
LOG_WINDOWS = _minutes(1, 5, 10, 15, 30, 45, *(_HOUR * n for n in range(1, 7)), _DAY, 2 * _DAY)
LOG_FREQUENCIES = _minutes(1, 5, 10, 15, 30, 45, *(_HOUR * n for n in range(1, 7)), _DAY)
# For how long actions may be muted. PT12H stands in a sample, and the service refuses it.
LOG_MUTES = LOG_WINDOWS[1:]
LOG_RULE_BYTES = 64 * 1024
LOG_DIMENSIONS = 6
# Log rules evaluated every minute, for each subscription.
LOG_MINUTE_RULES = 100

# Metric alerts.
METRIC_WINDOWS = _minutes(1, 5, 15, 30, _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY)
METRIC_FREQUENCIES = _minutes(1, 5, 15, 30, _HOUR)

# Prometheus rule groups. Microsoft's pages allow up to 24 h and the schema's text 15 min; both accept these.
PROMETHEUS_INTERVAL = (timedelta(minutes=1), timedelta(minutes=15))
PROMETHEUS_RULES_PER_GROUP = 20

ACTION_GROUP_SHORT_NAME = 12
ACTION_GROUP_RECEIVERS = 10  # of each kind but e-mail
PROCESSING_RULE_VALUES = 5

RULE_DESCRIPTION = 4096

# Analytics retention is 4 to 730 days; the total beyond two years has only these steps.
TABLE_RETENTION_DAYS = (4, 730)
TABLE_TOTAL_RETENTION_DAYS = (1095, 1460, 1826, 2191, 2556, 2922, 3288, 3653, 4018, 4383)

WEB_TEST_FREQUENCIES = _minutes(5, 10, 15)
# Population tags of the availability service, the five nearest to Korea.
WEB_TEST_LOCATIONS: dict[str, str] = {
    "apac-jp-kaw-edge": "Japan East",
    "apac-hk-hkn-azr": "East Asia",
    "apac-sg-sin-azr": "Southeast Asia",
    "emea-au-syd-edge": "Australia East",
    "us-ca-sjc-azr": "West US",
}

# Which log functions a rule evaluated every minute may not use, beyond those no rule may use.
LOG_RULE_FORBIDDEN = ("bag_unpack", "pivot", "narrow", "externaldata", "search", "limit", "take")
LOG_MINUTE_FORBIDDEN = ("union", "ingestion_time", "adx")

# What the services themselves do at a number of their own, which the checks of a day are held against.
# Entra locks an account after this many failed sign-ins in a row (smart lockout, unless the tenant changes it).
SIGN_IN_LOCKOUT = 10
# A flexible server becomes read-only when its storage is this full, in percent.
POSTGRESQL_READ_ONLY_STORAGE = 95
# Key Vault tells of a secret, key or certificate this long before it expires.
KEY_VAULT_NEAR_EXPIRY = timedelta(days=30)

# Logic Apps (Consumption): actions in a workflow, their nesting, characters of one expression.
WORKFLOW_ACTIONS = 500
WORKFLOW_DEPTH = 8
WORKFLOW_EXPRESSION = 8192
