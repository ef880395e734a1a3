"""One operation from end to end, by the id that all its rows carry, and the operations worth looking at."""

from observability.design.objectives import PHASE
from observability.design.services import AI
from observability.model.query import Pack, Query
from observability.model.source import Derived, Section
from observability.model.text import Text
from observability.model.units import Unit, hours
from observability.signals.services import FAILED

PACK = Pack(title=Text(ko="작업 추적", en="Tracing an operation"), span=hours(6))

_TRACING = Section("8.2.2")
_ASK_FOR_ONE = Text(
    ko="operation_id에 작업 ID를 넣어야 행이 나옵니다.", en="Has rows only once operation_id names an operation."
)

TO_LOOK_AT = Query(
    id="operations-to-look-at",
    title=Text(ko="실패했거나 느린 작업", en="Operations that failed or were slow"),
    source=Derived(
        Text(
            ko="집계에서 한 건의 추적으로 내려가는 길입니다: 목표 시간을 넘었거나 실패한 요청을 하나씩 봅니다.",
            en="The way from totals down to one trace: requests that failed or took longer than their goal, one by one.",
        ),
        (Section("8.2.2"), Section("12.2.1")),
    ),
    text=f"""
        AppRequests
        | extend failed = {FAILED}, limit_ms = iff(AppRoleName == ai_role, ai_limit_ms, api_limit_ms)
        | where (failed or DurationMs > limit_ms) and isnotempty(OperationId)
        | project TimeGenerated, service = AppRoleName, operation = Name, result = ResultCode, failed,
            duration_ms = DurationMs, stands_for = ItemCount, operation_id = OperationId
        | order by failed desc, duration_ms desc, TimeGenerated desc, operation_id asc
        | take most
    """,
    params={
        "ai_role": AI.role,
        "ai_limit_ms": float(PHASE.ai_p95.to(Unit.MILLISECONDS)),
        "api_limit_ms": float(PHASE.api_p95.to(Unit.MILLISECONDS)),
        "most": 100,
    },
    columns={
        "TimeGenerated": "datetime",
        "service": "string",
        "operation": "string",
        "result": "string",
        "failed": "bool",
        "duration_ms": "real",
        "stands_for": "int",
        "operation_id": "string",
    },
    look_for=Text(
        ko="실패한 것부터, 그다음은 느린 순서입니다. stands_for는 샘플링 때문에 이 행이 대표하는 요청 수입니다. operation_id를 "
        "누르면 그 작업의 추적이 열립니다.",
        en="Failed ones first, then the slowest. stands_for is how many requests the row stands for after sampling. "
        "operation_id leads to the trace.",
    ),
)

STEPS = Query(
    id="steps",
    title=Text(ko="작업의 단계", en="Steps of the operation"),
    source=_TRACING,
    text="""
        let requests = AppRequests
            | where isnotempty(operation_id) and OperationId == operation_id
            | project TimeGenerated, service = AppRoleName, type = "request", name = Name, target = "", result = ResultCode,
                succeeded = Success, duration_ms = DurationMs, span = Id, parent = ParentId;
        let calls = AppDependencies
            | where isnotempty(operation_id) and OperationId == operation_id
            | project TimeGenerated, service = AppRoleName, type = DependencyType, name = Name, target = Target,
                result = ResultCode, succeeded = Success, duration_ms = DurationMs, span = Id, parent = ParentId;
        union requests, calls
        | order by TimeGenerated asc, duration_ms desc, span asc
    """,
    params={"operation_id": ""},
    columns={
        "TimeGenerated": "datetime",
        "service": "string",
        "type": "string",
        "name": "string",
        "target": "string",
        "result": "string",
        "succeeded": "bool",
        "duration_ms": "real",
        "span": "string",
        "parent": "string",
    },
    caveat=_ASK_FOR_ONE,
    look_for=Text(
        ko="duration_ms가 가장 긴 단계와, succeeded가 처음 false가 된 단계를 봅니다.",
        en="The step that took longest, and the first whose succeeded is false.",
    ),
)

EXCEPTIONS = Query(
    id="exceptions",
    title=Text(ko="작업의 예외", en="Exceptions of the operation"),
    source=_TRACING,
    text="""
        AppExceptions
        | where isnotempty(operation_id) and OperationId == operation_id
        | project TimeGenerated, service = AppRoleName, type = ExceptionType, problem = ProblemId, message = OuterMessage
        | order by TimeGenerated asc, service asc, type asc
    """,
    params={"operation_id": ""},
    columns={
        "TimeGenerated": "datetime",
        "service": "string",
        "type": "string",
        "problem": "string",
        "message": "string",
    },
    caveat=_ASK_FOR_ONE,
    look_for=Text(
        ko="첫 예외가 원인이고 나머지는 그 결과인 때가 많습니다.",
        en="The first is often the cause, the others what came of it.",
    ),
)

LOGS = Query(
    id="logs",
    title=Text(ko="작업의 로그", en="Logs of the operation"),
    source=_TRACING,
    text="""
        AppTraces
        | where isnotempty(operation_id) and OperationId == operation_id
        | project TimeGenerated, Message, service = AppRoleName,
            level = case(SeverityLevel == 4, "critical", SeverityLevel == 3, "error", SeverityLevel == 2, "warning",
                SeverityLevel == 1, "info", "debug")
        | order by TimeGenerated asc, service asc, Message asc
    """,
    params={"operation_id": ""},
    columns={"TimeGenerated": "datetime", "Message": "string", "service": "string", "level": "string"},
    caveat=_ASK_FOR_ONE,
    look_for=Text(
        ko="실패 직전의 마지막 줄을 봅니다. 로그도 샘플링되므로 빠진 줄이 있을 수 있습니다.",
        en="The last lines before it failed. Logs are sampled too, so lines may be missing.",
    ),
)
