"""The edge: Front Door, Application Gateway, WAF. What comes in, what fails there, what is turned away."""

from observability.design import alerting
from observability.design.objectives import PHASE
from observability.design.platform import BOT_RULE, FRONT_DOOR, GEO_RULE, RATE_RULE
from observability.model.checklist import MetricQuery
from observability.model.query import Pack, Query
from observability.model.signal import PlatformMetric
from observability.model.source import Derived, Section, sections_of
from observability.model.text import Text
from observability.model.units import Quantity, Unit, minutes, percent
from observability.model.verdict import Verdict
from observability.signals import edge as measured

PACK = Pack(title=Text(ko="엣지 (Front Door, 게이트웨이, WAF)", en="Edge (Front Door, gateway, WAF)"))

_ACCESS_LOGS_OFF = Text(
    ko="기본은 꺼져 있습니다. 배포할 때 edgeAccessLogs를 켜야 행이 있습니다.",
    en="Off by default: has rows only where edgeAccessLogs was switched on in the deployment.",
)
_FRONT_DOOR_WAF_ROWS = Text(
    ko="규칙에 걸린 요청만 기록됩니다. settingsToSkip에 front_door가 있으면 행이 없습니다.",
    en="Only requests that a rule matched are written, and none where settingsToSkip names front_door.",
)
_GATEWAY_WAF_ROWS = Text(
    ko="게이트웨이의 SKU가 WAF_v2이고(R14) 진단 설정이 ApplicationGatewayFirewallLog를 전용 표로 보낼 때만 행이 있습니다.",
    en="Has rows only where the gateway's SKU is WAF_v2 (R14) and its diagnostic setting sends "
    "ApplicationGatewayFirewallLog to its own table.",
)
_ERROR_GOAL = percent(Quantity(PHASE.error_rate, Unit.RATIO).to(Unit.PERCENT))
_ERRORS = Verdict(
    column="error_percent",
    fail_above=alerting.ERROR_RATE.limit,
    warn_above=_ERROR_GOAL,
    source=Derived(
        Text(
            ko=f"오류율의 목표 {_ERROR_GOAL}와 알림 {alerting.ERROR_RATE.limit}를 사용자가 만나는 첫 자리에도 댑니다.",
            en=f"The error rate's objective of {_ERROR_GOAL} and alert of {alerting.ERROR_RATE.limit}, held where users first meet "
            "the system.",
        ),
        (*sections_of(PHASE.source), Section("8.1.2", reading="R5")),
    ),
)
_FIRST_LOOK = Derived(
    Text(
        ko="장애 대응의 첫 질문입니다: 오류가 엣지에서 나는가, 뒤에서 나는가.",
        en="The first question of an incident: do the errors come from the edge, or from behind it.",
    ),
    (Section("12.2.1"), Section("4.2.1")),
)

# --- Front Door -------------------------------------------------------------------------------------

FRONT_DOOR_TRAFFIC = Query(
    id="front-door-traffic",
    title=Text(ko="Front Door 트래픽", en="Front Door traffic"),
    source=_FIRST_LOOK,
    text="""
        AzureDiagnostics
        | where Category == "FrontDoorAccessLog"
        | extend status = toint(httpStatusCode_s)
        | summarize requests = count(), errors_5xx = countif(status >= 500),
            errors_4xx = countif(status between (400 .. 499)), p95_s = percentile(todouble(timeTaken_s), 95)
            by TimeGenerated = bin(TimeGenerated, bin_size), host = hostName_s
        | order by TimeGenerated desc, host asc
    """,
    params={"bin_size": minutes(5)},
    columns={
        "TimeGenerated": "datetime",
        "host": "string",
        "requests": "long",
        "errors_5xx": "long",
        "errors_4xx": "long",
        "p95_s": "real",
    },
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(
        ko="트래픽이 갑자기 늘었는지, 5xx가 언제 시작했는지 봅니다.",
        en="Whether traffic jumped, and when the 5xx began.",
    ),
)

FRONT_DOOR_ERRORS = Query(
    id="front-door-error-rate",
    title=Text(ko="Front Door 오류율", en="Front Door error rate"),
    source=_FIRST_LOOK,
    text="""
        AzureDiagnostics
        | where Category == "FrontDoorAccessLog"
        | extend status = toint(httpStatusCode_s)
        | summarize requests = count(), errors = countif(status >= 500), last_error = maxif(TimeGenerated, status >= 500)
            by host = hostName_s
        | where requests > 0
        | project host, requests, errors, error_percent = 100.0 * errors / requests, last_error
        | order by error_percent desc, host asc
    """,
    columns={
        "host": "string",
        "requests": "long",
        "errors": "long",
        "error_percent": "real",
        "last_error": "datetime",
    },
    verdict=_ERRORS,
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(
        ko="게이트웨이의 오류율과 견줍니다. 여기만 높으면 Front Door와 게이트웨이 사이입니다.",
        en="Hold it against the gateway's: high only here means the way from Front Door to the gateway.",
    ),
)

FRONT_DOOR_REASONS = Query(
    id="front-door-errors-by-origin",
    title=Text(ko="원본과 이유별 Front Door 오류", en="Front Door errors by origin and reason"),
    source=_FIRST_LOOK,
    text="""
        AzureDiagnostics
        | where Category == "FrontDoorAccessLog"
        | extend status = toint(httpStatusCode_s)
        | where status >= 500 or errorInfo_s !in ("", "NoError")
        | summarize requests = count(), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            example = take_any(requestUri_s)
            by host = hostName_s, origin = originName_s, status, reason = errorInfo_s
        | order by requests desc, host asc, origin asc, status asc, reason asc
    """,
    columns={
        "host": "string",
        "origin": "string",
        "status": "int",
        "reason": "string",
        "requests": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "example": "string",
    },
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(
        ko="Origin으로 시작하는 이유는 뒤쪽, Client로 시작하면 사용자 쪽, SSL과 Certificate는 인증서입니다.",
        en="Reasons that begin with Origin: behind. Client: the user's side. SSL and Certificate: certificates.",
    ),
)

PROBE_FAILURES = Query(
    id="front-door-probe-failures",
    title=Text(ko="실패한 상태 프로브", en="Health probes that failed"),
    source=Section("10.1.2"),
    text="""
        AzureDiagnostics
        | where Category == "FrontDoorHealthProbeLog"
        | summarize probes = count(), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated)
            by origin = originName_s, status = toint(httpStatusCode_s)
        | order by probes desc, origin asc, status asc
    """,
    columns={
        "origin": "string",
        "status": "int",
        "probes": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
    },
    caveat=Text(
        ko="진단 설정이 FrontDoorHealthProbeLog를 보낼 때만 행이 있고, 실패한 프로브만 기록됩니다.",
        en="Has rows only once the diagnostic setting sends FrontDoorHealthProbeLog, and only for probes that failed.",
    ),
    look_for=Text(
        ko=f"연속 {FRONT_DOOR.failures}번 실패한 원본에서는 트래픽이 빠집니다.",
        en=f"An origin that fails {FRONT_DOOR.failures} times in a row gets no more traffic.",
    ),
)

ORIGIN_HEALTH = MetricQuery(
    id="origin-health",
    title=Text(ko="원본 상태", en="Health of the origins"),
    source=Section("10.1.2"),
    metric=measured.ORIGIN_HEALTH_METRIC,
    grain=minutes(5),
    verdict=Verdict(
        column="average",
        fail_below=alerting.AVAILABILITY.limit,
        source=Derived(
            Text(
                ko="프로브는 합성 점검이므로 가용성의 기준을 댑니다.",
                en="A probe is a synthetic check: the line of availability is held against it.",
            ),
            (Section("8.1.2", reading="R4"), Section("10.1.2")),
        ),
    ),
    look_for=Text(
        ko="게이트웨이가 프로브에 답하지 않은 시각을 봅니다.", en="When the gateway did not answer the probes."
    ),
)

FRONT_DOOR_LATENCY = MetricQuery(
    id="front-door-latency",
    title=Text(ko="Front Door 지연", en="Front Door latency"),
    source=_FIRST_LOOK,
    metric=measured.TOTAL_LATENCY_METRIC,
    grain=minutes(5),
    look_for=Text(
        ko="origin-latency와의 차이가 Front Door와 사용자 사이의 시간입니다.",
        en="What it has over origin-latency is the way between the user and Front Door.",
    ),
)

ORIGIN_LATENCY = MetricQuery(
    id="origin-latency",
    title=Text(ko="원본 지연", en="Origin latency"),
    source=_FIRST_LOOK,
    metric=measured.ORIGIN_LATENCY_METRIC,
    grain=minutes(5),
    look_for=Text(
        ko="서비스의 응답 시간과 함께 움직이는지 봅니다.", en="Whether it moves with the services' own times."
    ),
)

REQUESTS_BY_COUNTRY = MetricQuery(
    id="requests-by-country",
    title=Text(ko="나라별 요청", en="Requests by country"),
    source=Section("4.2.2"),
    metric=PlatformMetric(
        resource="front_door", metric="RequestCount", aggregation="Total", by={"country": "ClientCountry"}
    ),
    grain=minutes(60),
    look_for=Text(
        ko="갑자기 늘어난 나라가 있으면 GeoBlocking의 목록에 넣을지 정합니다.",
        en="A country that grew all at once: decide whether it goes into the list of GeoBlocking.",
    ),
)

# --- Application Gateway ----------------------------------------------------------------------------

GATEWAY_TRAFFIC = Query(
    id="gateway-traffic",
    title=Text(ko="게이트웨이 트래픽", en="Gateway traffic"),
    source=_FIRST_LOOK,
    text="""
        AGWAccessLogs
        | summarize requests = count(), errors_5xx = countif(HttpStatus >= 500),
            errors_4xx = countif(HttpStatus between (400 .. 499)), p95_s = percentile(TimeTaken, 95),
            p95_backend_s = percentile(ServerResponseLatency, 95)
            by TimeGenerated = bin(TimeGenerated, bin_size), host = Host, backend = BackendPoolName
        | order by TimeGenerated desc, host asc, backend asc
    """,
    params={"bin_size": minutes(5)},
    columns={
        "TimeGenerated": "datetime",
        "host": "string",
        "backend": "string",
        "requests": "long",
        "errors_5xx": "long",
        "errors_4xx": "long",
        "p95_s": "real",
        "p95_backend_s": "real",
    },
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(
        ko="p95_backend_s가 p95_s와 같으면 서비스가 느리고, 아니면 게이트웨이나 그 앞이 느립니다.",
        en="p95_backend_s as long as p95_s: the services are slow. Otherwise the gateway is, or what is before it.",
    ),
)

GATEWAY_ERRORS = Query(
    id="gateway-error-rate",
    title=Text(ko="게이트웨이 오류율", en="Gateway error rate"),
    source=_FIRST_LOOK,
    text="""
        AGWAccessLogs
        | summarize requests = count(), errors = countif(HttpStatus >= 500),
            from_backend = countif(HttpStatus >= 500 and ServerStatus >= 500),
            last_error = maxif(TimeGenerated, HttpStatus >= 500)
            by host = Host, backend = BackendPoolName
        | where requests > 0
        | project host, backend, requests, errors, from_backend, error_percent = 100.0 * errors / requests, last_error
        | order by error_percent desc, host asc, backend asc
    """,
    columns={
        "host": "string",
        "backend": "string",
        "requests": "long",
        "errors": "long",
        "from_backend": "long",
        "error_percent": "real",
        "last_error": "datetime",
    },
    verdict=_ERRORS,
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(
        ko="errors가 from_backend보다 많으면 게이트웨이가 백엔드에 닿지 못한 것(502, 504)입니다.",
        en="More errors than from_backend: the gateway did not reach the backend (502, 504).",
    ),
)

GATEWAY_SLOW_PATHS = Query(
    id="gateway-slow-paths",
    title=Text(ko="느린 경로", en="Slow paths"),
    source=_FIRST_LOOK,
    text="""
        AGWAccessLogs
        // Ids in a path would make a group of every request.
        | extend path = replace_regex(RequestUri, "/[0-9a-fA-F-]{8,}|/[0-9]+", "/*")
        | summarize requests = count(), errors = countif(HttpStatus >= 500), p50_s = percentile(TimeTaken, 50),
            p95_s = percentile(TimeTaken, 95), slowest_s = max(TimeTaken)
            by path, method = HttpMethod
        | order by p95_s desc, path asc, method asc
        | take most
    """,
    params={"most": 50},
    columns={
        "path": "string",
        "method": "string",
        "requests": "long",
        "errors": "long",
        "p50_s": "real",
        "p95_s": "real",
        "slowest_s": "real",
    },
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(ko="많이 불리면서 느린 경로부터 봅니다.", en="Begin with slow paths that are called often."),
)

UNHEALTHY_BACKENDS = MetricQuery(
    id="unhealthy-backends",
    title=Text(ko="비정상 백엔드", en="Unhealthy backends"),
    source=Section("12.2.2"),
    metric=measured.UNHEALTHY_METRIC,
    grain=minutes(5),
    verdict=Verdict(
        column="maximum",
        warn_above=Quantity(0, Unit.COUNT),
        source=Derived(
            Text(
                ko="상태 확인에 실패한 백엔드에서는 트래픽이 곧바로 빠지므로, 남은 백엔드가 더 받습니다.",
                en="A backend that fails its health check loses its traffic at once, and the others carry it.",
            ),
            (Section("12.2.2"),),
        ),
    ),
    look_for=Text(ko="노드 교체나 배포의 시각과 견줍니다.", en="Hold it against replaced nodes and deployments."),
)

HEALTHY_BACKENDS = MetricQuery(
    id="healthy-backends",
    title=Text(ko="정상 백엔드", en="Healthy backends"),
    source=Section("12.2.2"),
    metric=measured.HEALTHY_METRIC,
    grain=minutes(5),
    verdict=Verdict(
        column="minimum",
        fail_below=Quantity(1, Unit.COUNT),
        source=Derived(
            Text(
                ko="트래픽을 넘겨받을 백엔드가 하나도 없으면 서비스가 멈춥니다.",
                en="With no backend left to take the traffic over, the service is down.",
            ),
            (Section("12.2.2"), Section("4.2.1")),
        ),
    ),
    look_for=Text(ko="노드 수와 견줍니다.", en="Hold it against the number of nodes."),
)

GATEWAY_LATENCY = MetricQuery(
    id="gateway-latency",
    title=Text(ko="게이트웨이 지연", en="Gateway latency"),
    source=_FIRST_LOOK,
    metric=measured.GATEWAY_TIME_METRIC,
    grain=minutes(5),
    look_for=Text(
        ko="백엔드의 응답 시간이 그대로인데 늘면 게이트웨이의 용량입니다.",
        en="Longer while the backends are as fast as ever: the gateway's own capacity.",
    ),
)

GATEWAY_CAPACITY = MetricQuery(
    id="gateway-capacity",
    title=Text(ko="게이트웨이 용량 단위", en="Capacity units of the gateway"),
    source=Section("4.2.1"),
    metric=measured.CAPACITY_METRIC,
    grain=minutes(15),
    look_for=Text(ko="한 주의 정점이 오르고 있는지 봅니다.", en="Whether the week's peak is rising."),
)

# --- WAF --------------------------------------------------------------------------------------------

WAF_REQUESTS = MetricQuery(
    id="waf-requests-by-rule",
    title=Text(ko="규칙별 WAF 요청 수 (Front Door)", en="Requests that WAF rules matched (Front Door)"),
    source=Section("4.2.2", reading="R14"),
    metric=measured.WAF_BY_RULE_METRIC,
    grain=minutes(5),
    look_for=Text(
        ko="어느 규칙이 막는지(Block) 봅니다. 한 규칙만 갑자기 늘었다면 그 규칙의 오탐이거나 한 가지 공격입니다.",
        en="Which rule blocks. One rule alone that suddenly grew: its false positives, or one kind of attack.",
    ),
)

WAF_BY_RULE = Query(
    id="waf-by-rule",
    title=Text(ko="규칙별 WAF (Front Door)", en="WAF by rule (Front Door)"),
    source=Section("4.2.2", reading="R14"),
    text="""
        AzureDiagnostics
        | where Category == "FrontDoorWebApplicationFirewallLog"
        | summarize requests = count(), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            example = take_any(requestUri_s)
            by policy = policy_s, mode = policyMode_s, rule = ruleName_s, action = action_s
        | order by requests desc, rule asc, action asc, policy asc
    """,
    columns={
        "policy": "string",
        "mode": "string",
        "rule": "string",
        "action": "string",
        "requests": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "example": "string",
    },
    caveat=_FRONT_DOOR_WAF_ROWS,
    look_for=Text(
        ko="배포 뒤에 한 규칙의 차단이 늘었다면 오탐입니다. mode가 Prevention이 아니면 아무것도 막지 않습니다.",
        en="More blocks by one rule since a deployment: a false positive. A mode other than Prevention blocks nothing.",
    ),
)

WAF_BY_ADDRESS = Query(
    id="waf-blocks-by-address",
    title=Text(ko="주소별 WAF 차단 (Front Door)", en="WAF blocks by address (Front Door)"),
    source=Section("4.2.2", reading="R14"),
    # The firewall's log spells its address column otherwise than the access log does; the tracking reference is in both.
    text="""
        let visits = AzureDiagnostics
            | where Category == "FrontDoorAccessLog" and httpStatusCode_s in ("403", "429")
            | project trackingReference_s, address = clientIp_s, agent = userAgent_s;
        AzureDiagnostics
        | where Category == "FrontDoorWebApplicationFirewallLog" and action_s == "Block"
        | project TimeGenerated, trackingReference_s, rule = ruleName_s, uri = requestUri_s
        | join kind=leftouter visits on trackingReference_s
        | extend address = iff(isempty(address), "not in the access log", address)
        | summarize blocks = count(), rules = dcount(rule), first_seen = min(TimeGenerated),
            last_seen = max(TimeGenerated), example = take_any(uri), agent = take_any(agent)
            by address
        | order by blocks desc, address asc
        | take most
    """,
    params={"most": 100},
    columns={
        "address": "string",
        "blocks": "long",
        "rules": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "example": "string",
        "agent": "string",
    },
    caveat=_FRONT_DOOR_WAF_ROWS,
    look_for=Text(
        ko="여러 규칙에 걸린 주소는 훑는 도구이고, 한 규칙에만 걸린 많은 주소는 오탐입니다.",
        en="One address over many rules is a scanner; many addresses on one rule are false positives.",
    ),
)

GATEWAY_WAF_BY_RULE = Query(
    id="gateway-waf-by-rule",
    title=Text(ko="규칙별 WAF (게이트웨이)", en="WAF by rule (gateway)"),
    source=Section("4.2.2", reading="R14"),
    text="""
        AGWFirewallLogs
        | summarize requests = dcount(TransactionId), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            message = take_any(Message), example = take_any(RequestUri)
            by rule_set = strcat(RuleSetType, " ", RuleSetVersion), rule = RuleId, action = Action
        | order by requests desc, rule asc, action asc, rule_set asc
    """,
    columns={
        "rule_set": "string",
        "rule": "string",
        "action": "string",
        "requests": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "message": "string",
        "example": "string",
    },
    caveat=_GATEWAY_WAF_ROWS,
    look_for=Text(
        ko="Matched는 점수만 준 것이고 Blocked가 막은 것입니다.",
        en="Matched only adds to the score; Blocked is what was stopped.",
    ),
)

RATE_BY_ADDRESS = Query(
    id="rate-by-address",
    title=Text(ko="주소별 분당 요청", en="Requests a minute by address"),
    source=Section("4.2.2"),
    text="""
        AzureDiagnostics
        // Front Door sees the user's address; the gateway behind it sees only Front Door's.
        | where Category == "FrontDoorAccessLog" and isnotempty(clientIp_s)
        | extend passed = httpStatusCode_s !in ("403", "429")
        | summarize requests = count(), passed = countif(passed)
            by address = clientIp_s, at = bin(TimeGenerated, window)
        | summarize arg_max(passed, at, requests), all_requests = sum(requests), minutes_seen = count() by address
        | project address, most_passed = passed, of_requests = requests, at, all_requests, minutes_seen
        | order by most_passed desc, all_requests desc, address asc
        | take most
    """,
    params={"window": RATE_RULE.every or minutes(1), "most": 100},
    columns={
        "address": "string",
        "most_passed": "long",
        "of_requests": "long",
        "at": "datetime",
        "all_requests": "long",
        "minutes_seen": "long",
    },
    verdict=Verdict(column="most_passed", fail_above=RATE_RULE.limit, source=Section("4.2.2")),
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(
        ko="한 분에 1,000개가 넘게 통과했다면 RateLimiting 규칙이 일하지 않은 것입니다. Front Door는 서버마다 세므로 조금은 "
        "넘을 수 있습니다.",
        en="More than 1,000 let through in a minute: the rule RateLimiting did not work. Front Door counts on each of its "
        "servers, so a little more may pass.",
    ),
)

CUSTOM_RULES = Query(
    id="geo-and-bot-rules",
    title=Text(ko="설계서의 규칙(빈도, 나라, 봇)이 한 일", en="What the document's rules (rate, geography, bots) did"),
    source=Section("4.2.2"),
    text="""
        AzureDiagnostics
        | where Category == "FrontDoorWebApplicationFirewallLog"
        | extend rule = case(
            ruleName_s has rate_rule, rate_rule,
            ruleName_s has geo_rule, geo_rule,
            ruleName_s has bot_rule or ruleName_s contains "BotManager", bot_rule,
            "other")
        | where rule != "other"
        | summarize requests = count(), first_seen = min(TimeGenerated), last_seen = max(TimeGenerated),
            example = take_any(requestUri_s)
            by rule, action = action_s
        | order by rule asc, requests desc, action asc
    """,
    params={"rate_rule": RATE_RULE.name, "geo_rule": GEO_RULE.name, "bot_rule": BOT_RULE.name},
    columns={
        "rule": "string",
        "action": "string",
        "requests": "long",
        "first_seen": "datetime",
        "last_seen": "datetime",
        "example": "string",
    },
    caveat=_FRONT_DOOR_WAF_ROWS,
    look_for=Text(
        ko="GeoBlocking은 막을 나라가 정해지기 전에는 행이 없습니다. 봇 규칙이 고객을 막는지 봅니다.",
        en="GeoBlocking has no rows until countries are listed. See whether the bot rule stops customers.",
    ),
)

# --- certificates and TLS ---------------------------------------------------------------------------

TLS_ERRORS = Query(
    id="tls-errors",
    title=Text(ko="TLS와 인증서 오류", en="TLS and certificate errors"),
    source=Section("7.1.1"),
    text="""
        AzureDiagnostics
        | where Category == "FrontDoorAccessLog"
        | extend is_tls = errorInfo_s startswith "SSL" or errorInfo_s startswith "Certificate"
        | summarize requests = count(), tls_errors = countif(is_tls), last_seen = maxif(TimeGenerated, is_tls),
            reason = take_anyif(errorInfo_s, is_tls)
            by host = hostName_s, origin = originName_s
        | project host, origin, requests, tls_errors, last_seen, reason
        | order by tls_errors desc, host asc, origin asc
    """,
    columns={
        "host": "string",
        "origin": "string",
        "requests": "long",
        "tls_errors": "long",
        "last_seen": "datetime",
        "reason": "string",
    },
    verdict=Verdict(
        column="tls_errors",
        warn_above=Quantity(0, Unit.COUNT),
        source=Derived(
            Text(
                ko="문서는 모든 구간을 TLS로 잇습니다. 원본의 인증서가 맞지 않으면 그 요청은 실패합니다.",
                en="The document has TLS on every part of the way: with a wrong certificate at the origin requests fail.",
            ),
            (Section("7.1.1"), Section("7.4.1")),
        ),
    ),
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(
        ko="인증서를 바꾼 뒤라면 게이트웨이가 새 것을 읽었는지 봅니다.",
        en="After a certificate was renewed: has the gateway read the new one?",
    ),
)

TLS_VERSIONS = Query(
    id="tls-versions",
    title=Text(ko="TLS 버전", en="TLS versions"),
    source=Section("7.1.1"),
    text="""
        AGWAccessLogs
        | where SslEnabled =~ "on"
        | summarize requests = count(), clients = dcount(ClientIp), last_seen = max(TimeGenerated)
            by protocol = SslProtocol, cipher = SslCipher
        | order by requests desc, protocol asc, cipher asc
    """,
    columns={
        "protocol": "string",
        "cipher": "string",
        "requests": "long",
        "clients": "long",
        "last_seen": "datetime",
    },
    caveat=_ACCESS_LOGS_OFF,
    look_for=Text(
        ko="문서는 TLS 1.3을 말합니다. 1.2보다 낮은 요청이 있으면 정책을 봅니다.",
        en="The document speaks of TLS 1.3: if there is anything below 1.2, look at the policy.",
    ),
)
