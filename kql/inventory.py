"""What Azure Resource Graph knows at this moment: which alerts are open, and how the data stores are set up."""

from observability.model.query import GraphQuery
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit

# Alerts of metrics and logs are called after their rule; those of Prometheus after rule group and alert. Both lie in
# the resource group of their rule.
_OPEN = """\
        alertsmanagementresources
        | where type =~ "microsoft.alertsmanagement/alerts"
        | extend rule = tostring(properties.essentials.alertRule)
        | where tostring(properties.essentials.monitorCondition) == "Fired" and tostring(properties.essentials.alertState) != "Closed"
        | where rule contains "/resourceGroups/${resource_group}/"
"""
_REVIEW = Derived(
    Text(
        ko="매일의 서비스 상태 확인은 열린 알림에서 시작합니다.",
        en="The daily look at the services begins with the open alerts.",
    ),
    (Section("12.1.1"), Section("8.1.2")),
)

OPEN_ALERTS = GraphQuery(
    id="open-alerts-now",
    title=Text(ko="열린 알림의 수", en="Open alerts"),
    source=_REVIEW,
    text=_OPEN
    + """\
        | summarize value = count()
    """,
    columns={"value": "long"},
    unit=Unit.COUNT,
    look_for=Text(
        ko="지금 울리고 있고 아직 닫히지 않은 알림의 수.", en="Alerts that are firing now and that nobody closed."
    ),
)

OPEN_ALERT_LIST = GraphQuery(
    id="open-alert-list",
    title=Text(ko="열린 알림", en="Open alerts"),
    source=_REVIEW,
    text=_OPEN
    + """\
        | project since = todatetime(properties.essentials.startDateTime), severity = tostring(properties.essentials.severity),
            alert = name, state = tostring(properties.essentials.alertState),
            resource = tostring(properties.essentials.targetResourceName)
        | order by severity asc, since desc
    """,
    columns={
        "since": "datetime",
        "severity": "string",
        "alert": "string",
        "state": "string",
        "resource": "string",
    },
    look_for=Text(
        ko="Sev1부터 봅니다. 비어 있으면 열린 알림이 없는 것입니다.", en="Sev1 first. Empty: no alert is open."
    ),
)

DATABASE_SERVERS = GraphQuery(
    id="database-servers",
    title=Text(ko="PostgreSQL 서버의 구성과 고가용성 상태", en="PostgreSQL servers and the state of their HA"),
    source=Section("5.1.1"),
    text="""
        resources
        | where type =~ "microsoft.dbforpostgresql/flexibleservers" and resourceGroup =~ "${resource_group}"
        | project server = name, location, role = tostring(properties.replicationRole), state = tostring(properties.state),
            ha_mode = tostring(properties.highAvailability.mode), ha_state = tostring(properties.highAvailability.state),
            backup_days = toint(properties.backup.backupRetentionDays),
            geo_backup = tostring(properties.backup.geoRedundantBackup),
            oldest_restore_point = todatetime(properties.backup.earliestRestoreDate)
        | order by role asc, server asc
    """,
    columns={
        "server": "string",
        "location": "string",
        "role": "string",
        "state": "string",
        "ha_mode": "string",
        "ha_state": "string",
        "backup_days": "int",
        "geo_backup": "string",
        "oldest_restore_point": "datetime",
    },
    look_for=Text(
        ko="주 서버의 ha_mode는 ZoneRedundant, ha_state는 Healthy여야 합니다. geo_backup은 Enabled, backup_days는 35여야 하고, "
        "복제본 둘이 있어야 합니다.",
        en="The primary's ha_mode has to be ZoneRedundant and its ha_state Healthy, geo_backup Enabled, backup_days 35, and "
        "there have to be two replicas.",
    ),
)

BACKING_SERVICES = GraphQuery(
    id="backing-services",
    title=Text(ko="Redis와 Service Bus의 구성", en="How Redis and Service Bus are set up"),
    source=Section("5.2.1"),
    text="""
        resources
        | where type in~ ("microsoft.cache/redis", "microsoft.servicebus/namespaces") and resourceGroup =~ "${resource_group}"
        | project resource = name, kind_of = type, location, state = tostring(properties.provisioningState),
            zones = array_length(zones), rdb_every_minutes = tostring(properties.redisConfiguration["rdb-backup-frequency"]),
            aof = tostring(properties.redisConfiguration["aof-backup-enabled"]),
            shard_count = toint(properties.shardCount), zone_redundant = tostring(properties.zoneRedundant)
        | order by kind_of asc, resource asc
    """,
    columns={
        "resource": "string",
        "kind_of": "string",
        "location": "string",
        "state": "string",
        "zones": "long",
        "rdb_every_minutes": "string",
        "aof": "string",
        "shard_count": "int",
        "zone_redundant": "string",
    },
    look_for=Text(
        ko="Redis의 rdb_every_minutes는 60, aof는 true, shard_count는 6, zones는 3이어야 합니다. 비어 있으면 꺼진 것입니다. Service "
        "Bus에는 state와 zone_redundant만 있습니다.",
        en="Of Redis, rdb_every_minutes has to be 60, aof true, shard_count 6 and zones 3; empty is off. Service Bus has "
        "state and zone_redundant alone.",
    ),
)
