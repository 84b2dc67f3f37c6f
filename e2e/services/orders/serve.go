package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/grpclog"

	"treaty.dev/e2e/orders/internal/execution"
	"treaty.dev/e2e/orders/internal/order"
	"treaty.dev/e2e/orders/internal/payments"
	"treaty.dev/e2e/orders/internal/rest"
	"treaty.dev/e2e/orders/internal/rpc"
)

const (
	// headerTimeout keeps a client that never finishes its request head from
	// holding a connection. There is no write timeout: streams may be long.
	headerTimeout = 10 * time.Second
	// drainTimeout is how long calls in flight may take once the service was
	// told to stop.
	drainTimeout = 5 * time.Second
)

// serve opens both listeners, announces them on stdout, and serves until ctx
// ends or a server fails.
func serve(ctx context.Context, c config, stdout io.Writer, log *slog.Logger) error {
	// The gRPC library has a log of its own; its errors belong in ours.
	errorLog := slog.NewLogLogger(log.Handler(), slog.LevelError)
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, errorLog.Writer()))

	paymentsGRPC, err := payments.NewGRPCClient(c.paymentsGRPC)
	if err != nil {
		return fmt.Errorf("payments gRPC client: %w", err)
	}
	defer paymentsGRPC.Close()

	store := order.NewStore()
	executions := execution.NewCounter()
	restServer := &http.Server{
		Handler: rest.API{
			Orders:       store,
			Executions:   executions,
			PaymentsHTTP: payments.NewHTTPClient(c.paymentsHTTP),
			PaymentsGRPC: paymentsGRPC,
			Log:          log,
		}.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ErrorLog:          errorLog,
	}
	rpcServer := rpc.NewServer(rpc.API{
		Orders:     store,
		Executions: executions,
		Payments:   paymentsGRPC,
		Log:        log,
	})

	var listen net.ListenConfig
	restListener, err := listen.Listen(ctx, "tcp", c.http)
	if err != nil {
		return fmt.Errorf("listen for REST: %w", err)
	}
	defer restListener.Close()
	rpcListener, err := listen.Listen(ctx, "tcp", c.grpc)
	if err != nil {
		return fmt.Errorf("listen for gRPC: %w", err)
	}
	defer rpcListener.Close()
	if err := announce(stdout, restListener.Addr(), rpcListener.Addr()); err != nil {
		return fmt.Errorf("announce: %w", err)
	}

	failed := make(chan error, 2)
	go func() { failed <- restServer.Serve(restListener) }()
	go func() { failed <- rpcServer.Serve(rpcListener) }()

	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		log.Info("draining")
	}
	return errors.Join(err, drain(restServer, rpcServer))
}

// drain lets the calls in flight finish, and cuts off those that take too long.
func drain(restServer *http.Server, rpcServer *grpc.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	// Stop also releases a GracefulStop that is still waiting for a stream.
	defer context.AfterFunc(ctx, rpcServer.Stop)()

	stopped := make(chan struct{})
	go func() {
		rpcServer.GracefulStop()
		close(stopped)
	}()
	err := restServer.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = restServer.Close()
	}
	<-stopped
	return err
}
