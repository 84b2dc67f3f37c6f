package discovery

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"istio.io/istio/pilot/pkg/xds"
)

// Status is what Istio knows of its proxies.
type Status struct {
	Proxies []Proxy `json:"proxies"`
	// Rejects are Istio's counts of refused responses (pilot_total_xds_rejects) by its short name of the
	// type: lds, cds, rds, ecds.
	Rejects map[string]float64 `json:"rejects"`
}

// Proxy is one connected Envoy.
type Proxy struct {
	Node string `json:"node"`
	// Types are what it subscribed to, by the URL of the type.
	Types map[string]Subscription `json:"types"`
}

// Subscription is where one type stands. It is in step while Acked is Sent.
type Subscription struct {
	// Sent and Acked are nonces.
	Sent  string `json:"sent"`
	Acked string `json:"acked"`
	// Error is why the proxy refused the last response; the next one that it takes clears it.
	Error string `json:"error,omitempty"`
}

func statusOf(server *xds.DiscoveryServer, metrics prometheus.Gatherer) (Status, error) {
	status := Status{Proxies: []Proxy{}}
	for _, connection := range server.SortedClients() {
		proxy := connection.Proxy()
		types := map[string]Subscription{}
		for url, watched := range proxy.DeepCloneWatchedResources() {
			types[url] = Subscription{Sent: watched.NonceSent, Acked: watched.NonceAcked, Error: watched.LastError}
		}
		status.Proxies = append(status.Proxies, Proxy{Node: proxy.ID, Types: types})
	}
	families, err := metrics.Gather()
	if err != nil {
		return Status{}, err
	}
	status.Rejects = rejects(families)
	return status, nil
}

func rejects(families []*dto.MetricFamily) map[string]float64 {
	counts := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "pilot_total_xds_rejects" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "type" {
					counts[label.GetValue()] += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return counts
}
