package discovery

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	xds "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secret "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"
	istiomesh "istio.io/istio/pkg/config/mesh"
)

const (
	listeners  = "type.googleapis.com/envoy.config.listener.v3.Listener"
	extensions = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"
	// Istio makes a TrafficExtension of a WasmPlugin, and names the filter by it.
	extension = "extensions.istio.io/trafficextension/default.tagging~istio-translated-wasmplugin"

	gateway = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: gateway}
spec:
  hosts: [gateway.mesh.internal]
  resolution: STATIC
  ports: [{number: 8080, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.2, labels: {istio: ingressgateway}}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gateway}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]
`
	waypoint = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
status:
  addresses: [{type: Hostname, value: waypoint.default.svc.cluster.local}]
---
apiVersion: v1
kind: Service
metadata:
  name: waypoint
  labels: {gateway.networking.k8s.io/gateway-name: waypoint, gateway.istio.io/managed: istio.io-mesh-controller}
spec:
  clusterIP: 240.240.0.4
  ports: [{name: mesh, port: 15008, appProtocol: hbone}]
  selector: {gateway.networking.k8s.io/gateway-name: waypoint}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: waypoint}
spec: {address: 127.0.0.4, labels: {gateway.networking.k8s.io/gateway-name: waypoint}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: orders, labels: {istio.io/use-waypoint: waypoint}}
spec:
  hosts: [orders.mesh.internal]
  addresses: [240.240.0.1]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1}]
`
	plugin = `
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: tagging}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  url: file:///plugin.wasm
  pluginConfig: {policyJson: first}
`
)

func TestAProxyFollowsTheResources(t *testing.T) {
	server := serve(t, gateway+plugin)
	proxy := connect(t, server.ADS)

	proxy.subscribe(t, listeners)
	if response := proxy.receive(t, listeners); !strings.Contains(response.String(), extension) {
		t.Errorf("no listener asks for %s", extension)
	}
	proxy.subscribe(t, extensions, extension)
	if response := proxy.receive(t, extensions); !strings.Contains(response.String(), "first") {
		t.Errorf("not the policy that was configured: %v", response)
	} else if strings.Contains(response.String(), "ISTIO_META_") {
		t.Errorf("the module is told what is for Istio's agent: %v", response)
	}
	waitFor(t, "the extension is acknowledged", func() bool {
		subscription := statusOfProxy(t, server).Types[extensions]
		return subscription.Acked != "" && subscription.Acked == subscription.Sent
	})

	rejects := server.status(t).Rejects["ecds"]
	code, answer := server.put(t, gateway+strings.Replace(plugin, "first", "second", 1))
	if code != http.StatusOK || answer != `{"created":0,"updated":1,"deleted":0}` {
		t.Errorf("%d %s", code, answer)
	}
	if response := proxy.refuse(t, extensions, "no such policy"); !strings.Contains(response.String(), "second") {
		t.Errorf("not the policy that was put: %v", response)
	}
	waitFor(t, "the refusal is told", func() bool {
		return statusOfProxy(t, server).Types[extensions].Error == "no such policy"
	})
	if counted := server.status(t).Rejects["ecds"] - rejects; counted != 1 {
		t.Errorf("Istio counted %v refusals", counted)
	}

	code, answer = server.put(t, gateway)
	if code != http.StatusOK || answer != `{"created":0,"updated":0,"deleted":1}` {
		t.Errorf("%d %s", code, answer)
	}
	waitFor(t, "the listener is without the plugin", func() bool {
		return !strings.Contains(proxy.receive(t, listeners).String(), extension)
	})
}

func TestAWaypointRunsWhatTargetsItsGateway(t *testing.T) {
	targeted := strings.Replace(plugin, "selector: {matchLabels: {istio: ingressgateway}}",
		"targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}]", 1)
	server := serve(t, waypoint+targeted)
	proxy := connect(t, server.ADS)
	proxy.id = "waypoint~127.0.0.4~waypoint.default~default.svc.cluster.local"
	proxy.labels = map[string]any{
		"gateway.networking.k8s.io/gateway-name": "waypoint",
		"gateway.istio.io/managed":               "istio.io-mesh-controller",
	}
	proxy.subscribe(t, listeners)
	response := proxy.receive(t, listeners).String()
	for _, want := range []string{"main_internal", "orders.mesh.internal", extension} {
		if !strings.Contains(response, want) {
			t.Errorf("nothing of %s in the listeners", want)
		}
	}
}

func TestAProxyGetsItsCertificateAndWhatItIsHeldTo(t *testing.T) {
	server := serve(t, gateway)
	context, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stream, err := secret.NewSecretDiscoveryServiceClient(dial(t, server.SDS)).StreamSecrets(context)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"default": "private_key", "ROOTCA": "trusted_ca"} {
		if err := stream.Send(&xds.DiscoveryRequest{ResourceNames: []string{name}}); err != nil {
			t.Fatal(err)
		}
		response, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(response.String(), want) {
			t.Errorf("no %s in %s", want, name)
		}
	}
}

func TestInvalidResourcesChangeNothingAndAreAllTold(t *testing.T) {
	server := serve(t, gateway+plugin)
	bad := strings.Replace(plugin, "pluginConfig", "sha256: short\n  pluginConfig", 1)
	code, answer := server.put(t, bad+strings.ReplaceAll(bad, "tagging", "other"))
	if code != http.StatusBadRequest {
		t.Errorf("%d %s", code, answer)
	}
	for _, name := range []string{"WasmPlugin default/tagging", "WasmPlugin default/other"} {
		if !strings.Contains(answer, name+`: admission webhook "validation.istio.io" denied the request`) {
			t.Errorf("nothing of %s in %s", name, answer)
		}
	}
	code, answer = server.put(t, gateway+plugin)
	if code != http.StatusOK || answer != `{"created":0,"updated":0,"deleted":0}` {
		t.Errorf("the refused resources changed something: %d %s", code, answer)
	}
}

// Serve starts a server that ends with the test.
func serve(t *testing.T, config string) running {
	t.Helper()
	input, closeInput := io.Pipe()
	lines, output := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Serve([]byte(config), istiomesh.DefaultMeshConfig(), input, output)
		output.Close()
	}()
	t.Cleanup(func() {
		closeInput.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(lines).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var server running
	if err := json.Unmarshal(line, &server.Addresses); err != nil {
		t.Fatal(err)
	}
	return server
}

type running struct{ Addresses }

func (s running) put(t *testing.T, config string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, "http://"+s.Control+"/config", strings.NewReader(config))
	if err != nil {
		t.Fatal(err)
	}
	return do(t, request)
}

func (s running) status(t *testing.T) Status {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+s.Control+"/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, answer := do(t, request)
	var status Status
	if err := json.Unmarshal([]byte(answer), &status); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	return status
}

func do(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(body))
}

func statusOfProxy(t *testing.T, server running) Proxy {
	t.Helper()
	proxies := server.status(t).Proxies
	if len(proxies) != 1 || proxies[0].Node != "gateway.default" {
		t.Fatalf("not the one proxy: %+v", proxies)
	}
	return proxies[0]
}

func waitFor(t *testing.T, fact string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after ten seconds not: %s", fact)
		}
	}
}

// Proxy speaks ADS as an Envoy does.
type proxy struct {
	stream grpc.BidiStreamingClient[xds.DiscoveryRequest, xds.DiscoveryResponse]
	id     string
	labels map[string]any
	names  map[string][]string
}

// Connect is a gateway's proxy, if nothing else is set.
func connect(t *testing.T, address string) *proxy {
	t.Helper()
	context, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	stream, err := xds.NewAggregatedDiscoveryServiceClient(dial(t, address)).StreamAggregatedResources(context)
	if err != nil {
		t.Fatal(err)
	}
	return &proxy{
		stream: stream,
		id:     "router~127.0.0.2~gateway.default~default.svc.cluster.local",
		labels: map[string]any{"istio": "ingressgateway"},
		names:  map[string][]string{},
	}
}

func dial(t *testing.T, address string) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

func (p *proxy) subscribe(t *testing.T, kind string, names ...string) {
	t.Helper()
	metadata, err := structpb.NewStruct(map[string]any{
		"NAMESPACE":    "default",
		"LABELS":       p.labels,
		"CLUSTER_ID":   "Kubernetes",
		"INSTANCE_IPS": strings.Split(p.id, "~")[1],
	})
	if err != nil {
		t.Fatal(err)
	}
	p.names[kind] = names
	p.send(t, &xds.DiscoveryRequest{
		Node:          &core.Node{Id: p.id, Metadata: metadata},
		TypeUrl:       kind,
		ResourceNames: names,
	})
}

// Receive waits for a response of this kind and acknowledges it, and any other before it.
func (p *proxy) receive(t *testing.T, kind string) *xds.DiscoveryResponse {
	t.Helper()
	return p.await(t, kind, nil)
}

// Refuse waits for a response of this kind and refuses it.
func (p *proxy) refuse(t *testing.T, kind, reason string) *xds.DiscoveryResponse {
	t.Helper()
	return p.await(t, kind, &status.Status{Code: int32(codes.Internal), Message: reason})
}

func (p *proxy) await(t *testing.T, kind string, refusal *status.Status) *xds.DiscoveryResponse {
	t.Helper()
	for {
		response, err := p.stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		answer := &xds.DiscoveryRequest{
			TypeUrl:       response.TypeUrl,
			ResponseNonce: response.Nonce,
			VersionInfo:   response.VersionInfo,
			ResourceNames: p.names[response.TypeUrl],
		}
		if response.TypeUrl == kind {
			answer.ErrorDetail = refusal
		}
		p.send(t, answer)
		if response.TypeUrl == kind {
			return response
		}
	}
}

func (p *proxy) send(t *testing.T, request *xds.DiscoveryRequest) {
	t.Helper()
	if err := p.stream.Send(request); err != nil {
		t.Fatal(err)
	}
}
