package main

import (
	"encoding/json"
	"io"
	"net"
)

// announcement is the one line on stdout. It tells whoever started the service
// that it accepts connections, and on which ports when it was given port 0.
type announcement struct {
	Service string `json:"service"`
	HTTP    string `json:"http"`
	GRPC    string `json:"grpc"`
}

func announce(w io.Writer, http, grpc net.Addr) error {
	return json.NewEncoder(w).Encode(announcement{
		Service: "orders",
		HTTP:    http.String(),
		GRPC:    grpc.String(),
	})
}
