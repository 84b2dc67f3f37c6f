"""Checks problem documents against the JSON Schema of RFC 9457, and prints what is wrong."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from lines import serve

SCHEMA = json.loads(Path(__file__).with_name("problem.schema.json").read_text())

# A format is an assertion only with a checker of formats.
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def answer(document):
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


serve(answer)
