// Package rest serves the orders over HTTP. It has two versions side by side,
// whose shapes differ on purpose: number ids and null lists in the first,
// string ids and empty lists in the second.
package rest

import (
	"io"
	"log/slog"
	"net/http"

	"treaty.dev/e2e/orders/internal/calllog"
	"treaty.dev/e2e/orders/internal/execution"
	"treaty.dev/e2e/orders/internal/order"
	"treaty.dev/e2e/orders/internal/payments"
	"treaty.dev/e2e/orders/internal/propagation"
)

// API is the REST API and what it works on.
type API struct {
	Orders       *order.Store
	Executions   *execution.Counter
	PaymentsHTTP *payments.HTTPClient
	PaymentsGRPC *payments.GRPCClient
	Log          *slog.Logger
}

// Handler returns the handler for every route of the API.
func (a API) Handler() http.Handler {
	mux := http.NewServeMux()

	versioned(mux, "GET", "/orders", a.listV1, a.listV2)
	versioned(mux, "POST", "/orders", a.createV1, a.createV2)
	versioned(mux, "GET", "/orders/{id}", a.getV1, a.getV2)
	mux.Handle("PUT /v2/orders/{id}/lines", as("2", a.replaceLines))
	versioned(mux, "GET", "/orders/{id}/payment", a.paymentV1, a.paymentV2)
	versioned(mux, "GET", "/events", a.eventsV1, a.eventsV2)
	mux.Handle("GET /v2/orders/{id}/payment-grpc", as("2", a.paymentOverGRPC))

	mux.HandleFunc("GET /executions/{key}", a.readExecutions)
	mux.HandleFunc("POST /executions/{key}", a.addExecution)
	mux.HandleFunc("DELETE /executions", a.resetExecutions)

	mux.HandleFunc("GET /slow", a.slow)
	mux.HandleFunc("GET /fail", fail)
	mux.HandleFunc("GET /panic", crashed)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "ok")
	})

	return identified(propagation.Middleware(calllog.Middleware(a.Log, breaking(echoing(mux)))))
}
