"""Dashboards into Grafana, without taking away what somebody has done there.

The message of each version that we save holds the hash of what was saved. If the newest version has another message,
somebody has edited the dashboard since.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from observability.deploy.grafana import Grafana
from observability.query.azure_errors import clean
from observability.query.errors import WrongArgument

_MESSAGE = re.compile(r"tripobs ([0-9a-f]{12})")
_GRAFANAS_OWN = frozenset({"id", "uid", "version"})
CREATE, UPDATE, UNCHANGED, REFUSED = "create", "update", "unchanged", "refused"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of one dashboard; ``why`` it is refused. ``version`` is the one that is to be replaced.

    ``folder`` is the one that it lies in, ``moves`` whether it is to leave that.
    """

    uid: str
    title: str
    body: Mapping[str, Any]
    action: str
    why: str = ""
    version: int | None = None
    folder: str = ""
    moves: bool = False


@dataclass(slots=True)
class Pushed:
    """How far a push has come; true at any moment, an interrupt included. Versions by uid, and what was refused."""

    saved: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def digest(body: Mapping[str, Any]) -> str:
    """The same for the same dashboard, whatever number and id Grafana gave it."""
    own = {key: value for key, value in body.items() if key not in _GRAFANAS_OWN}
    plain = json.dumps(own, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def read(folder: Path, uids: Iterable[str]) -> list[Mapping[str, Any]]:
    """The generated dashboards, all or some. Raises WrongArgument."""
    found = {path.stem: path for path in sorted((folder / "dashboards").glob("*.json"))}
    wanted = list(uids) or list(found)
    if not found:
        raise WrongArgument(f"{folder / 'dashboards'}: holds no dashboards; `make generate` writes them")
    if unknown := [uid for uid in wanted if uid not in found]:
        raise WrongArgument(
            "\n".join(f"there is no dashboard '{uid}'; there are {', '.join(found)}" for uid in unknown)
        )
    bodies = []
    for uid in dict.fromkeys(wanted):
        try:
            bodies.append(json.loads(found[uid].read_bytes()))
        except ValueError as error:
            raise WrongArgument(f"{found[uid]}: is not JSON: {error}") from None
    return bodies


def plan(grafana: Grafana, body: Mapping[str, Any], *, force: bool, home: str | None = None) -> Plan:
    """Look at what Grafana has under the dashboard's uid and decide. Raises SourceUnavailable.

    ``home`` is the uid of the folder that it is to lie in, empty where that is still to be made; None where it may lie
    in any.
    """
    found = _content(grafana, body, force)
    moves = home is not None and found.action in (UPDATE, UNCHANGED) and (not home or found.folder != home)
    return replace(found, action=UPDATE, moves=True) if moves else found


def _content(grafana: Grafana, body: Mapping[str, Any], force: bool) -> Plan:
    """What is to become of it wherever it lies."""
    uid, title = str(body["uid"]), str(body["title"])
    live = grafana.dashboard(uid)
    if live is None:
        return Plan(uid, title, body, CREATE)
    meta, there = live["meta"], live["dashboard"]
    version, folder = there.get("version"), str(meta.get("folderUid") or "")
    if meta.get("provisioned"):
        why = "Grafana reads it from a file or a ConfigMap, and would put that back; use one of the two ways"
        return Plan(uid, title, body, REFUSED, why, version, folder)
    if digest(there) == digest(body):
        return Plan(uid, title, body, UNCHANGED, "", version, folder)
    newest = grafana.newest_version(uid) or {}
    pushed = _MESSAGE.fullmatch(str(newest.get("message") or ""))
    if pushed and newest.get("version") == version:
        same = pushed[1] == digest(body)
        return Plan(uid, title, body, UNCHANGED if same else UPDATE, "", version, folder)
    if force:
        return Plan(uid, title, body, UPDATE, "", version, folder)
    who = clean(newest.get("createdBy") or meta.get("updatedBy") or "somebody")
    when = clean(newest.get("created") or meta.get("updated") or "an unknown time")
    why = (
        f"version {version} was saved in Grafana by {who} at {when}; look at it there, then give --force to replace it"
    )
    return Plan(uid, title, body, REFUSED, why, version, folder)


def push(grafana: Grafana, plans: Iterable[Plan], folder: str, *, pushed: Pushed) -> None:
    """Save what is planned, and note in ``pushed`` what was saved and what Grafana refused.

    ``folder`` is the title of the folder for new dashboards and those that move, made where it is missing. A dashboard that
    was saved in Grafana since the plan was made is left alone. Raises SourceUnavailable; what was noted is saved then.
    """
    home = ""
    for one in plans:
        if one.action not in (CREATE, UPDATE):
            continue
        goes_home = one.action == CREATE or one.moves
        if goes_home and not home:
            home = grafana.folder(folder) or grafana.make_folder(folder)
        dashboard = {**one.body, "id": None}
        if one.version is not None:
            dashboard["version"] = one.version
        into = home if goes_home else one.folder
        message = f"tripobs {digest(one.body)}"
        answer = grafana.save({"dashboard": dashboard, "folderUid": into, "message": message, "overwrite": False})
        if answer.status < 300:
            pushed.saved[one.uid] = int(answer.body["version"])
        else:
            pushed.wrong.append(f"dashboard '{one.uid}': {_reason(answer.body)}")


def _reason(body: Any) -> str:
    said = body if isinstance(body, Mapping) else {}
    words = clean(said.get("message") or "no reason was given")
    todo = {
        "version-mismatch": "somebody saved it in this moment; run the command again",
        "name-exists": "another dashboard has this title in that folder; rename or move that one",
        "plugin-dashboard": "it belongs to a plugin; remove that one",
    }.get(str(said.get("status")), "nothing was saved")
    return f"{words}; {todo}"
