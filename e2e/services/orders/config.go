package main

import (
	"flag"
	"io"
)

// config says where the service listens and where it finds payments.
type config struct {
	http         string
	grpc         string
	paymentsHTTP string
	paymentsGRPC string
}

// parseConfig reads the flags. Each one falls back to an environment variable,
// because a compose file sets those more readably than a command line.
func parseConfig(args []string, getenv func(string) string, output io.Writer) (config, error) {
	fallback := func(variable, otherwise string) string {
		if value := getenv(variable); value != "" {
			return value
		}
		return otherwise
	}

	var c config
	flags := flag.NewFlagSet("orders", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&c.http, "http", fallback("ORDERS_HTTP", "127.0.0.1:0"),
		"`address` to serve REST on ($ORDERS_HTTP)")
	flags.StringVar(&c.grpc, "grpc", fallback("ORDERS_GRPC", "127.0.0.1:0"),
		"`address` to serve gRPC on ($ORDERS_GRPC)")
	flags.StringVar(&c.paymentsHTTP, "payments-http", fallback("ORDERS_PAYMENTS_HTTP", ""),
		"base `URL` of the payments REST API ($ORDERS_PAYMENTS_HTTP)")
	flags.StringVar(&c.paymentsGRPC, "payments-grpc", fallback("ORDERS_PAYMENTS_GRPC", ""),
		"`address` of the payments gRPC API ($ORDERS_PAYMENTS_GRPC)")
	return c, flags.Parse(args)
}
