// Package discovery runs Istio's own discovery server without Kubernetes: what it makes of Istio's
// resources is served over xDS, and its resources are changed over HTTP.
package discovery

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/features"
	v3 "istio.io/istio/pilot/pkg/xds/v3"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/monitoring"
	"istio.io/istio/pkg/test"
)

// Loopback with a free port.
const loopback = "127.0.0.1:0"

// Addresses are where the server listens.
type Addresses struct {
	// ADS is xDS over gRPC, without TLS.
	ADS string `json:"ads"`
	// SDS gives certificates over gRPC, without TLS: a waypoint's clusters need them to get ready.
	SDS string `json:"sds"`
	// Control is HTTP: PUT /config and GET /status.
	Control string `json:"control"`
}

// Serve starts the server with the resources of a stream of YAML, prints its addresses as one line of
// JSON when proxies may connect, and serves until input ends.
func Serve(config []byte, mesh *meshconfig.MeshConfig, input io.Reader, output io.Writer) error {
	initial, err := read(config)
	if err != nil {
		return err
	}
	setFeatures()
	registry, err := metrics()
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", loopback)
	if err != nil {
		return err
	}
	defer control.Close()
	certificates, err := net.Listen("tcp", loopback)
	if err != nil {
		return err
	}
	defer certificates.Close()
	if err := serveCertificates(certificates); err != nil {
		return err
	}
	var failed error
	// The server belongs to Istio's tests and wants one: Wrap stands in for it, and ends it as a test does.
	err = test.Wrap(func(t test.Failer) {
		server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
			Configs:           initial.configs(),
			KubernetesObjects: initial.objects(),
			MeshConfig:        mesh,
			// Changes that come together are pushed together, as in istiod.
			DebounceTime:    features.DebounceAfter,
			ListenerBuilder: func() (net.Listener, error) { return net.Listen("tcp", loopback) },
		})
		generators := server.Discovery.Generators
		generators[v3.ExtensionConfigurationType] = viaAgent{generators[v3.ExtensionConfigurationType]}
		resources := &store{istio: server.Store(), kube: server.KubeClient(), held: initial}
		go http.Serve(control, controlHandler(resources, server.Discovery, registry)) //nolint:errcheck // ends with the listener
		failed = json.NewEncoder(output).Encode(Addresses{
			ADS:     server.Listener.Addr().String(),
			SDS:     certificates.Addr().String(),
			Control: control.Addr().String(),
		})
		if failed == nil {
			_, failed = io.Copy(io.Discard, input)
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// Metrics are Istio's own. They belong to the process: what is registered first gets them for good.
var metrics = sync.OnceValues(func() (*prometheus.Registry, error) {
	registry := prometheus.NewRegistry()
	_, err := monitoring.RegisterPrometheusExporter(registry, registry)
	return registry, err
})
