// Command orders is a service as Go teams write them, for Treaty's end-to-end
// tests to put filters in front of: REST on net/http, gRPC on grpc-go, and two
// versions of each API side by side.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"treaty.dev/e2e/orders/internal/calllog"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		stop()
		os.Exit(1)
	}
}

// run is main without the process around it, so that a test can start the
// service and stop it again.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	c, err := parseConfig(args, getenv, stderr)
	if err != nil {
		return err
	}
	handler := calllog.Handler{Handler: slog.NewJSONHandler(stderr, nil)}
	log := slog.New(handler).With("service", "orders")
	if err := serve(ctx, c, stdout, log); err != nil {
		log.ErrorContext(ctx, "orders stopped", "error", err)
		return err
	}
	return nil
}
