"""Writes seeds and dictionaries for the fuzz targets, made from the policies of the repository."""

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
