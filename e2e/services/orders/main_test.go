package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	ordersv1 "treaty.dev/e2e/orders/gen/acme/orders/v1"
)

// start runs the service, and returns what it announced and how to stop it,
// which tells how it ended.
func start(t *testing.T, stderr io.Writer) (announcement, func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stdout, announced := io.Pipe()
	getenv := func(name string) string {
		return map[string]string{"ORDERS_HTTP": "127.0.0.1:0"}[name]
	}
	result := make(chan error, 1)
	go func() { result <- run(ctx, []string{"--grpc", "127.0.0.1:0"}, getenv, announced, stderr) }()

	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var a announcement
	if err := json.Unmarshal(line, &a); err != nil || a.Service != "orders" {
		t.Fatalf("announced %s: %v", line, err)
	}
	return a, func() error {
		cancel()
		return <-result
	}
}

func TestRunAnnouncesServesAndStops(t *testing.T) {
	a, stop := start(t, io.Discard)

	response, err := http.Get("http://" + a.HTTP + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || string(body) != "ok" {
		t.Errorf("healthz: got %q, %v", body, err)
	}

	conn, err := grpc.NewClient(a.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, service := range []string{"", "acme.orders.v1.Orders", "acme.orders.v2.Orders"} {
		health, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(),
			&grpc_health_v1.HealthCheckRequest{Service: service})
		if err != nil || health.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("health of %q: got %v, %v", service, health, err)
		}
	}

	if err := stop(); err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestEveryCallIsLoggedWithItsTrace(t *testing.T) {
	const (
		traceID     = "0af7651916cd43dd8448eb211c80319c"
		traceparent = "00-" + traceID + "-b7ad6b7169203331-01"
	)
	var log bytes.Buffer
	a, stop := start(t, &log)

	request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+a.HTTP+"/v2/orders/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Traceparent", traceparent)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()

	conn, err := grpc.NewClient(a.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", traceparent)
	client := ordersv1.NewOrdersClient(conn)
	if _, err := client.GetOrder(ctx, &ordersv1.GetOrderRequest{Id: 77}); status.Code(err) != codes.NotFound {
		t.Errorf("unknown order: got %v", err)
	}
	stream, err := client.WatchOrders(ctx, &ordersv1.WatchOrdersRequest{Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = stream.Recv()
	}

	// The log is complete, and nobody writes to it any more.
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	calls := make(map[string]string)
	for decoder := json.NewDecoder(&log); decoder.More(); {
		var line struct {
			Msg, Path string
			GRPCCode  string `json:"grpc_code"`
			TraceID   string `json:"trace_id"`
		}
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if line.Msg != "call" {
			continue
		}
		calls[line.Path] = line.GRPCCode
		if line.TraceID != traceID {
			t.Errorf("%s: got trace %q", line.Path, line.TraceID)
		}
	}
	want := map[string]string{
		"/v2/orders/1":                       "",
		"/acme.orders.v1.Orders/GetOrder":    "NotFound",
		"/acme.orders.v1.Orders/WatchOrders": "OK",
	}
	if !maps.Equal(calls, want) {
		t.Errorf("got %v, want %v", calls, want)
	}
}
