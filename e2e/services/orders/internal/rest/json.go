package rest

import (
	"encoding/json"
	"net/http"
)

// writeJSON answers with v. The header is sent by then, so an error can only
// mean that the client has gone or that the status allows no body.
func writeJSON(w http.ResponseWriter, status int, v any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// ginError is the error body that services on gin commonly write.
type ginError struct {
	Error string `json:"error"`
}

// bodyLimit is the most of a request body that the API reads.
const bodyLimit = 32 << 20

func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	return json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(v)
}
