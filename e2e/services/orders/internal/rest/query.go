package rest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// intQuery reads a number that is not negative from the query.
func intQuery(r *http.Request, name string, otherwise int) (int, error) {
	value := r.URL.Query().Get(name)
	if value == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("query %s: %q is not a count", name, value)
	}
	return n, nil
}

// millisQuery reads a duration in milliseconds from the query.
func millisQuery(r *http.Request, name string, otherwise time.Duration) (time.Duration, error) {
	ms, err := intQuery(r, name, int(otherwise.Milliseconds()))
	return time.Duration(ms) * time.Millisecond, err
}
