// Package rpc serves the orders over gRPC. Both versions of the service run on
// one server, as they do while a team moves its clients from one to the next.
package rpc

import (
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	ordersv1 "treaty.dev/e2e/orders/gen/acme/orders/v1"
	ordersv2 "treaty.dev/e2e/orders/gen/acme/orders/v2"
	"treaty.dev/e2e/orders/internal/calllog"
	"treaty.dev/e2e/orders/internal/execution"
	"treaty.dev/e2e/orders/internal/order"
	"treaty.dev/e2e/orders/internal/payments"
	"treaty.dev/e2e/orders/internal/propagation"
)

// API is the gRPC API and what it works on.
type API struct {
	Orders     *order.Store
	Executions *execution.Counter
	Payments   *payments.GRPCClient
	Log        *slog.Logger
}

// NewServer returns a server with both versions of the service, the health
// service and reflection on it.
func NewServer(api API) *grpc.Server {
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(
			propagation.UnaryServerInterceptor,
			calllog.UnaryServerInterceptor(api.Log),
			recoverUnary(api.Log),
		),
		grpc.ChainStreamInterceptor(
			propagation.StreamServerInterceptor,
			calllog.StreamServerInterceptor(api.Log),
			recoverStream(api.Log),
		),
	)
	ordersv1.RegisterOrdersServer(server, serverV1{API: api})
	ordersv2.RegisterOrdersServer(server, serverV2{API: api})

	healthy := health.NewServer()
	for service := range server.GetServiceInfo() {
		healthy.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
	}
	grpc_health_v1.RegisterHealthServer(server, healthy)
	reflection.Register(server)
	return server
}
