package rest_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"treaty.dev/e2e/orders/internal/execution"
	"treaty.dev/e2e/orders/internal/order"
	"treaty.dev/e2e/orders/internal/payments"
	"treaty.dev/e2e/orders/internal/rest"
)

// serve starts the API with the given handler in the place of payments.
func serve(t *testing.T, paymentsAPI http.HandlerFunc) *httptest.Server {
	t.Helper()
	if paymentsAPI == nil {
		paymentsAPI = http.NotFound
	}
	upstream := httptest.NewServer(paymentsAPI)
	t.Cleanup(upstream.Close)

	log := slog.New(slog.DiscardHandler)
	server := httptest.NewUnstartedServer(rest.API{
		Orders:       order.NewStore(),
		Executions:   execution.NewCounter(),
		PaymentsHTTP: payments.NewHTTPClient(upstream.URL),
		Log:          log,
	}.Handler())
	server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// send makes a request with headers given as "Name: value" and returns the
// response with its body.
func send(t *testing.T, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Add(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, strings.TrimSuffix(string(content), "\n")
}

func TestShapesOfTheVersions(t *testing.T) {
	server := serve(t, nil)
	const (
		bigV1 = `{"id":9007199254740993,"amount_minor":129900,"currency":"EUR","lines":["espresso machine"]}`
		bigV2 = `{"id":"9007199254740993","total":{"currency":"EUR","minor_units":129900},"lines":["espresso machine"],"state":"paid"}`
	)
	for _, test := range []struct {
		name    string
		path    string
		header  string
		status  int
		version string
		body    string
	}{
		{"v1 number id", "/v1/orders/9007199254740993", "", 200, "1", bigV1},
		{"v2 string id", "/v2/orders/9007199254740993", "", 200, "2", bigV2},
		{"v1 null lines", "/v1/orders/2", "", 200, "1", `{"id":2,"amount_minor":990,"currency":"USD","lines":null}`},
		{"v2 empty lines", "/v2/orders/2", "", 200, "2", `{"id":"2","total":{"currency":"USD","minor_units":990},"lines":[],"state":"open"}`},
		{"v1 null list", "/v1/orders?empty=1", "", 200, "1", `{"orders":null}`},
		{"v2 empty list", "/v2/orders?empty=1", "", 200, "2", `{"items":[],"next":""}`},
		{"v1 text error", "/v1/orders/77", "", 404, "1", `order not found`},
		{"v2 JSON error", "/v2/orders/77", "", 404, "2", `{"error":"order not found"}`},
		{"newest by default", "/orders/9007199254740993", "", 200, "2", bigV2},
		{"version by header", "/orders/9007199254740993", "x-treaty-version: 1", 200, "1", bigV1},
		{"major part counts", "/orders/9007199254740993", "x-treaty-version: 1.7", 200, "1", bigV1},
		{"unknown version", "/orders", "x-treaty-version: 3", 400, "", `unknown version: 3`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var headers []string
			if test.header != "" {
				headers = append(headers, test.header)
			}
			response, body := send(t, "GET", server.URL+test.path, "", headers...)
			if response.StatusCode != test.status || body != test.body {
				t.Errorf("got %d %s\nwant %d %s", response.StatusCode, body, test.status, test.body)
			}
			if got := response.Header.Get("X-Service-Version"); got != test.version {
				t.Errorf("x-service-version: got %q, want %q", got, test.version)
			}
			if got := response.Header.Get("X-Service"); got != "orders" {
				t.Errorf("x-service: got %q", got)
			}
			if got := response.Header.Get("Server"); got != "orders/1.0 (go)" {
				t.Errorf("server: got %q", got)
			}
		})
	}
}

func TestCreateV1CountsTheExecution(t *testing.T) {
	server := serve(t, nil)
	for range 2 {
		response, body := send(t, "POST", server.URL+"/v1/orders",
			`{"amount_minor":500,"currency":"EUR"}`, "Idempotency-Key: k1")
		if response.StatusCode != http.StatusCreated {
			t.Fatalf("got %d %s", response.StatusCode, body)
		}
	}
	if _, body := send(t, "GET", server.URL+"/executions/k1", ""); body != `{"key":"k1","count":2}` {
		t.Errorf("executions: got %s", body)
	}
	send(t, "DELETE", server.URL+"/executions", "")
	if _, body := send(t, "POST", server.URL+"/executions/k1", ""); body != `{"key":"k1","count":1}` {
		t.Errorf("executions after a reset: got %s", body)
	}
}

func TestCreateV2ChargesAndPropagates(t *testing.T) {
	var charge *http.Request
	var charged string
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		charge, charged = r, string(content)
		w.WriteHeader(http.StatusCreated)
	})
	response, body := send(t, "POST", server.URL+"/v2/orders",
		`{"total":{"currency":"EUR","minor_units":500},"lines":["tea"]}`,
		"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"baggage: a=1", "baggage: b=2", "x-request-id: r1", "api-version: 2", "cookie: secret=1")

	if want := `{"id":"3","total":{"currency":"EUR","minor_units":500},"lines":["tea"],"state":"paid"}`; body != want {
		t.Errorf("got %d %s, want %s", response.StatusCode, body, want)
	}
	if got := response.Header.Get("Location"); got != "/v2/orders/3" {
		t.Errorf("location: got %q", got)
	}
	if charge == nil {
		t.Fatal("payments was not asked")
	}
	if got := charge.Method + " " + charge.URL.Path; got != "POST /v2/payments" {
		t.Errorf("charge: got %s", got)
	}
	if want := `{"order_id":"3","amount_minor":500,"currency":"EUR"}`; charged != want {
		t.Errorf("charge: got %s, want %s", charged, want)
	}
	for name, want := range map[string]string{
		"Traceparent":  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"Baggage":      "a=1,b=2",
		"X-Request-Id": "r1",
		"Api-Version":  "2",
		"Cookie":       "",
	} {
		if got := strings.Join(charge.Header.Values(name), ","); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestCreateV2ReportsAFailedCharge(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "card declined", http.StatusPaymentRequired)
	})
	response, body := send(t, "POST", server.URL+"/v2/orders", `{"total":{"currency":"EUR","minor_units":500}}`)
	if response.StatusCode != http.StatusBadGateway || body != "charge order 3: payments answered 402 Payment Required: card declined" {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	if _, body := send(t, "GET", server.URL+"/executions/none", ""); body != `{"key":"none","count":1}` {
		t.Errorf("executions: got %s", body)
	}
}

func TestPaymentIsEmbedded(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/payments/by-order/1" {
			io.WriteString(w, `{"id":"p1"}`)
			return
		}
		http.NotFound(w, r)
	})
	for path, want := range map[string]string{
		"/v1/orders/1/payment": `{"order_id":1,"payment":{"id":"p1"}}`,
		"/v2/orders/1/payment": `{"order_id":"1","payment":{"id":"p1"}}`,
		"/v1/orders/2/payment": `payment not found`,
		"/v2/orders/2/payment": `{"error":"payment not found"}`,
	} {
		if _, body := send(t, "GET", server.URL+path, ""); body != want {
			t.Errorf("%s: got %s, want %s", path, body, want)
		}
	}
}

func TestEventsAreServerSent(t *testing.T) {
	server := serve(t, nil)
	response, body := send(t, "GET", server.URL+"/v2/events?count=4&interval_ms=1", "")
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content-type: got %q", got)
	}
	if got := strings.Count(body, "event: order\n"); got != 4 {
		t.Errorf("got %d events, want 4", got)
	}
	if first, _, _ := strings.Cut(body, "\n\n"); !strings.Contains(first, `data: {"id":"1","total"`) {
		t.Errorf("first event: got %s", first)
	}
}

func TestFailHasTheShapeAskedFor(t *testing.T) {
	server := serve(t, nil)
	for shape, want := range map[string]string{
		"text":    `dial tcp `,
		"gin":     `{"error":"dial tcp `,
		"echo":    `{"message":"dial tcp `,
		"problem": `{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"dial tcp `,
	} {
		response, body := send(t, "GET", server.URL+"/fail?status=429&shape="+shape, "")
		if response.StatusCode != http.StatusTooManyRequests || !strings.HasPrefix(body, want) {
			t.Errorf("%s: got %d %s, want %s...", shape, response.StatusCode, body, want)
		}
	}
}

func TestPanicDropsTheConnectionUnlessRecovered(t *testing.T) {
	server := serve(t, nil)
	if response, err := http.Get(server.URL + "/panic"); err == nil {
		response.Body.Close()
		t.Errorf("got %s, want a dropped connection", response.Status)
	}
	response, body := send(t, "GET", server.URL+"/panic?recovered=1", "")
	if response.StatusCode != http.StatusInternalServerError ||
		!strings.HasPrefix(body, "panic: runtime error: index out of range") || !strings.Contains(body, "goroutine ") {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	response, body = send(t, "GET", server.URL+"/panic?recovered=1&shape=gin", "")
	if response.StatusCode != http.StatusInternalServerError ||
		!strings.HasPrefix(body, `{"error":"runtime error: index out of range [0] with length 0","stack":"goroutine `) {
		t.Errorf("gin: got %d %s", response.StatusCode, body)
	}
}

func TestEchoShowsTheRequestAsSent(t *testing.T) {
	server := serve(t, nil)
	response, body := send(t, "PATCH", server.URL+"/echo//a%2Fb/../c?h=x-added:one&h=x-added:two&q=%7e", "hi",
		"x-echo-status: 418", "x-latin: caf\xe9", "x-twice: b", "x-twice: a")
	if response.StatusCode != http.StatusTeapot {
		t.Errorf("status: got %d", response.StatusCode)
	}
	if got := strings.Join(response.Header.Values("X-Added"), ","); got != "one,two" {
		t.Errorf("x-added: got %q", got)
	}
	var got struct {
		Service, Method, Path, Query string
		Headers                      [][2]string
		Body                         []byte
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if got.Service != "orders" || got.Method != "PATCH" || got.Path != "/echo//a%2Fb/../c" ||
		got.Query != "h=x-added:one&h=x-added:two&q=%7e" || string(got.Body) != "hi" {
		t.Errorf("got %+v", got)
	}
	var values []string
	for _, header := range got.Headers {
		if header[0] == "x-latin" || header[0] == "x-twice" {
			values = append(values, header[1])
		}
	}
	if joined := strings.Join(values, ","); joined != "café,b,a" {
		t.Errorf("headers: got %q", joined)
	}
}

func TestLinesAreReplacedUnderTheValidatorThatWasSeen(t *testing.T) {
	server := serve(t, nil)
	path := server.URL + "/v2/orders/2/lines"
	seen, _ := send(t, "GET", server.URL+"/v2/orders/2", "")
	validator := seen.Header.Get("ETag")

	for _, test := range []struct {
		name    string
		ifMatch string
		status  int
	}{
		{"unconditional", "", 428},
		{"seen", validator, 200},
		{"changed meanwhile", validator, 412},
		{"one of several", `"7", "1"`, 200},
		{"any", "*", 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			var headers []string
			if test.ifMatch != "" {
				headers = append(headers, "If-Match: "+test.ifMatch)
			}
			response, body := send(t, "PUT", path, `["tea"]`, headers...)
			if response.StatusCode != test.status {
				t.Errorf("got %d %s, want %d", response.StatusCode, body, test.status)
			}
		})
	}
	if _, body := send(t, "GET", server.URL+"/v2/orders/2", ""); !strings.Contains(body, `"lines":["tea"]`) {
		t.Errorf("got %s", body)
	}
}

func TestAnAnswerBreaksItsContractAsAsked(t *testing.T) {
	server := serve(t, nil)
	const whole = `{"id":9007199254740993,"amount_minor":129900,"currency":"EUR","lines":["espresso machine"]}`
	for way, want := range map[string]struct {
		status  int
		media   string
		version string
		body    string
	}{
		"":                 {200, "application/json; charset=utf-8", "1", whole},
		"missing-field":    {200, "application/json; charset=utf-8", "1", `{"currency":"EUR","id":9007199254740993,"lines":["espresso machine"]}`},
		"wrong-type":       {200, "application/json; charset=utf-8", "1", `{"amount_minor":true,"currency":"EUR","id":9007199254740993,"lines":["espresso machine"]}`},
		"truncated":        {200, "application/json; charset=utf-8", "1", whole[:(len(whole)+1)/2]},
		"extra-status":     {203, "application/json; charset=utf-8", "1", whole},
		"extra-media-type": {200, "application/xml", "1", whole},
		"bad-header":       {200, "application/json; charset=utf-8", "latest", whole},
		"missing-header":   {200, "application/json; charset=utf-8", "", whole},
	} {
		response, body := send(t, "GET", server.URL+"/v1/orders/9007199254740993", "", "X-Break: "+way)
		if response.StatusCode != want.status || body != want.body {
			t.Errorf("%s: got %d %s\nwant %d %s", way, response.StatusCode, body, want.status, want.body)
		}
		if got := response.Header.Get("Content-Type"); got != want.media {
			t.Errorf("%s: got content-type %q, want %q", way, got, want.media)
		}
		if got := response.Header.Get("X-Service-Version"); got != want.version {
			t.Errorf("%s: got version %q, want %q", way, got, want.version)
		}
	}
}
