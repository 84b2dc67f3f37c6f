package rest

import (
	"net/http"

	"treaty.dev/e2e/orders/internal/order"
)

// orderV1 is an order in version 1. Its id is a number, which loses digits in a
// client that reads numbers as floats, and its lines are null when there are
// none.
type orderV1 struct {
	ID          int64    `json:"id"`
	AmountMinor int64    `json:"amount_minor"`
	Currency    string   `json:"currency"`
	Lines       []string `json:"lines"`
}

func toV1(o order.Order) orderV1 {
	return orderV1{ID: int64(o.ID), AmountMinor: o.AmountMinor, Currency: o.Currency, Lines: o.Lines}
}

func (a API) listV1(w http.ResponseWriter, r *http.Request) {
	// Left nil when there are no orders, which JSON shows as null: the classic
	// surprise of a Go API.
	var orders []orderV1
	for _, o := range a.listed(r) {
		orders = append(orders, toV1(o))
	}
	writeJSON(w, http.StatusOK, struct {
		Orders []orderV1 `json:"orders"`
	}{orders})
}

func (a API) getV1(w http.ResponseWriter, r *http.Request) {
	o, ok := a.find(r)
	if !ok {
		http.Error(w, "order not found", http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, toV1(o))
}

func (a API) createV1(w http.ResponseWriter, r *http.Request) {
	var body struct {
		AmountMinor int64    `json:"amount_minor"`
		Currency    string   `json:"currency"`
		Lines       []string `json:"lines"`
	}
	if err := readJSON(w, r, &body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o := a.create(r, body.AmountMinor, body.Currency, body.Lines)
	created(w, r, o.ID, toV1(o))
}
