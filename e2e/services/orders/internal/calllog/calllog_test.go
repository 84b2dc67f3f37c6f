package calllog_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"treaty.dev/e2e/orders/internal/calllog"
	"treaty.dev/e2e/orders/internal/propagation"
)

// line is what a log line says of a call.
type line struct {
	Service   string
	Method    string
	Path      string
	Status    int
	RequestID string `json:"request_id"`
	TraceID   string `json:"trace_id"`
	SpanID    string `json:"span_id"`
}

// logged serves one request and returns its log line.
func logged(t *testing.T, next http.HandlerFunc, headers http.Header) line {
	t.Helper()
	var written bytes.Buffer
	handler := calllog.Handler{Handler: slog.NewJSONHandler(&written, nil)}
	log := slog.New(handler).With("service", "test")

	request := httptest.NewRequest("GET", "/orders/1?secret=1", nil)
	request.Header = headers
	func() {
		defer func() { _ = recover() }()
		propagation.Middleware(calllog.Middleware(log, next)).ServeHTTP(httptest.NewRecorder(), request)
	}()

	var l line
	if err := json.Unmarshal(written.Bytes(), &l); err != nil {
		t.Fatalf("%v in %s", err, written.String())
	}
	return l
}

func TestALineSaysWhatWasAskedAndAnswered(t *testing.T) {
	answered := logged(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	}, http.Header{
		"Traceparent":  {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
		"X-Request-Id": {"r1"},
	})
	want := line{
		Service:   "test",
		Method:    "GET",
		Path:      "/orders/1",
		Status:    http.StatusTeapot,
		RequestID: "r1",
		TraceID:   "0af7651916cd43dd8448eb211c80319c",
		SpanID:    "b7ad6b7169203331",
	}
	if answered != want {
		t.Errorf("got  %+v\nwant %+v", answered, want)
	}
}

func TestTheStatusIsTheOneThatIsSent(t *testing.T) {
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		status int
	}{
		"nothing written": {func(http.ResponseWriter, *http.Request) {}, http.StatusOK},
		"only a body":     {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a") }, http.StatusOK},
		"dropped":         {func(http.ResponseWriter, *http.Request) { panic("crash") }, 0},
	} {
		if got := logged(t, test.handle, nil).Status; got != test.status {
			t.Errorf("%s: got %d, want %d", name, got, test.status)
		}
	}
}

func TestAnInvalidTraceIsNotLogged(t *testing.T) {
	for name, values := range map[string][]string{
		"none":      nil,
		"all zero":  {"00-00000000000000000000000000000000-b7ad6b7169203331-01"},
		"two lines": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	} {
		answered := logged(t, func(http.ResponseWriter, *http.Request) {}, http.Header{"Traceparent": values})
		if answered.TraceID != "" || answered.SpanID != "" {
			t.Errorf("%s: got %+v", name, answered)
		}
	}
}
