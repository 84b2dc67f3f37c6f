package rest

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"treaty.dev/e2e/orders/internal/crash"
)

// crashed panics. Left alone, net/http recovers and drops the connection; with
// "?recovered=1" the handler answers with the panic and its stack, as the
// recovery middleware of many frameworks does.
func crashed(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("recovered") == "1" {
		defer func() {
			if p := recover(); p != nil {
				showPanic(w, r, p, debug.Stack())
			}
		}()
	}
	crash.Now()
}

// panicError is the error body of services on gin whose recovery adds the stack.
type panicError struct {
	Error string `json:"error"`
	Stack string `json:"stack"`
}

// showPanic answers with a panic in the shape that the query asks for.
func showPanic(w http.ResponseWriter, r *http.Request, p any, stack []byte) {
	switch shape := r.URL.Query().Get("shape"); shape {
	case "", "text":
		http.Error(w, fmt.Sprintf("panic: %v\n\n%s", p, stack), http.StatusInternalServerError)
	case "gin":
		writeJSON(w, http.StatusInternalServerError, panicError{fmt.Sprint(p), string(stack)})
	default:
		http.Error(w, fmt.Sprintf("query shape: unknown shape %q", shape), http.StatusBadRequest)
	}
}
