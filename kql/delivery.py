"""Delivery: when versions changed, which were taken back, and how long those had been in use."""

from observability.design.platform import DELIVERY
from observability.design.services import TRIP
from observability.model.query import Pack, Query
from observability.model.source import Section
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes
from observability.model.verdict import Verdict
from observability.signals.services import FAILED

PACK = Pack(title=Text(ko="배포", en="Delivery"))

DEPLOYMENTS = Query(
    id="deployments",
    title=Text(ko="배포", en="Deployments"),
    source=Section("9"),
    text="""
        AKSAudit
        // The address is a text: most rows are gone before an object is read.
        | where Verb in ("create", "update", "patch", "delete") and RequestUri has "deployments"
        | extend resource = tostring(ObjectRef.resource), part = tostring(ObjectRef.subresource),
            space = tostring(ObjectRef.namespace), name = tostring(ObjectRef.name), who = tostring(User.username),
            code = toint(ResponseStatus.code)
        | where resource == "deployments" and space == namespace and part == "" and code between (200 .. 299)
        // The cluster's own controllers number the revisions; whoever deployed is somebody else.
        | where not(who startswith "system:serviceaccount:kube-system:")
        | summarize changes = count() by TimeGenerated = bin(TimeGenerated, 1m), name, Verb, who
        | project TimeGenerated, text = strcat(name, ": ", Verb, ", ", who), tags = strcat("deployment,", name)
        | order by TimeGenerated desc, text asc
        | take most
    """,
    params={"namespace": TRIP.namespace, "most": 200},
    columns={"TimeGenerated": "datetime", "text": "string", "tags": "string"},
    look_for=Text(
        ko="Argo CD가 아닌 이름이면 손으로 바꾼 것입니다. 되돌리기도 한 줄로 나옵니다.",
        en="A name other than Argo CD's changed it by hand. A rollback is a line too.",
    ),
)

NEW_VERSIONS = Query(
    id="new-versions",
    title=Text(ko="새 버전의 첫 요청", en="First request of a new version"),
    source=Section("9"),
    text="""
        let versions = AppRequests
            | where isnotempty(AppVersion)
            | summarize first_seen = min(TimeGenerated) by service = AppRoleName, version = AppVersion;
        let begins = versions | summarize began = min(first_seen) by service;
        versions
        | join kind=inner begins on service
        // What is there from the beginning was there before it, too.
        | where first_seen > began + settling
        | project TimeGenerated = first_seen, text = strcat(service, " ", version), tags = strcat("version,", service)
        | order by TimeGenerated desc, text asc
        | take most
    """,
    params={"settling": minutes(10), "most": 200},
    columns={"TimeGenerated": "datetime", "text": "string", "tags": "string"},
    look_for=Text(
        ko="감사 로그를 껐어도 배포가 보입니다. 샘플링 때문에 첫 요청은 실제보다 조금 늦을 수 있습니다.",
        en="Shows deployments without the audit log too. With sampling the first request may be a little later than it was.",
    ),
)

# An older version that goes on long after the newer one went silent: the newer one was taken back.
_TAKEN_BACK = f"""
        let versions = AppRequests
            | where isnotempty(AppVersion)
            | extend failed = {FAILED}
            | summarize first_seen = min(TimeGenerated), last_seen = max(TimeGenerated), total = sum(ItemCount),
                errors = sumif(ItemCount, failed)
                by service = AppRoleName, version = AppVersion;
        let older = versions | project service, back_to = version, older_first = first_seen, older_last = last_seen;
        let taken_back = versions
            | join kind=inner older on service
            | where older_first < first_seen and older_last > last_seen + gone and total > 0
            | summarize arg_max(older_first, back_to) by service, version, first_seen, last_seen, total, errors
            | extend served_minutes = todouble(datetime_diff("second", last_seen, first_seen)) / 60.0;"""
_GONE = minutes(5)
_MINUTES = DELIVERY.rollback_within.total_seconds() / 60

ROLLBACKS = Query(
    id="rollbacks",
    title=Text(ko="되돌린 버전과 걸린 시간", en="Versions taken back, and after how long"),
    source=Section("9"),
    text=f"""{_TAKEN_BACK}
        taken_back
        | project service, version, back_to, first_seen, last_seen, served_minutes, total,
            error_percent = 100.0 * errors / total
        | order by first_seen desc, service asc, version asc
    """,
    params={"gone": _GONE},
    columns={
        "service": "string",
        "version": "string",
        "back_to": "string",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "served_minutes": "real",
        "total": "long",
        "error_percent": "real",
    },
    look_for=Text(
        ko=f"served_minutes가 {_MINUTES:g}분을 넘으면 자동 롤백이 늦었거나 사람이 되돌린 것입니다. 비어 있으면 되돌린 버전이 없습니다.",
        en=f"More than {_MINUTES:g} served_minutes: the automatic rollback was late, or somebody did it by hand. Empty: none "
        "was taken back.",
    ),
)

ROLLBACK_TIME = Query(
    id="rollback-time",
    title=Text(ko="서비스별 롤백에 걸린 시간", en="Time to roll back, by service"),
    source=Section("9"),
    text=f"""{_TAKEN_BACK}
        let worst = taken_back
            | summarize rollbacks = dcount(version), longest_minutes = max(served_minutes) by service;
        versions
        | summarize versions_seen = dcount(version) by service
        | join kind=leftouter worst on service
        | project service, versions_seen, rollbacks = coalesce(rollbacks, 0), longest_minutes = coalesce(longest_minutes, 0.0)
        | order by longest_minutes desc, service asc
    """,
    params={"gone": _GONE},
    columns={"service": "string", "versions_seen": "long", "rollbacks": "long", "longest_minutes": "real"},
    verdict=Verdict(column="longest_minutes", fail_above=Quantity(_MINUTES, Unit.MINUTES), source=Section("9")),
    look_for=Text(
        ko="서비스가 목록에 없으면 요청에 버전이 적혀 있지 않아 롤백을 알 수 없는 것입니다.",
        en="A service that is missing puts no version into its requests, and its rollbacks cannot be seen.",
    ),
)
