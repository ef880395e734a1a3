"""One operation from end to end: its spans, its exceptions, its log lines."""

from kql import trace
from observability.model.dashboard import Dashboard, Input, Kind, Panel, Row, Trace
from observability.model.source import Section
from observability.model.text import Text

# No operation is called so. Without any id the data source would draw the spans of all of them.
OPERATION = Input(
    name="operationId", title=Text(ko="작업 ID (operation_Id)", en="Operation id (operation_Id)"), at_first="-"
)
_ONE = {"operation_id": OPERATION}

DASHBOARD = Dashboard(
    id="tripgen-trace",
    title=Text(ko="tripgen · 작업 추적", en="tripgen · Trace of an operation"),
    description=Text(
        ko="작업 하나가 서비스와 데이터 저장소를 지나간 길. 아래 표에서 고르거나, 오류 응답이나 로그에 적힌 작업 ID를 위의 글상자에 붙여 "
        "넣습니다.",
        en="The way of one operation through services and stores. Pick one from the table below, or paste the id that an "
        "error or a log line carries into the text box above.",
    ),
    source=Section("8.2.2"),
    refresh="",
    inputs=(OPERATION,),
    rows=(
        Row(
            title=Text(ko="작업", en="The operation"),
            panels=(
                Panel(
                    title=Text(ko="추적", en="Trace"),
                    shows=Trace(resource="app_insights", operation=OPERATION),
                    kind=Kind.TRACE,
                    width=24,
                    height=14,
                ),
                Panel(
                    title=Text(ko="단계", en="Steps"),
                    shows=trace.STEPS,
                    kind=Kind.TABLE,
                    inputs=_ONE,
                    width=24,
                    height=10,
                ),
                Panel(
                    title=Text(ko="로그", en="Logs"),
                    shows=trace.LOGS,
                    kind=Kind.LOGS,
                    inputs=_ONE,
                    width=14,
                    height=10,
                ),
                Panel(
                    title=Text(ko="예외", en="Exceptions"),
                    shows=trace.EXCEPTIONS,
                    kind=Kind.TABLE,
                    inputs=_ONE,
                    width=10,
                    height=10,
                ),
            ),
        ),
        Row(
            title=Text(ko="어느 작업을 볼까", en="Which one to look at"),
            panels=(
                Panel(
                    title=Text(ko="실패했거나 느린 작업", en="Operations that failed or were slow"),
                    shows=trace.TO_LOOK_AT,
                    kind=Kind.TABLE,
                    width=24,
                    height=10,
                ),
            ),
        ),
    ),
)
