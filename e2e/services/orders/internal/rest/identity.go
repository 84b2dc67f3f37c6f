package rest

import "net/http"

// identified names the service in every response, so that a test knows who
// answered and sees whether a filter removes what a client need not know.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "orders/1.0 (go)")
		w.Header().Set("X-Service", "orders")
		next.ServeHTTP(w, r)
	})
}
