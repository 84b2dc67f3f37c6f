package discovery

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"istio.io/istio/pilot/pkg/xds"
)

// ControlHandler answers PUT /config, whose body is all resources as YAML, and GET /status.
func controlHandler(resources *store, server *xds.DiscoveryServer, metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /config", func(response http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		changes, err := resources.replace(body)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		writeJSON(response, changes)
	})
	mux.HandleFunc("GET /status", func(response http.ResponseWriter, _ *http.Request) {
		status, err := statusOf(server, metrics)
		if err != nil {
			http.Error(response, err.Error(), http.StatusInternalServerError)
			return
		}
		writeJSON(response, status)
	})
	return mux
}

func writeJSON(response http.ResponseWriter, value any) {
	response.Header().Set("Content-Type", "application/json")
	// Only a client that is gone makes this fail.
	_ = json.NewEncoder(response).Encode(value)
}
