"""A process that answers each line of JSON on its standard input with one on its standard output."""

import json
import sys


def serve(answer):
    """Answers until the input ends. What an answer raises is told, and the next line is read."""
    for line in sys.stdin:
        try:
            answered = answer(json.loads(line))
        except Exception as error:  # A client that fails in its own code is a finding of the test.
            answered = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answered), flush=True)
