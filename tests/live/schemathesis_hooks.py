"""Loaded by Schemathesis. In a test run, what is tried again and again is thinned out; ``make fuzz`` tries it all."""

import os
from collections import Counter
from typing import Any

import schemathesis

schemathesis.serializer.alias("application/ocsp-request", "application/octet-stream")

THOROUGH = "FUZZ_EXAMPLES" in os.environ
# Every operation takes these alike, and reads a merge patch as it reads JSON: tried on a few, sent with all.
ALIKE = {"version": "2025-08-26", "generation": "2"}
REQUEST_ID = "#/components/parameters/X-Request-Id"
MERGE_PATCH = "application/merge-patch+json"
TRIED_ON = {"list_keys", "update_key"}
REPEATED = {
    "incorrect_type",
    "near_boundary_length_string",
    "near_boundary_items_array",
    "object_additional_property",
    "object_required_and_optional",
    "object_unexpected_properties",
    "string_above_max_length",
    "string_below_min_length",
}
ONE_OF = 4
"""Of so many requests of one kind, to one operation, one is sent; as there are five wrong types, each has its turn."""

made: Counter[tuple[str, str]] = Counter()


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    for item in raw_schema["paths"].values():
        for operation in item.values():
            if not THOROUGH and operation["operationId"] not in TRIED_ON:
                operation["parameters"] = [each for each in operation["parameters"] if not _is_alike(each)]
                operation.get("requestBody", {}).get("content", {}).pop(MERGE_PATCH, None)


def _is_alike(parameter: dict[str, Any]) -> bool:
    return parameter.get("name") in ALIKE or parameter.get("$ref") == REQUEST_ID


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    scenario = str(getattr(case.meta.phase.data, "scenario", "")) if case.meta else ""
    if THOROUGH or scenario not in REPEATED:
        return True
    kind = (case.operation.label, scenario)
    made[kind] += 1
    return made[kind] % ONE_OF == 1


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    if not THOROUGH and case.operation.definition.raw["operationId"] not in TRIED_ON:
        case.query = {**ALIKE, **(case.query or {})}
