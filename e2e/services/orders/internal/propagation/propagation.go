// Package propagation carries the headers that belong to a whole chain of calls
// from the call that came in to the calls that it causes, over HTTP and gRPC
// alike.
package propagation

import "context"

// names are the headers that travel on: the trace, the request id, and the API
// version that the client speaks.
var names = []string{"api-version", "baggage", "traceparent", "tracestate", "x-request-id"}

// carried holds the values by lower-case header name.
type carried map[string][]string

type contextKey struct{}

// collect picks the headers that travel on, as values finds them, into ctx.
func collect(ctx context.Context, values func(name string) []string) context.Context {
	c := make(carried)
	for _, name := range names {
		if v := values(name); len(v) > 0 {
			c[name] = v
		}
	}
	return context.WithValue(ctx, contextKey{}, c)
}

func fromContext(ctx context.Context) carried {
	c, _ := ctx.Value(contextKey{}).(carried)
	return c
}
