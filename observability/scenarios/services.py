"""Services that are down, fail, or lose what they need."""

from observability.design.services import AI, LOCATION, SERVICES, TRIP, USER
from observability.model.source import Section
from observability.model.system import Service
from observability.model.text import Text
from observability.model.units import minutes
from observability.simulate import faults
from observability.simulate.load import MAPS_HOST, MODEL_HOST
from observability.simulate.scenario import Expected, Scenario, burns, kst


def _pods_gone(*services: Service) -> tuple[Expected, ...]:
    """A service that is stopped has no pod either."""
    return tuple(
        Expected(
            alert="pods-below-pdb", which={"deployment": service.role}, count=1, within=minutes(7), resolved=minutes(6)
        )
        for service in services
    )


SERVICE_DOWN = Scenario(
    id="service-down",
    title=Text(ko="서비스 하나가 모든 존에서 중단", en="A service is down in all zones"),
    happens=Text(
        ko="trip 서비스가 20분 동안 아무에게도 답하지 않습니다. 요청 기록은 없고 밖에서의 점검만 실패합니다.",
        en="The trip service answers nobody for 20 minutes. There are no requests; only checks from outside fail.",
    ),
    source=Section("8.1.2", reading="R4"),
    begins=kst("2026-11-24 14:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.Stopped(start=begin, end=end, role=TRIP.role),),
    expects=(
        Expected(
            alert="service-unavailable", which={"check": TRIP.key}, count=1, within=minutes(4), resolved=minutes(16)
        ),
        *_pods_gone(TRIP),
    ),
)


ERRORS_AFTER_DEPLOYMENT = Scenario(
    id="errors-after-deployment",
    title=Text(ko="배포 직후 오류 폭증", en="A burst of errors after a deployment"),
    happens=Text(
        ko="새 버전의 trip 서비스가 요청의 8%를 5xx로 끝냅니다. 15분 뒤 되돌립니다.",
        en="A new version of the trip service ends 8 % of its requests in 5xx, and is rolled back after 15 minutes.",
    ),
    source=Section("8.1.2", reading="R5"),
    begins=kst("2026-11-24 10:00"),
    lasts=minutes(15),
    faults=lambda begin, end: (
        faults.Deployment(start=begin, end=begin + minutes(5), role=TRIP.role, version="2.5.0"),
        faults.Errors(start=begin, end=end, role=TRIP.role, share=0.08, version="2.5.0"),
    ),
    expects=(
        Expected(
            alert="high-error-rate", which={"service": TRIP.role}, count=1, within=minutes(4), resolved=minutes(16)
        ),
        burns(TRIP.role, within=minutes(15)),
    ),
)

ERRORS_ABOVE_LINE = Scenario(
    id="errors-above-line",
    title=Text(ko="기준을 조금 넘는 오류율", en="Errors a little above the line"),
    happens=Text(
        ko="location 서비스 요청의 1.6%가 40분 동안 실패합니다.",
        en="1.6 % of the location service's requests fail for 40 minutes.",
    ),
    source=Section("8.1.2", reading="R5"),
    begins=kst("2026-11-24 20:00"),
    lasts=minutes(40),
    faults=lambda begin, end: (faults.Errors(start=begin, end=end, role=LOCATION.role, share=0.016),),
    expects=(
        Expected(
            alert="high-error-rate", which={"service": LOCATION.role}, count=1, within=minutes(7), resolved=minutes(14)
        ),
    ),
)

ERRORS_BELOW_LINE = Scenario(
    id="errors-below-line",
    title=Text(ko="기준에 못 미치는 오류율", en="Errors below the line"),
    happens=Text(
        ko="trip 서비스 요청의 0.5%가 한 시간 실패합니다. 목표(0.1%)보다 나쁘지만, 한 시간으로는 한 달 예산의 1%도 쓰지 않습니다.",
        en="0.5 % of the trip service's requests fail for an hour: worse than the objective, but an hour of it takes less than 1 % of the month's budget.",
    ),
    source=Section("8.1.2", reading="R19"),
    begins=kst("2026-11-24 15:00"),
    lasts=minutes(60),
    faults=lambda begin, end: (faults.Errors(start=begin, end=end, role=TRIP.role, share=0.005),),
)

MODEL_PROVIDER_FAILS = Scenario(
    id="model-provider-fails",
    title=Text(ko="모델 제공자 호출의 60%가 실패", en="60 % of the calls to the model provider fail"),
    happens=Text(
        ko="서킷 브레이커 기준(50%)을 넘습니다. 일정을 만들지 못한 요청은 5xx로 끝납니다.",
        en="More than the circuit breaker's 50 %. Requests for an itinerary that get none end in 5xx.",
    ),
    source=Section("12.2.2"),
    begins=kst("2026-11-24 13:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.ExternalFailure(start=begin, end=end, host=MODEL_HOST, share=0.6),),
    expects=(
        Expected(alert="high-error-rate", which={"service": AI.role}, count=1, within=minutes(4), resolved=minutes(16)),
        Expected(
            alert="external-api-failing", which={"api": MODEL_HOST}, count=1, within=minutes(6), resolved=minutes(10)
        ),
        burns(AI.role, within=minutes(15)),
    ),
)

MODEL_PROVIDER_FLAKY = Scenario(
    id="model-provider-flaky",
    title=Text(ko="모델 제공자 호출의 10%가 실패", en="One call in ten to the model provider fails"),
    happens=Text(
        ko="서킷 브레이커 기준(50%)에는 한참 못 미치지만 ai 서비스의 오류율은 기준을 넘습니다.",
        en="Far below the circuit breaker's 50 %, and still more errors of the ai service than its line allows.",
    ),
    source=Section("12.2.2"),
    begins=kst("2026-11-24 13:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.ExternalFailure(start=begin, end=end, host=MODEL_HOST, share=0.1),),
    expects=(
        Expected(alert="high-error-rate", which={"service": AI.role}, count=1, within=minutes(5), resolved=minutes(16)),
    ),
)

MAPS_FAIL = Scenario(
    id="maps-fail",
    title=Text(ko="지도 API 호출의 60%가 실패", en="60 % of the calls to the maps API fail"),
    happens=Text(
        ko="캐시에 없는 검색만 지도 API를 부르므로 location 서비스의 일부 요청이 실패합니다.",
        en="Only searches that the cache does not have call it, so some of the location service's requests fail.",
    ),
    source=Section("12.2.2"),
    begins=kst("2026-11-24 13:00"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.ExternalFailure(start=begin, end=end, host=MAPS_HOST, share=0.6),),
    expects=(
        Expected(
            alert="high-error-rate", which={"service": LOCATION.role}, count=1, within=minutes(4), resolved=minutes(16)
        ),
        Expected(
            alert="external-api-failing", which={"api": MAPS_HOST}, count=1, within=minutes(6), resolved=minutes(10)
        ),
        burns(LOCATION.role, within=minutes(20)),
    ),
)

REGION_LOST = Scenario(
    id="region-lost",
    title=Text(ko="리전 손실", en="The region is lost"),
    happens=Text(
        ko="네 서비스 모두 30분 동안 답하지 않습니다. 복구 목표 시간(RTO)만큼입니다.",
        en="All four services answer nobody for 30 minutes, as long as the recovery time objective allows.",
    ),
    source=Section("10.1.1"),
    begins=kst("2026-11-24 11:00"),
    lasts=minutes(30),
    faults=lambda begin, end: tuple(faults.Stopped(start=begin, end=end, role=service.role) for service in SERVICES),
    expects=tuple(
        Expected(
            alert="service-unavailable", which={"check": service.key}, count=1, within=minutes(6), resolved=minutes(16)
        )
        for service in SERVICES
    )
    + _pods_gone(*SERVICES)
    + (Expected(alert="origin-unhealthy", by=(), count=1, within=minutes(4), resolved=minutes(5)),),
)

SUNDAY_MAINTENANCE = Scenario(
    id="sunday-maintenance",
    title=Text(ko="일요일 정기 점검 중 오류", en="Errors in Sunday's maintenance"),
    happens=Text(
        ko="점검 시간(02:00-04:00 KST)에 trip 서비스가 오류를 냅니다. 심각도 2는 조용해야 합니다.",
        en="In the window (02:00-04:00 KST) the trip service fails. Severity 2 has to be silent.",
    ),
    source=Section("10.2.1", reading="R24"),
    begins=kst("2026-11-29 02:30"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.Errors(start=begin, end=end, role=TRIP.role, share=0.3),),
    expects=(
        Expected(
            alert="high-error-rate", which={"service": TRIP.role}, count=1, within=minutes(4), resolved=minutes(16),
            told=(),
        ),
        burns(TRIP.role, within=minutes(10), told=()),
    ),
)  # fmt: skip

OUTAGE_IN_MAINTENANCE = Scenario(
    id="outage-in-maintenance",
    title=Text(ko="정기 점검 중 완전 중단", en="An outage in Sunday's maintenance"),
    happens=Text(ko="점검 시간이어도 심각도 1은 호출해야 합니다.", en="Even in the window severity 1 has to page."),
    source=Section("10.2.1", reading="R24"),
    begins=kst("2026-11-29 03:10"),
    lasts=minutes(20),
    faults=lambda begin, end: (faults.Stopped(start=begin, end=end, role=USER.role),),
    expects=(
        Expected(
            alert="service-unavailable", which={"check": USER.key}, count=1, within=minutes(6), resolved=minutes(16)
        ),
        # Severity 2: silent while the window is open.
        Expected(
            alert="pods-below-pdb",
            which={"deployment": USER.role},
            count=1,
            within=minutes(7),
            resolved=minutes(6),
            told=(),
        ),
    ),
)
