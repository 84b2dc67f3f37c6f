// Calls methods with @connectrpc/connect-node or, as a browser does, with connect-web over fetch, and
// prints what it decoded. Which of them and which protocol it is, each call says.

import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import * as node from "@connectrpc/connect-node";
import * as web from "@connectrpc/connect-web";

import { detail, registry } from "./details.js";
import { serve } from "./lines.js";

// Told by members of their own.
const STATUS_FIELDS = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

await serve(async (call) => {
  const [, service, name] = call.path.split("/");
  const method = registry.getService(service).methods.find((method) => method.name === name);
  const request = fromBinary(method.input, Buffer.from(call.message, "base64"));
  return await called(transport(call), method, request, call);
});

function transport({ library: name, protocol, address }) {
  const library = name === "connect-web" ? web : node;
  const options = {
    baseUrl: `http://${address}`,
    httpVersion: "2",
    useBinaryFormat: protocol !== "connect+json",
  };
  switch (protocol) {
    case "grpc":
      return library.createGrpcTransport(options);
    case "grpc-web":
      return library.createGrpcWebTransport(options);
    default:
      return library.createConnectTransport(options);
  }
}

async function called(transport, method, request, { metadata, authority, timeout_ms, streaming }) {
  const headers = new Headers(metadata);
  if (authority) headers.set("host", authority);
  let messages = 0;
  try {
    let answer;
    if (streaming) {
      const requests = (async function* () {
        yield request;
      })();
      answer = await transport.stream(method, undefined, timeout_ms, headers, requests);
      for await (const _ of answer.message) messages += 1;
    } else {
      answer = await transport.unary(method, undefined, timeout_ms, headers, request);
      messages = 1;
    }
    const fields = merged(answer.header, answer.trailer);
    return { code: "OK", message: "", details: [], metadata: fields, messages };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { ...failure(error), messages };
  }
}

function failure(error) {
  return {
    code: upperSnake(Code[error.code]),
    message: error.rawMessage,
    details: error.details.map(({ type, value, debug }) => ({
      ...detail(type, value),
      ...(debug !== undefined && { debug }),
    })),
    metadata: merged(error.metadata),
  };
}

// gRPC's name of a code that Connect spells its own way.
function upperSnake(code) {
  if (code === "Canceled") return "CANCELLED";
  return code.replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
}

function merged(...blocks) {
  const fields = new Headers();
  for (const [name, value] of blocks.flatMap((block) => [...block])) {
    if (!STATUS_FIELDS.includes(name)) fields.append(name, name.endsWith("-bin") ? padded(value) : value);
  }
  return Object.fromEntries(fields);
}

// Base64 of octets, whichever form they came in.
function padded(values) {
  const octets = values.split(",").map((value) => Buffer.from(value, "base64"));
  return octets.map((value) => value.toString("base64")).join(", ");
}
