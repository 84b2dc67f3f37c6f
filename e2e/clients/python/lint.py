"""Has httplint read responses, and prints what it holds to be wrong with them."""

from base64 import b64decode

from httplint import HttpRequestLinter, HttpResponseLinter
from httplint.note import levels

from lines import serve


def answer(exchange):
    request = HttpRequestLinter()
    request.process_request_topline(exchange["method"].encode(), b"/", b"1.1")
    response = HttpResponseLinter(start_time=exchange["received"], _related=request)
    response.is_head_response = exchange["method"] == "HEAD"
    response.process_response_topline(b"1.1", str(exchange["status"]).encode())
    response.process_headers(octets(exchange["headers"]))
    response.feed_content(b64decode(exchange["body"]))
    response.finish_content(exchange["complete"], octets(exchange["trailers"]))
    return [told(note) for note in response.notes if note.level in (levels.BAD, levels.WARN)]


def octets(fields):
    return [(name.encode(), b64decode(value)) for name, value in fields]


def told(note):
    return {
        "level": note.level.name,
        "name": type(note).__name__,
        "subject": note.subject,
        "summary": str(note),
    }


serve(answer)
