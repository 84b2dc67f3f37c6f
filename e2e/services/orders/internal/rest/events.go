package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"treaty.dev/e2e/orders/internal/order"
)

func (a API) eventsV1(w http.ResponseWriter, r *http.Request) {
	a.events(w, r, func(o order.Order) any { return toV1(o) })
}

func (a API) eventsV2(w http.ResponseWriter, r *http.Request) {
	a.events(w, r, func(o order.Order) any { return toV2(o) })
}

// events streams orders as server-sent events. It flushes each one, so that a
// test sees whether a filter holds a stream back.
func (a API) events(w http.ResponseWriter, r *http.Request, shape func(order.Order) any) {
	count, err := intQuery(r, "count", 5)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	interval, err := millisQuery(r, "interval_ms", 50*time.Millisecond)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	control := http.NewResponseController(w)
	for i, o := range a.Orders.Watch(r.Context(), count, interval) {
		data, err := json.Marshal(shape(o))
		if err != nil {
			a.Log.ErrorContext(r.Context(), "event", "error", err)
			return
		}
		fmt.Fprintf(w, "id: %d\nevent: order\ndata: %s\n\n", i+1, data)
		if control.Flush() != nil {
			return
		}
	}
}
