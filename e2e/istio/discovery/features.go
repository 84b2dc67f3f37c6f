package discovery

import "istio.io/istio/pilot/pkg/features"

// SetFeatures sets what istiod reads from its environment. They are variables of Istio's, read while
// proxies are served, so setting them before the server starts is as good as the environment.
func setFeatures() {
	// PILOT_ENABLE_METADATA_EXCHANGE, PILOT_ENABLE_ALPN_FILTER and PILOT_ENABLE_TELEMETRY_LABEL: these add
	// filters that only Istio's own build of Envoy has.
	features.MetadataExchange = false
	features.ALPNFilter = false
	features.EnableTelemetryLabel = false
	// PILOT_ENABLE_AMBIENT and PILOT_ENABLE_AMBIENT_WAYPOINTS: without them there are no waypoints.
	features.EnableAmbient = true
	features.EnableAmbientWaypoints = true
}
