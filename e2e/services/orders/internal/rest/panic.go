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
				http.Error(w, fmt.Sprintf("panic: %v\n\n%s", p, debug.Stack()), http.StatusInternalServerError)
			}
		}()
	}
	crash.Now()
}
