// Calls methods with @grpc/grpc-js and prints what it decoded. The library leaves the details to its
// user, who reads them from `grpc-status-details-bin`.

import { fromBinary } from "@bufbuild/protobuf";
import { Client, Metadata, credentials, status as codes } from "@grpc/grpc-js";

import { detail, registry } from "./details.js";
import { serve } from "./lines.js";

const DETAILS = "grpc-status-details-bin";

await serve(async (call) => {
  const client = new Client(call.address, credentials.createInsecure(), options(call));
  try {
    return await called(client, call);
  } finally {
    client.close();
  }
});

// Each failure is to be seen as it came, over a connection of its own.
function options(call) {
  return {
    "grpc.enable_retries": 0,
    "grpc.enable_http_proxy": 0,
    "grpc.use_local_subchannel_pool": 1,
    ...(call.authority && { "grpc.default_authority": call.authority }),
  };
}

// Messages go and come as octets.
async function called(client, { path, message, metadata, timeout_ms, streaming }) {
  const octets = (value) => value;
  const request = Buffer.from(message, "base64");
  const fields = new Metadata();
  metadata.forEach(([name, value]) => fields.add(name, value));
  const deadline = { deadline: Date.now() + timeout_ms };

  let messages = 0;
  const count = () => (messages += 1);
  const running = streaming
    ? client.makeServerStreamRequest(path, octets, octets, request, fields, deadline)
    : client.makeUnaryRequest(path, octets, octets, request, fields, deadline, (e) => e ?? count());
  running.on("data", count).on("error", () => {});
  const initial = new Metadata();
  running.on("metadata", (head) => initial.merge(head));
  const status = await new Promise((resolve) => running.on("status", resolve));
  // The callback of a unary call comes right after its status.
  await new Promise(setImmediate);
  return {
    code: codes[status.code] ?? String(status.code),
    message: status.details,
    details: details(status.metadata),
    metadata: merged(initial, status.metadata),
    messages,
  };
}

function details(trailers) {
  const [octets] = trailers.get(DETAILS);
  if (!octets) return [];
  return fromBinary(registry.getMessage("google.rpc.Status"), octets).details.map((packed) =>
    detail(packed.typeUrl.split("/").at(-1), packed.value),
  );
}

function merged(...blocks) {
  const fields = {};
  for (const block of blocks) {
    for (const name of Object.keys(block.getMap()).filter((name) => name !== DETAILS)) {
      const values = block.get(name).map((value) => value.toString("base64"));
      fields[name] = [...(fields[name] ? [fields[name]] : []), ...values].join(", ");
    }
  }
  return fields;
}
