// Error details as all clients print them: the type and its members in protobuf's JSON, or the type
// and the octets in base64 where the type is not known.

import { createFileRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

// The types and services of the FileDescriptorSet that the environment carries in base64.
export const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, Buffer.from(process.env.DESCRIPTORS, "base64")),
);

export function detail(type, value) {
  const schema = registry.getMessage(type);
  return schema
    ? { type, ...toJson(schema, fromBinary(schema, value), { registry }) }
    : { type, value: Buffer.from(value).toString("base64") };
}
