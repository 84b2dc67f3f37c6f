"""Calls methods with grpcio and prints what it decoded, details included (grpcio-status)."""

from base64 import b64decode, b64encode

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2  # noqa: F401 Registers the types of the details.
from grpc_status import rpc_status

from lines import serve

# Each failure is to be seen as it came, over a connection of its own.
OPTIONS = [
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
]

# Told by members of their own.
STATUS_FIELDS = {"grpc-status", "grpc-message", "grpc-status-details-bin"}


def answer(call):
    options = list(OPTIONS)
    if call["authority"]:
        options.append(("grpc.default_authority", call["authority"]))
    with grpc.insecure_channel(call["address"], options) as channel:
        return called(channel, call)


def called(channel, call):
    """Serializers are left out, so that messages go and come as octets."""
    kind = channel.unary_stream if call["streaming"] else channel.unary_unary
    request = {
        "request": b64decode(call["message"]),
        "timeout": call["timeout_ms"] / 1000,
        "metadata": [(name, value) for name, value in call["metadata"]],
    }
    messages = 0
    try:
        if call["streaming"]:
            ended = kind(call["path"])(**request)
            for _ in ended:
                messages += 1
        else:
            _, ended = kind(call["path"]).with_call(**request)
            messages = 1
    except grpc.RpcError as failure:
        ended = failure
    return outcome(ended, messages)


def outcome(call, messages):
    status = rpc_status.from_call(call)
    return {
        "code": call.code().name,
        "message": call.details(),
        "details": [detail(packed) for packed in status.details] if status else [],
        "metadata": metadata(call.initial_metadata(), call.trailing_metadata()),
        "messages": messages,
    }


def detail(packed):
    try:
        members = json_format.MessageToDict(packed)
    except TypeError:  # The type is not known here.
        return {"type": packed.TypeName(), "value": b64encode(packed.value).decode()}
    return {"type": members.pop("@type").rpartition("/")[2], **members}


def metadata(*blocks):
    fields = {}
    for name, value in (field for block in blocks for field in block or ()):
        if name not in STATUS_FIELDS:
            text = b64encode(value).decode() if isinstance(value, bytes) else value
            fields[name] = f"{fields[name]}, {text}" if name in fields else text
    return fields


serve(answer)
