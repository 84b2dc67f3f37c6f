package rpc

import (
	"context"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// header is one entry of the metadata that a call brought.
type header struct {
	name  string
	value string
}

// call is a call as the service saw it, for Echo to answer with.
type call struct {
	service string
	method  string
	headers []header
}

// callOf describes the call that ctx belongs to. Its headers are sorted by name;
// values of one name keep their order.
func callOf(ctx context.Context) call {
	var c call
	if full, ok := grpc.Method(ctx); ok {
		c.service, c.method, _ = strings.Cut(strings.TrimPrefix(full, "/"), "/")
	}
	md, _ := metadata.FromIncomingContext(ctx)
	for _, name := range slices.Sorted(maps.Keys(md)) {
		for _, value := range md[name] {
			c.headers = append(c.headers, header{name, value})
		}
	}
	return c
}
