package propagation

import "net/http"

// Middleware remembers the headers that travel on for as long as next handles
// the request.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(collect(r.Context(), r.Header.Values)))
	})
}

// Transport adds the remembered headers to every request that it sends.
type Transport struct {
	Base http.RoundTripper
}

// RoundTrip implements http.RoundTripper. It works on a copy, because a
// transport must leave the request alone.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, values := range fromContext(r.Context()) {
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
	return t.Base.RoundTrip(r)
}
