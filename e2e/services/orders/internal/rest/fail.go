package rest

import (
	"fmt"
	"net/http"
)

// leak is the message of a failure that says more than a client should know.
const leak = "dial tcp 10.0.3.7:5432: connect: connection refused (user=orders database=orders)"

// problem is the body that RFC 9457 describes.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// echoError is the error body of the echo framework.
type echoError struct {
	Message string `json:"message"`
}

// fail answers with an error of the status and in the shape that the query asks
// for. The shapes are those of the frameworks that Go teams use.
func fail(w http.ResponseWriter, r *http.Request) {
	status, err := intQuery(r, "status", http.StatusServiceUnavailable)
	if err == nil && (status < 400 || status > 599) {
		err = fmt.Errorf("query status: %d is not an error", status)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	switch shape := r.URL.Query().Get("shape"); shape {
	case "", "text":
		http.Error(w, leak, status)
	case "gin":
		writeJSON(w, status, ginError{leak})
	case "echo":
		writeJSON(w, status, echoError{leak})
	case "problem":
		w.Header().Set("Content-Type", "application/problem+json")
		writeJSON(w, status, problem{
			Type:   "about:blank",
			Title:  http.StatusText(status),
			Status: status,
			Detail: leak,
		})
	default:
		http.Error(w, fmt.Sprintf("query shape: unknown shape %q", shape), http.StatusBadRequest)
	}
}
