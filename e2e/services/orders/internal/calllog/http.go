package calllog

import (
	"log/slog"
	"net/http"
	"time"
)

// Middleware logs each request once it is answered. Its status is 0 where the
// handler panicked and net/http drops the connection.
func Middleware(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		answer := &answer{ResponseWriter: w}
		defer func() {
			log.InfoContext(r.Context(), "call",
				"method", r.Method,
				"path", r.URL.Path,
				"status", answer.status,
				"micros", time.Since(started).Microseconds(),
				"request_id", r.Header.Get("X-Request-Id"),
			)
		}()
		next.ServeHTTP(answer, r)
		answer.done()
	})
}

// answer remembers the status of a response.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	// An informational response is not the answer.
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(content []byte) (int, error) {
	a.done()
	return a.ResponseWriter.Write(content)
}

// Unwrap lets http.ResponseController flush the response beneath.
func (a *answer) Unwrap() http.ResponseWriter {
	return a.ResponseWriter
}

// done notes the status that net/http sends where a handler gives none.
func (a *answer) done() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
}
