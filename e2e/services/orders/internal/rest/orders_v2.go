package rest

import (
	"fmt"
	"net/http"

	"treaty.dev/e2e/orders/internal/order"
	"treaty.dev/e2e/orders/internal/payments"
)

// orderV2 is an order in version 2. Its id is a string, its amount is money,
// and its lines are a list even when there are none.
type orderV2 struct {
	ID    string      `json:"id"`
	Total money       `json:"total"`
	Lines []string    `json:"lines"`
	State order.State `json:"state"`
}

type money struct {
	Currency   string `json:"currency"`
	MinorUnits int64  `json:"minor_units"`
}

func toV2(o order.Order) orderV2 {
	return orderV2{
		ID:    o.ID.String(),
		Total: money{Currency: o.Currency, MinorUnits: o.AmountMinor},
		Lines: append([]string{}, o.Lines...),
		State: o.State,
	}
}

func (a API) listV2(w http.ResponseWriter, r *http.Request) {
	items := []orderV2{}
	for _, o := range a.listed(r) {
		items = append(items, toV2(o))
	}
	writeJSON(w, http.StatusOK, struct {
		Items []orderV2 `json:"items"`
		Next  string    `json:"next"`
	}{Items: items})
}

func (a API) getV2(w http.ResponseWriter, r *http.Request) {
	o, ok := a.find(r)
	if !ok {
		writeJSON(w, http.StatusNotFound, ginError{"order not found"})
		return
	}
	w.Header().Set("ETag", etag(o))
	writeJSON(w, http.StatusOK, toV2(o))
}

// createV2 charges the order as well. When that fails the order stays open, so
// a retry makes a second one: that is the harm a retry can do.
func (a API) createV2(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Total money    `json:"total"`
		Lines []string `json:"lines"`
	}
	if err := readJSON(w, r, &body); err != nil {
		writeJSON(w, http.StatusBadRequest, ginError{err.Error()})
		return
	}
	o := a.create(r, body.Total.MinorUnits, body.Total.Currency, body.Lines)
	err := a.PaymentsHTTP.Charge(r.Context(), payments.Charge{
		OrderID:     o.ID.String(),
		AmountMinor: o.AmountMinor,
		Currency:    o.Currency,
	})
	if err != nil {
		a.Log.WarnContext(r.Context(), "charge failed", "order", o.ID, "error", err)
		http.Error(w, fmt.Sprintf("charge order %v: %v", o.ID, err), http.StatusBadGateway)
		return
	}
	o = a.Orders.MarkPaid(o.ID)
	created(w, r, o.ID, toV2(o))
}
