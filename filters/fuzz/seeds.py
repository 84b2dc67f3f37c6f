"""Writes seeds and dictionaries for the fuzz targets, made from the policies of the repository."""

import base64
import json
import re
import sys
from pathlib import Path

policies, out = (Path(argument) for argument in sys.argv[1:3])


def seed(target: str, name: str, octets: bytes) -> None:
    folder = out / target
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(octets)


def words(value):
    """Every name and text in a document."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from words(member)
    elif isinstance(value, list):
        for member in value:
            yield from words(member)
    elif isinstance(value, str):
        yield value


vocabulary = set()
templates = set()
for file in sorted(policies.glob("*/examples/*.json")) + sorted(policies.glob("*/invalid/*.json")):
    document = json.loads(file.read_text())
    if file.parent.name == "invalid":
        document = document.get("policy", document)
    text = json.dumps(document, separators=(",", ":"))
    seed("policy", file.name, text.encode())
    seed("policy", f"enforce-{file.name}", text.replace('"report"', '"enforce"').encode())
    vocabulary.update(words(document))
    templates.update(word for word in words(document) if word.startswith("/"))

targets = ["/", "/v1/orders", "/v2/orders/7?x=1", "/acme.orders.v1/Get", "/%76%31/a", "/a/../b"]
for number, template in enumerate(sorted(templates)):
    for place, target in enumerate(targets):
        seed("path_template", f"{number}-{place}", f"{template}\n/**\n{target}".encode())

for file in sorted(policies.glob("*/cases/*.yaml")):
    text = file.read_text()
    seed("case_file", file.name, text.encode())
    # One case is easier to change than fifty.
    before, _, cases = text.partition("\ncases:\n")
    for number, case in enumerate(re.split(r"(?m)^(?=  - name:)", cases)[1::8]):
        seed("case_file", f"{number}-{file.name}", f"{before}\ncases:\n{case}".encode())
    for number, value in enumerate(re.findall(r"accept: '([^']*)'", text)):
        seed("accept", f"{number}-{file.stem}", value.encode())

requests = [
    "GET\norders.example.com\n/v1/orders\nx-consumer:legacy-shop",
    "GET\norders.example.com\n/orders\napi-version:2\naccept:application/vnd.acme.v1+json",
    "POST\npayments.example.com:443\n/v3/pay\ncontent-type:application/vnd.acme.v3+json",
    "POST\ngrpc.example.com\n/acme.orders.v1/Get\ncontent-type:application/grpc",
    "POST\norders.example.com\n/v9/a\ncontent-type:application/connect+json",
    "POST\norders.example.com\n/v9/a\ncontent-type:application/grpc-web-text",
    "GET\norders.example.com\n/a?connect=v1\nx-treaty-version:2\nx-treaty-hops:p1a2b3c4d;n=9",
]
for number, request in enumerate(requests):
    seed("request", str(number), request.encode())

contents = [
    ("application/problem+json", '{"type":"https://e.example/t","title":"T","status":400,"detail":"d",'
     '"instance":"/i","balance":1,"errors":[{"detail":"x","pointer":"#/a"}]}'),
    ("application/problem+xml", '<?xml version="1.0"?><problem xmlns="urn:ietf:rfc:7807"><type>t</type>'
     "<detail>a &amp; b</detail><accounts><i>1</i><i><b>2</b></i></accounts></problem>"),
    ("application/json", '{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":['
     '{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"},'
     '{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"a.b"}]}]}}'),
    ("application/json", '{"code":"unavailable","message":"m","details":['
     '{"type":"google.rpc.DebugInfo","value":"CgRib29t","debug":{"a":1}}]}'),
    ("application/vnd.api+json", '{"errors":[{"id":"1","links":{"about":"/a"},"status":"422","code":"c",'
     '"title":"t","detail":"d","source":{"pointer":"/data"},"meta":{"a":1}}],"jsonapi":{"version":"1.1"}}'),
    ("application/json", '{"errors":[{"message":"m","path":["a"],"extensions":{"code":"C"}}],"data":null}'),
    ("application/json", '{"error":{"code":404,"reason":"Not Found","description":"gone"}}'),
    ("application/json", '{"error":"boom","code":"insufficient_stock","retry_after":1.5}'),
    ("application/json", '{"message":"pq: relation \\"orders\\" does not exist"}'),
    ("application/json", '{"fault":{"code":7,"name":"n","text":"t","wait":"3","fields":[{"at":"/a"}]}}'),
    ("text/plain; charset=utf-8", "Failed to deserialize the JSON body into the target type: x\n"),
    ("text/html", "<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"),
    ("", "\ufeff {}"),
]
for number, (content_type, content) in enumerate(contents):
    seed("error_content", str(number), f"{400 + number * 10}\n{content_type}\n{content}".encode())

# google.rpc.Status: 5, "gone", with ErrorInfo, DebugInfo and a type that nobody knows.
status = bytes.fromhex("08051204676f6e65") + b"".join(
    b"\x1a" + bytes([len(url) + len(value) + 4, 0x0A, len(url)]) + url + bytes([0x12, len(value)]) + value
    for url, value in [
        (b"type.googleapis.com/google.rpc.ErrorInfo", b"\x0a\x03OUT\x12\x01d\x1a\x06\x0a\x01k\x12\x01v"),
        (b"type.googleapis.com/google.rpc.DebugInfo", b"\x0a\x04main\x12\x05panic"),
        (b"type.googleapis.com/google.rpc.RequestInfo", b"\x0a\x01r\x12\x05stack"),
        (b"type.googleapis.com/google.rpc.BadRequest", b"\x0a\x0a\x0a\x03a.b\x12\x03bad"),
        (b"type.googleapis.com/google.rpc.RetryInfo", b"\x0a\x02\x08\x1e"),
        (b"e.example/acme.Own", b"\x08\x01"),
    ]
)
seed("grpc_details", "0", status)
encoded = base64.b64encode(status).decode().rstrip("=")
outcomes = [
    f"grpc-status: 5\r\ngrpc-message: gone %F0%9F%98%80 %zz\r\ngrpc-status-details-bin: {encoded}\r\n",
    "Grpc-Status:16\nx: 1\nx: 2\n\n:\n",
    '{"error":{"code":"not_found","message":"gone","details":[]},"metadata":{"a":["b"]}}',
    '{"metadata":{}}',
]
for number, outcome in enumerate(outcomes):
    seed("grpc_outcome", str(number), outcome.encode())

texts = [
    "panic: boom\n\ngoroutine 7 [running]:\nmain.main()\n\t/app/main.go:3 +0x1d\n",
    "thread 'main' panicked at src/main.rs:1:2:\nboom\nnote: run with `RUST_BACKTRACE=1`",
    "Exception in thread \"main\" java.lang.IllegalStateException: x\n\tat a.b.C.m(C.java:1)",
    'Traceback (most recent call last):\n  File "/app/x.py", line 1, in f\nValueError: x',
    "Error: x\n    at fn (/app/x.js:1:2)\n    at node:internal/main:3",
    "ERROR: duplicate key value violates unique constraint (SQLSTATE 23505)",
    "dial tcp 10.0.0.1:5432: connect: connection refused, lookup db.svc.cluster.local",
    "see /home/app/x.go and C:\\\\app\\\\x.cs, postgres://u:p@db/x, Bearer abc.def, password=hunter2",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln AKIAIOSFODNN7EXAMPLE ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "Order 42 of KD-123456 was not found\u001b[0m",
    '{"detail": "panic: boom", "password": "x", "list": [{"stack": "a", "path": "/home/app/x.go"}]}',
]
for number, text in enumerate(texts):
    seed("redaction", str(number), text.encode())


traces = [
    "traceparent:00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\ntracestate:rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
    "traceparent:cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-what\ntracestate:a=1\ntracestate: , b= 2 ,",
    "traceparent:ff-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-03\ntracestate:A=b c",
    "tracestate:t@v=1,0=x\nb3:80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d-05e3ac9a4f6e3b90",
    "x-b3-traceid:463ac35c9f6413ad\nx-b3-spanid:a2fb4a1d1a96d312\nx-b3-sampled:1\nx-b3-flags:1",
    "x-cloud-trace-context:105445aa7843bc8bf206b12000100000/1;o=1",
    "x-amzn-trace-id:Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
    "uber-trace-id:4bf92f3577b34da6%3Ae457b5a2e4d86bd1%3A0%3A1\nb3:0",
    "tracestate:" + ",".join(f"k{number}={'x' * 124}" for number in range(33)),
]
for number, trace in enumerate(traces):
    for terms in range(0, 128, 9):
        seed("trace_context", f"{number}-{terms}", bytes([terms]) + trace.encode())

baggages = [
    "*\n0\nkey1=value1,key2 = value2 ; property1;property2, key3=value3; propertyKey=propertyValue",
    "tenant app.*\n\ntenant=a%20b,bad,app.name=x,,=,other=1\ntenant=2",
    "k\n)\nk=1,k=2;p,l=3",
    "*\n0\n" + ",".join(f"k{number}={'x' * 90}" for number in range(100)),
]
for number, text in enumerate(baggages):
    seed("baggage", str(number), text.encode())

personal = [
    "Jane <jane.doe@example.org>, +49 151 23456789, from 203.0.113.7 or [2001:db8::1]:443",
    "4111 1111 1111 1111, DE89 3704 0044 0532 0130 00, Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "jane%2540example.org and 4111+1111+1111+1111 ::ffff:198.51.100.2 1.2.3.4/24 [email]@example.org",
]
for number, text in enumerate(personal):
    seed("personal_data", str(number), text.encode())

shown = [
    "/v1/orders/42?token=abc&page=2#access_token=x",
    "https://jane:pw@example.org/a;jsessionid=1/b?next=%2Fcb%3Fcode%3D1&user[password]=x",
    "/cb?code=1;q=jane@example.org?sig=2&&=&%73ig=%E2%82&customer",
]
for number, text in enumerate(shown):
    seed("target_redaction", str(number), text.encode())

steps = [
    "^tenant-(?<value>[a-z0-9]+)$\ntenant-acme7",
    "(a|b)*?c{2,5}\nababcccc",
    "(\n12.5e3",
    ".\n\u0130STANBUL jane.doe@example.org",
    "(x)?y\n-0",
]
for number, text in enumerate(steps):
    seed("steps", str(number), text.encode())

keys = [
    ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "/sensors/tn-1234567", "1234-1234%20", '{"request_id": "8e03978e-40d5-43dd-bc93-6894a57f9324"}'),
    ('"a \\"b\\\\";*k;v=1.5;w=:YWI=:;x=?1;y=@-12;z=%"f%c3%bc"', '"a\\"%22b"', "%E2%82%AC", '{"request_id":null}'),
    ("bare-key_1", "urn:a", "", '{"request_id":"","a":[1e5]}'),
    ("00000000-0000-0000-0000-000000000000", "a", '"b', '{"request_id":7,"request_id":8}'),
    ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "%c2%85", "a\\x", '{"request_id":"\\u0000"}'),
    ("a,b", "%zz", "%41", ""),
]
for number, (field, source, event, content) in enumerate(keys):
    for terms in range(0, 32, 5):
        text = f"{field}\n{source}\n{event}\n{content}"
        seed("idempotency_key", f"{number}-{terms}", bytes([terms]) + text.encode())

documents = [
    '{"a": {"b": [1, -0.0, 12.50, 1e2, 9007199254740993]}, "c/d": "\\u00e4\\ud83d\\ude00", "~": null}',
    '{"a": 1, "\\u0061": 2}',
    '"\\ud800"',
    "[" * 128 + "]" * 128,
    "[" * 129 + "]" * 129,
    " [true , false,null ]\n",
    "1e400",
    "-01",
]
for number, document in enumerate(documents):
    seed("json_text", str(number), document.encode())

# A record that is on its way, and one with an answer (format 1): a head within each.
head = bytes.fromhex("0801 1001 21 0807060504030201 2a20".replace(" ", "")) + b"\x09" * 32
head += bytes.fromhex("30e807 38e0d403 48c0aada29 51 2a00000000000000".replace(" ", ""))
done = head.replace(b"\x10\x01", b"\x10\x02", 1)
answer = b"\x08\xc9\x01\x12\x09etag:\"7\"\n\x1a\x02hi"
seed("idempotency_record", "claim", b"\x0a" + bytes([len(head)]) + head)
seed("idempotency_record", "done", b"\x0a" + bytes([len(done)]) + done + b"\x12" + bytes([len(answer)]) + answer)

# Two octets of policy, three for each of three requests under one key, no troubled writes, and events:
# the request and the answer of each in turn, two at once, one whose client leaves, and one too late.
asked, answered, left, later = 0x20, 0x2C, 0x18, 0xFC
lives = [
    [asked, answered, asked + 1],
    [asked, asked + 1, answered, asked + 2],
    [asked, 0x0C, left, asked + 1],
    [asked, later, asked + 1, answered],
]
for policy in (0x00, 0x01, 0x03, 0x05, 0x11, 0x81):
    for number, life in enumerate(lives):
        for how in (0x00, 0x20, 0x07, 0x10, 0x18):
            octets = bytes([policy, 0, *([0x0C, how, 0x05] * 3), 0, *life])
            seed("idempotency_exchange", f"{policy}-{number}-{how}", octets)

for file in sorted(policies.glob("idempotency-keys/*/*.json")):
    for number, text in enumerate(re.findall(r'"descriptors": ?"([A-Za-z0-9+/=]+)"', file.read_text())):
        seed("descriptors", f"{number}-{file.stem}", base64.b64decode(text + "=="))

# Contracts of the policies: documents, packed ones, and schemas with a value each.
for file in sorted(policies.glob("contract-validation/examples/*.json")):
    for number, contract in enumerate(json.loads(file.read_text())["contracts"]):
        if isinstance(contract.get("openapi"), dict):
            document = json.dumps(contract["openapi"], separators=(",", ":"))
            seed("openapi", f"{number}-{file.stem}", document.encode())
            seed("openapi", f"{number}-{file.stem}-3.0", re.sub(r'"openapi":"3.1.\d"', '"openapi":"3.0.4"', document).encode())
        for text in contract.values():
            if isinstance(text, str):
                seed("packed_contract", f"{number}-{file.stem}", text.encode())

schemas = [
    ({"type": "object", "required": ["a"], "properties": {"a": {"minimum": 1}}, "additionalProperties": False}, {"a": 0, "b": 1}),
    ({"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}}, [None, [None, [1]]]),
    ({"prefixItems": [{"const": 1.0}], "unevaluatedItems": {"multipleOf": 0.1}, "uniqueItems": True}, [1, 0.3, 1e2]),
    ({"unevaluatedProperties": False, "allOf": [{"properties": {"a": True}}], "if": {"required": ["b"]}, "else": False}, {"a": 1, "b": 2}),
    ({"patternProperties": {"^[a-f\\d]{2,4}$": {"maxLength": 2}}, "propertyNames": {"pattern": "^\\w+$"}}, {"ab1": "\u00e4\ud83d\ude00"}),
    ({"type": "string", "format": "date-time", "minLength": 3}, "1990-12-31T23:59:60Z"),
    ({"$id": "http://e.example/a", "$dynamicAnchor": "n", "contains": {"$dynamicRef": "#n"}, "minContains": 0}, [[], [[]]]),
    ({"definitions": {"a": {"type": ["integer", "null"]}}, "dependencies": {"a": ["b"], "c": {"$ref": "#/definitions/a"}}}, {"a": 1, "c": 2}),
    ({"type": "integer", "format": "int32", "exclusiveMaximum": 9007199254740993}, 9007199254740992),
    ({"contentEncoding": "base64", "contentMediaType": "application/json"}, "e30="),
]
for number, (schema, value) in enumerate(schemas):
    for dialect in range(5):
        octets = bytes([dialect]) + json.dumps(schema).encode() + b"\n" + json.dumps(value).encode()
        seed("schema", f"{number}-{dialect}", octets)

differing = [
    '{"tags": null, "map": {"a": null, "A": "2026-11-21T10:00:00.123456789123Z"}, "id": 9007199254740993}',
    '{"self": {"self": {"tags": [null]}}, "id": 1.0, "data": "YQ", "at": "2026-11-21 10:00:00z", "at": null}',
    '[null, [[]], 1e400, "\\ud800", NaN, -0]',
]
for number, document in enumerate(documents + differing):
    for terms in (0x07, 0x3F, 0x6A):
        seed("portability", f"{number}-{terms}", bytes([terms]) + document.encode())


def dictionary(target: str, entries) -> None:
    def quoted(text: str) -> str:
        octets = text.encode()
        plain = lambda o: 32 <= o < 127 and o not in b'"\\'
        return "".join(chr(o) if plain(o) else f"\\x{o:02x}" for o in octets)

    lines = sorted(f'"{quoted(entry)}"' for entry in entries if 0 < len(entry.encode()) <= 32)
    (out / f"{target}.dict").write_text("\n".join(lines) + "\n")


fields = [";version=", ";q=0.5", ";q=0", "*/*", "application/", "vnd.acme.v", "+json", ", ", '"', "\\"]
names = ["accept:", "content-type:", "api-version:", "x-consumer:", "x-user-id:", "connect-protocol-version:1"]
dictionary("policy", vocabulary)
dictionary("case_file", vocabulary)
dictionary("accept", fields)
dictionary("request", fields + names + ["orders.example.com", "grpc.example.com", "/v1/", "%2e%2e"])
dictionary("path_template", ["**", "{a}", "{b}", "/", "%2F", "%41", "..", "?", "v{version}"])
members = ["type", "title", "status", "detail", "instance", "errors", "error", "code", "message", "details"]
members += ["@type", "value", "debug", "source", "pointer", "meta", "links", "fault", "reason", "jsonapi"]
names = ["ErrorInfo", "BadRequest", "RetryInfo", "DebugInfo", "Help", "RequestInfo", "QuotaFailure"]
dictionary("error_content", [f'"{name}":' for name in members] + ["<i>", "</i>", "&amp;", "google.rpc."] + names)
dictionary("grpc_outcome", ["grpc-status:", "grpc-message:", "grpc-status-details-bin:", "\r\n", '"error":', "%E2"])
dictionary("grpc_details", [f"google.rpc.{name}" for name in names])
dictionary("redaction", {word for text in texts for word in re.findall(r"\S+\s?", text)})
dictionary("error_exchange", members + names + ["insufficient_stock", "application/problem+xml", ";q=0"])
formats = ["b3:", "x-b3-traceid:", "x-b3-spanid:", "x-b3-sampled:", "x-cloud-trace-context:", "x-amzn-trace-id:"]
ids = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "Root=1-", ";Parent=", ";o=1", "%3A"]
dictionary("trace_context", formats + ids + ["traceparent:", "tracestate:", "uber-trace-id:", "-01", "00-"])
dictionary("baggage", ["k=", ";p", ";p=v", " , ", "%41", "*", "tenant", '"', "app."])
dictionary("personal_data", {word for text in personal for word in re.findall(r"\S+\s?", text)} | {"%40", "%2B"})
dictionary("target_redaction", {word for text in shown for word in re.findall(r"[^&?;#]+[&?;#]?", text)})
dictionary("steps", ["(?<value>", "(?i)", "[a-z]", "{1,9}", "\\d", "\\b", "$", "1e9", "-1.5", "@example.org"])
dictionary("idempotency_key", ['";', "*a=", ":YQ==:", "@1", '%"', "\\\"", "%41", "request_id", "-4000-8000-"])
dictionary("json_text", ["\\u", "\\ud83d\\ude00", "1e", "-0", "true", "null", '":', "E+", "0.0"])
dictionary("descriptors", ["acme", "/", "."])
keywords = ["type", "items", "properties", "$ref", "$defs", "anyOf", "oneOf", "allOf", "not", "pattern", "format", "enum"]
keywords += ["minimum", "multipleOf", "uniqueItems", "unevaluatedProperties", "dependentSchemas", "$dynamicRef", "$anchor"]
dictionary("schema", [f'"{name}":' for name in keywords] + ["#/$defs/", "#/properties/", "null", "true", "1e2", "\n"])
places = ["paths", "parameters", "schema", "content", "requestBody", "responses", "components", "in", "name", "style"]
places += ["explode", "servers", "url", "discriminator", "nullable", "readOnly", "required", "encoding", "headers"]
dictionary("openapi", [f'"{name}":' for name in places + keywords] + ["#/components/schemas/", '"/{a}"', "application/json"])
dictionary("portability", ["null", "\\ud800", "1e400", ".0", "NaN", "9007199254740993", '"tags":', '"map":', '"at":', '"data":'])
dictionary("contract_parameter", ["%2C", "%", ",", ";id=", ".", "filter[a]=", "&", "|", "%20", "R,1", "R=1", "null", "true"])
dictionary("contract_exchange", ["c0ffee5ec2e7", "filter[", "&tags=", "application/grpc", "gzip", '{"id":1}'])
