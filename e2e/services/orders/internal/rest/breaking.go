package rest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// breakHeader names the way in which an answer is to break the contract that
// the service published, so that a test sees who notices.
const breakHeader = "X-Break"

// breaking breaks the answers of next in the way that the request asks for.
func breaking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if way := r.Header.Get(breakHeader); way != "" {
			broken := &brokenAnswer{ResponseWriter: w, way: way}
			next.ServeHTTP(broken, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// brokenAnswer changes an answer on its way out. The handlers of the API write
// a JSON body at once, so each write is taken for a whole one.
type brokenAnswer struct {
	http.ResponseWriter
	way     string
	started bool
}

// Unwrap lets http.ResponseController reach the answer itself.
func (b *brokenAnswer) Unwrap() http.ResponseWriter {
	return b.ResponseWriter
}

func (b *brokenAnswer) WriteHeader(status int) {
	b.started = true
	switch b.way {
	case "extra-status":
		status = http.StatusNonAuthoritativeInfo
	case "extra-media-type":
		b.Header().Set("Content-Type", "application/xml")
	case "bad-header":
		b.Header().Set("X-Service-Version", "latest")
	case "missing-header":
		b.Header().Del("X-Service-Version")
	}
	b.ResponseWriter.WriteHeader(status)
}

func (b *brokenAnswer) Write(body []byte) (int, error) {
	if !b.started {
		b.WriteHeader(http.StatusOK)
	}
	if _, err := b.ResponseWriter.Write(brokenBody(b.way, body)); err != nil {
		return 0, err
	}
	return len(body), nil
}

// brokenBody breaks a JSON object in its first member, by the order of the
// names. Any other body is left alone.
func brokenBody(way string, body []byte) []byte {
	// Members stay as they are written: a float would round a large id.
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || len(members) == 0 {
		return body
	}
	first := slices.Min(slices.Collect(maps.Keys(members)))
	switch way {
	case "missing-field":
		delete(members, first)
	case "wrong-type":
		members[first] = json.RawMessage("true")
	case "truncated":
		return body[:len(body)/2]
	default:
		return body
	}
	broken, err := json.Marshal(members)
	if err != nil {
		return body
	}
	return broken
}
