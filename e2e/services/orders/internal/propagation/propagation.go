// Package propagation carries the headers that belong to a whole chain of calls
// from the call that came in to the calls that it causes, over HTTP and gRPC
// alike.
//
// The service makes no spans of its own, so the headers travel on just as they
// came. This is the least that a service mesh asks of a service, and shows a
// test what a filter in front of it let through.
package propagation

import (
	"context"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// names are the headers that travel on: the trace, the request id, and the API
// version that the client speaks.
var names = []string{"api-version", "baggage", "traceparent", "tracestate", "x-request-id"}

// carried holds the values by lower-case header name.
type carried map[string][]string

type contextKey struct{}

// collect picks the headers that travel on, as values finds them, into ctx. What
// OpenTelemetry takes for a valid trace context among them is the remote span of
// ctx; logs name it.
func collect(ctx context.Context, values func(name string) []string) context.Context {
	c := make(carried)
	for _, name := range names {
		if v := values(name); len(v) > 0 {
			c[name] = v
		}
	}
	ctx = context.WithValue(ctx, contextKey{}, c)
	return propagation.TraceContext{}.Extract(ctx, c)
}

func fromContext(ctx context.Context) carried {
	c, _ := ctx.Value(contextKey{}).(carried)
	return c
}

// Get implements propagation.TextMapCarrier. Several lines of one header are one
// list (RFC 9110 section 5.3), which makes two traceparents an invalid one.
func (c carried) Get(name string) string {
	return strings.Join(c[name], ",")
}

// Set implements propagation.TextMapCarrier.
func (c carried) Set(name, value string) {
	c[name] = []string{value}
}

// Keys implements propagation.TextMapCarrier.
func (c carried) Keys() []string {
	return slices.Sorted(maps.Keys(c))
}
