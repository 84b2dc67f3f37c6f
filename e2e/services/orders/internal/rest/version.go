package rest

import (
	"net/http"
	"strings"
)

// versionHeader is how a gateway that strips the version from the path still
// tells it to the service.
const versionHeader = "X-Treaty-Version"

// versioned routes one path three ways: under /v1, under /v2, and without a
// version in the path.
func versioned(mux *http.ServeMux, method, path string, v1, v2 http.HandlerFunc) {
	first, second := as("1", v1), as("2", v2)
	mux.Handle(method+" /v1"+path, first)
	mux.Handle(method+" /v2"+path, second)
	mux.Handle(method+" "+path, byHeader(first, second))
}

// as names the version that answers in the response.
func as(version string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Service-Version", version)
		next(w, r)
	})
}

// byHeader chooses by the major part of the version header, and takes the
// newest version for a request without one.
func byHeader(v1, v2 http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		version := r.Header.Get(versionHeader)
		major, _, _ := strings.Cut(version, ".")
		switch major {
		case "1":
			v1.ServeHTTP(w, r)
		case "", "2":
			v2.ServeHTTP(w, r)
		default:
			http.Error(w, "unknown version: "+version, http.StatusBadRequest)
		}
	})
}
