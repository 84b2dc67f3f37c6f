package rest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// echoed is a request as the service saw it, so that a test can tell what a
// filter changed on the way.
type echoed struct {
	Service string      `json:"service"`
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Query   string      `json:"query"`
	Host    string      `json:"host"`
	Headers [][2]string `json:"headers"`
	Body    []byte      `json:"body"`
}

// echoing answers everything under /echo and leaves the rest to next. It is no
// route of the mux because a mux redirects a path like /echo//a to its clean
// form, and an echo has to show the path that was sent.
func echoing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/echo" || strings.HasPrefix(r.URL.Path, "/echo/") {
			echo(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// echo answers with the request. The header x-echo-status sets the status, and
// each "h=name:value" in the query adds a response header.
func echo(w http.ResponseWriter, r *http.Request) {
	status, err := echoStatus(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, header := range r.URL.Query()["h"] {
		name, value, _ := strings.Cut(header, ":")
		w.Header().Add(name, value)
	}
	writeJSON(w, status, echoed{
		Service: "orders",
		Method:  r.Method,
		Path:    sentPath(r),
		Query:   r.URL.RawQuery,
		Host:    r.Host,
		Headers: sentHeaders(r.Header),
		Body:    body,
	})
}

// echoStatus reads the status to answer with. A status below 200 would not end
// the response.
func echoStatus(r *http.Request) (int, error) {
	value := r.Header.Get("X-Echo-Status")
	if value == "" {
		return http.StatusOK, nil
	}
	status, err := strconv.Atoi(value)
	if err != nil || status < 200 || status > 599 {
		return 0, fmt.Errorf("x-echo-status: %q is no final status", value)
	}
	return status, nil
}

// sentPath is the path byte for byte as it was sent, which net/url does not
// always give back.
func sentPath(r *http.Request) string {
	if !strings.HasPrefix(r.RequestURI, "/") {
		return r.URL.EscapedPath()
	}
	path, _, _ := strings.Cut(r.RequestURI, "?")
	return path
}

// sentHeaders lists the headers sorted by name, in lower case. Values of one
// name keep their order.
func sentHeaders(header http.Header) [][2]string {
	list := [][2]string{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			list = append(list, [2]string{strings.ToLower(name), latin1(value)})
		}
	}
	return list
}

// latin1 turns every byte into the character of that number, because a header
// value need not be UTF-8 and JSON text has to be.
func latin1(value string) string {
	runes := make([]rune, len(value))
	for i := range len(value) {
		runes[i] = rune(value[i])
	}
	return string(runes)
}
