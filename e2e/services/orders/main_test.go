package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func TestRunAnnouncesServesAndStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stdout, announced := io.Pipe()
	getenv := func(name string) string {
		return map[string]string{"ORDERS_HTTP": "127.0.0.1:0"}[name]
	}
	result := make(chan error, 1)
	go func() { result <- run(ctx, []string{"--grpc", "127.0.0.1:0"}, getenv, announced, io.Discard) }()

	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var a announcement
	if err := json.Unmarshal(line, &a); err != nil || a.Service != "orders" {
		t.Fatalf("announced %s: %v", line, err)
	}

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

	stop()
	if err := <-result; err != nil {
		t.Errorf("run: %v", err)
	}
}
