"""What the fuzzer must know about the service and its clients."""

import json
import os
import urllib.request
import uuid

import schemathesis

# Operations that could take the fuzzer's own rights away, and the parameter that says whose they take.
DISARMING = {"revoke_token": "id", "grant_membership": "id", "revoke_membership": "id"}

# Operations that wait for something.
WAITING = {"start_initial_sync", "start_incremental_sync"}


def listed(path):
    """Returns the ids that a list of the service begins with; none where the token may not see it."""
    headers = {"Authorization": f"Bearer {os.environ['CTSYNC_TOKEN']}", "X-Tenant-Id": "harbor-homes"}
    request = urllib.request.Request(os.environ["CTSYNC_URL"] + path, headers=headers)
    try:
        with urllib.request.urlopen(request) as response:
            return {item["id"] for item in json.load(response)["items"]}
    except urllib.error.HTTPError:
        return set()


# Whoever is there before the fuzzing begins is needed to its end.
OURS = listed("/api/tokens") | listed("/api/users")


@schemathesis.hook
def before_call(context, case, kwargs):
    keep_rights(case)
    leave_out_cursor(case)
    leave_out_tenant(case)
    wait_little(case)


def keep_rights(case):
    """Keeps the fuzzer from revoking its own token or role: it would see nothing but 401 and 403 afterwards."""
    name = DISARMING.get(case.operation.definition.raw.get("operationId"))
    if name and case.path_parameters.get(name) in OURS:
        case.path_parameters[name] = str(uuid.uuid4())


def leave_out_cursor(case):
    """A made-up cursor is refused before anything else is looked at: it comes alone or not at all. The stateful tests
    have real ones."""
    meta = case.meta
    is_made_up = meta and meta.generation.mode.is_positive and meta.phase.name.value != "stateful"
    if is_made_up and case.query and len(case.query) > 1:
        case.query.pop("cursor", None)


def leave_out_tenant(case):
    """A made-up tenant is refused like one of others, so it is left out where a request is to succeed."""
    meta = case.meta
    if meta and meta.generation.mode.is_positive and case.headers:
        case.headers.pop("X-Tenant-Id", None)


def wait_little(case):
    """The fuzzer has no time to wait; what is no number of seconds stays as it is."""
    if case.operation.definition.raw.get("operationId") in WAITING:
        query = case.query or {}
        if query.get("wait", 30) in range(51):
            case.query = {**query, "wait": 0}


@schemathesis.hook
def map_body(context, body):
    """JSON Schema calls 208.0 an integer; no client writes one so, and the service takes 208 only."""
    return whole_numbers(body)


def whole_numbers(value):
    if isinstance(value, dict):
        return {key: whole_numbers(member) for key, member in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
