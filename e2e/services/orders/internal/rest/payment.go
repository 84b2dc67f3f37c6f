package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/protobuf/encoding/protojson"

	"treaty.dev/e2e/orders/internal/payments"
)

// paymentOf is an order's id, in the version's type, beside the payment as the
// payments service wrote it.
type paymentOf[ID any] struct {
	OrderID ID              `json:"order_id"`
	Payment json.RawMessage `json:"payment"`
}

func (a API) paymentV1(w http.ResponseWriter, r *http.Request) {
	o, ok := a.find(r)
	if !ok {
		http.Error(w, "order not found", http.StatusNotFound)
		return
	}
	payment, err := a.PaymentsHTTP.ByOrder(r.Context(), o.ID.String())
	switch {
	case errors.Is(err, payments.ErrNotFound):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		a.paymentFailed(w, r, err)
	default:
		writeJSON(w, http.StatusOK, paymentOf[int64]{int64(o.ID), payment})
	}
}

func (a API) paymentV2(w http.ResponseWriter, r *http.Request) {
	a.answerPaymentV2(w, r, func(id string) (json.RawMessage, error) {
		return a.PaymentsHTTP.ByOrder(r.Context(), id)
	})
}

// paymentOverGRPC answers like paymentV2 and asks over gRPC, for a test that
// follows one request across both protocols.
func (a API) paymentOverGRPC(w http.ResponseWriter, r *http.Request) {
	a.answerPaymentV2(w, r, func(id string) (json.RawMessage, error) {
		payment, err := a.PaymentsGRPC.ByOrder(r.Context(), id)
		if err != nil {
			return nil, err
		}
		return protojson.Marshal(payment)
	})
}

func (a API) answerPaymentV2(w http.ResponseWriter, r *http.Request, byOrder func(id string) (json.RawMessage, error)) {
	o, ok := a.find(r)
	if !ok {
		writeJSON(w, http.StatusNotFound, ginError{"order not found"})
		return
	}
	payment, err := byOrder(o.ID.String())
	switch {
	case errors.Is(err, payments.ErrNotFound):
		writeJSON(w, http.StatusNotFound, ginError{err.Error()})
	case err != nil:
		a.paymentFailed(w, r, err)
	default:
		writeJSON(w, http.StatusOK, paymentOf[string]{o.ID.String(), payment})
	}
}

func (a API) paymentFailed(w http.ResponseWriter, r *http.Request, err error) {
	a.Log.WarnContext(r.Context(), "payment lookup failed", "error", err)
	http.Error(w, fmt.Sprintf("look up payment: %v", err), http.StatusBadGateway)
}
