// Package payments calls the payments service, over REST and over gRPC. Both
// clients pass on what propagation remembers of the call being handled.
package payments

import (
	"errors"
	"time"
)

// ErrNotFound says that payments knows of no such payment.
var ErrNotFound = errors.New("payment not found")

// callTimeout bounds a call for which the caller set no tighter deadline.
const callTimeout = 5 * time.Second

// Charge is what payments needs to know to charge an order.
type Charge struct {
	OrderID     string `json:"order_id"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
}
