package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"treaty.dev/e2e/orders/internal/order"
)

// etag is the validator of an order (RFC 9110, section 8.8.3).
func etag(o order.Order) string {
	return fmt.Sprintf(`"%d"`, o.Revision)
}

// replaceLines replaces the lines of an order, for those who say which state of
// it they saw: a lost update is what a required If-Match prevents (RFC 6585,
// section 3).
func (a API) replaceLines(w http.ResponseWriter, r *http.Request) {
	o, ok := a.find(r)
	if !ok {
		writeJSON(w, http.StatusNotFound, ginError{"order not found"})
		return
	}
	matches := r.Header.Values("If-Match")
	if len(matches) == 0 {
		writeJSON(w, http.StatusPreconditionRequired, ginError{"if-match is missing"})
		return
	}
	var lines []string
	if err := readJSON(w, r, &lines); err != nil {
		writeJSON(w, http.StatusBadRequest, ginError{err.Error()})
		return
	}
	o, ok = a.Orders.ReplaceLines(o.ID, lines, func(o order.Order) bool {
		return matched(matches, etag(o))
	})
	if !ok {
		writeJSON(w, http.StatusPreconditionFailed, ginError{"order was changed meanwhile"})
		return
	}
	w.Header().Set("ETag", etag(o))
	writeJSON(w, http.StatusOK, toV2(o))
}

// matched reports whether If-Match names the validator, or any (RFC 9110,
// section 13.1.1).
func matched(ifMatch []string, validator string) bool {
	list := strings.Split(strings.Join(ifMatch, ","), ",")
	return slices.ContainsFunc(list, func(given string) bool {
		given = strings.TrimSpace(given)
		return given == "*" || given == validator
	})
}
