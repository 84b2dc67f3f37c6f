package rest

import (
	"net/http"

	"treaty.dev/e2e/orders/internal/order"
)

// listed returns the orders to list: none at all when the request asks for the
// empty list, whose shape differs between the versions.
func (a API) listed(r *http.Request) []order.Order {
	if r.URL.Query().Get("empty") == "1" {
		return nil
	}
	return a.Orders.List()
}

// find returns the order that the path names. No order has an id that is not a
// number, so such an id is one that is not found.
func (a API) find(r *http.Request) (order.Order, bool) {
	id, err := order.ParseID(r.PathValue("id"))
	if err != nil {
		return order.Order{}, false
	}
	return a.Orders.Get(id)
}

// create stores an order and counts the execution, also when a later step
// fails: the count is of what was done, not of what was answered.
func (a API) create(r *http.Request, amountMinor int64, currency string, lines []string) order.Order {
	a.Executions.Add(r.Header.Get("Idempotency-Key"))
	return a.Orders.Create(amountMinor, currency, lines)
}

// created answers with a new order and says where it is, relative to the path
// that the service was asked under.
func created(w http.ResponseWriter, r *http.Request, id order.ID, body any) {
	w.Header().Set("Location", r.URL.Path+"/"+id.String())
	writeJSON(w, http.StatusCreated, body)
}
