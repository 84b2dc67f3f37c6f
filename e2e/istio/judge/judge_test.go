package judge

import (
	"strings"
	"sync"
	"testing"
)

const (
	wasmPlugin = `
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata:
  name: telemetry-tagging
spec:
  selector:
    matchLabels:
      istio: ingressgateway
  url: oci://registry.example.com/treaty/telemetry-tagging:1.0.0
  phase: AUTHN
  priority: 20
`
	envoyFilter = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: telemetry-tagging
spec:
  configPatches:
  - applyTo: EXTENSION_CONFIG
    match:
      context: GATEWAY
    patch:
      operation: ADD
      value:
        name: telemetry-tagging
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
          config:
            failure_policy: FAIL_RELOAD
`
	envoyExtensionPolicy = `
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata:
  name: telemetry-tagging
spec:
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: Gateway
    name: edge
  wasm:
  - name: telemetry-tagging
    code:
      type: Image
      image:
        url: registry.example.com/treaty/telemetry-tagging:1.0.0
`
	gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
spec:
  gatewayClassName: istio
  listeners:
  - name: http
    port: 80
    protocol: HTTP
`
	service = `
apiVersion: v1
kind: Service
metadata:
  name: orders
spec:
  ports:
  - port: 80
`
)

func TestGoodResourcesOfEachSourceAreTaken(t *testing.T) {
	for _, text := range []string{wasmPlugin, envoyFilter, envoyExtensionPolicy, gateway, service} {
		verdict := judgeOne(t, text)
		if len(verdict.Errors) > 0 {
			t.Errorf("%s: %q", verdict.Kind, verdict.Errors)
		}
	}
}

func TestBadResourcesAreRefusedWithTheReason(t *testing.T) {
	for _, test := range []struct {
		fact, text, from, to, want string
	}{
		{
			"an unknown field of the spec", wasmPlugin,
			"priority: 20", "prority: 20", `unknown field "spec.prority"`,
		},
		{
			"an unknown field of the metadata", wasmPlugin,
			"metadata:", "metadata:\n  lables: {}", `unknown field "metadata.lables"`,
		},
		{
			"a value that is none of an enumeration", wasmPlugin,
			"phase: AUTHN", "phase: AUTH", `spec.phase: Unsupported value: "AUTH"`,
		},
		{
			"a wrong type", wasmPlugin,
			"priority: 20", "priority: high", "spec.priority: Invalid value",
		},
		{
			"a rule of CEL: a selector beside targetRefs", wasmPlugin,
			"  url:", "  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]\n  url:",
			"only one of targetRefs or selector can be set",
		},
		{
			"a name that is none", wasmPlugin,
			"name: telemetry-tagging", "name: Telemetry_Tagging", "metadata.name: Invalid value",
		},
		{
			"a key that stands twice", wasmPlugin,
			"priority: 20", "priority: 20\n  priority: 10", `"priority" already set`,
		},
		{
			"what only the webhook knows: a type that Envoy has not", envoyFilter,
			"wasm.v3.Wasm", "wasm.v3.Wsm", `admission webhook "validation.istio.io" denied the request`,
		},
		{
			"an EnvoyFilter with a selector and targetRefs", envoyFilter,
			"spec:\n", "spec:\n  workloadSelector: {labels: {app: a}}\n  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]\n",
			"only one of targetRefs or workloadSelector can be set",
		},
		{
			"a rule of CEL in Envoy Gateway's", envoyExtensionPolicy,
			"kind: Gateway", "kind: Service", "spec",
		},
		{
			"a Wasm source without its type's part", envoyExtensionPolicy,
			"type: Image", "type: HTTP", "spec.wasm[0].code: Invalid value",
		},
		{
			"an unknown protocol's shape in the Gateway API", gateway,
			"protocol: HTTP", "protocol: H-TTP!", "spec.listeners[0].protocol: Invalid value",
		},
		{
			"an unknown field of a core kind", service,
			"port: 80", "prt: 80", `unknown field "spec.ports[0].prt"`,
		},
		{
			"an unknown kind", wasmPlugin,
			"kind: WasmPlugin", "kind: WasmPlugIn", `no matches for kind "WasmPlugIn"`,
		},
		{
			"no YAML", wasmPlugin,
			"spec:", "spec: {", "yaml:",
		},
	} {
		t.Run(test.fact, func(t *testing.T) {
			if !strings.Contains(test.text, test.from) {
				t.Fatalf("nothing to change: %q", test.from)
			}
			verdict := judgeOne(t, strings.Replace(test.text, test.from, test.to, 1))
			if !strings.Contains(strings.Join(verdict.Errors, "\n"), test.want) {
				t.Errorf("want %q in %q", test.want, verdict.Errors)
			}
		})
	}
}

func TestWhatTheWebhookWarnsOfIsToldAndNoError(t *testing.T) {
	verdict := judgeOne(t, strings.Replace(envoyFilter, "failure_policy", "failure_polity", 1))
	if len(verdict.Errors) > 0 || !strings.Contains(strings.Join(verdict.Warnings, "\n"), `unknown field "failure_polity"`) {
		t.Errorf("%+v", verdict)
	}
}

func TestAKustomizationIsSkippedAndSaysSo(t *testing.T) {
	verdict := judgeOne(t, "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n")
	if verdict.Skipped == "" || len(verdict.Errors) > 0 {
		t.Errorf("%+v", verdict)
	}
}

func TestDocumentsAreCountedWithoutTheEmptyOnes(t *testing.T) {
	verdicts := newJudge(t).File("all.yaml", []byte("# A comment.\n---"+wasmPlugin+"---\n---"+gateway))
	if len(verdicts) != 2 || verdicts[0].Index != 0 || verdicts[1].Index != 1 {
		t.Errorf("%+v", verdicts)
	}
}

func judgeOne(t *testing.T, text string) Verdict {
	t.Helper()
	verdicts := newJudge(t).File("one.yaml", []byte(text))
	if len(verdicts) != 1 {
		t.Fatalf("%+v", verdicts)
	}
	return verdicts[0]
}

func newJudge(t *testing.T) *Judge {
	t.Helper()
	judge, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return judge
}

// Shared, because reading the CRDs takes longer than judging.
var shared = sync.OnceValues(New)
