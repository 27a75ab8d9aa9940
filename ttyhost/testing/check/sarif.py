"""Findings as SARIF 2.1.0, which code hosts show beside the lines that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from .verdict import FAIL, WARN, Row

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {FAIL: "error", WARN: "warning"}
_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?: \(.*\))?")


def sarif(rows: Iterable[Row], version: str) -> dict[str, Any]:
    """One run, with a result for each row that is no praise."""
    findings = [row for row in rows if row.outcome in _LEVEL]
    rules = {row.rule: row for row in findings}
    driver = {
        "name": "ttyhost check",
        "version": version,
        "rules": [_rule(rules[code]) for code in sorted(rules)],
    }
    results = [_result(row) for row in findings]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(row: Row) -> dict[str, Any]:
    return {
        "id": row.rule,
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": row.sentence},
        "help": {"text": f"ttyhost explain {row.rule}"},
    }


def _result(row: Row) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": row.rule,
        "level": _LEVEL[row.outcome],
        "message": {"text": row.detail or row.title},
    }
    if match := _PLACE.fullmatch(row.where):
        result["locations"] = [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(PurePath(match["file"]))},
                    "region": {"startLine": int(match["line"])},
                }
            }
        ]
    return result


def _uri(path: PurePath) -> str:
    """Relative to where the check was run, as code hosts want it; else a file's."""
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
