#!/bin/sh
# Generates gen/ from ../proto. The two plugins are pinned by the tool
# directives in go.mod, so only protoc itself has to be on the PATH.
set -eu
cd "$(dirname "$0")"

rm -rf gen
mkdir gen
protoc \
	--proto_path=../proto \
	--plugin="$(go tool -n protoc-gen-go)" \
	--plugin="$(go tool -n protoc-gen-go-grpc)" \
	--go_out=gen --go_opt=module=treaty.dev/e2e/orders/gen \
	--go-grpc_out=gen --go-grpc_opt=module=treaty.dev/e2e/orders/gen \
	acme/orders/v1/orders.proto \
	acme/orders/v2/orders.proto \
	acme/payments/v1/payments.proto \
	acme/payments/v2/payments.proto
