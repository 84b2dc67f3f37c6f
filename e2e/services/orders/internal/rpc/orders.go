package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"treaty.dev/e2e/orders/internal/order"
	"treaty.dev/e2e/orders/internal/pause"
	"treaty.dev/e2e/orders/internal/payments"
)

func (a API) get(id order.ID) (order.Order, error) {
	o, ok := a.Orders.Get(id)
	if !ok {
		return order.Order{}, status.Error(codes.NotFound, "order not found")
	}
	return o, nil
}

// create stores an order and counts the execution under the key in the
// metadata, as the REST API does.
func (a API) create(ctx context.Context, amountMinor int64, currency string, lines []string) order.Order {
	var key string
	if values := metadata.ValueFromIncomingContext(ctx, "idempotency-key"); len(values) > 0 {
		key = values[0]
	}
	a.Executions.Add(key)
	return a.Orders.Create(amountMinor, currency, lines)
}

// charge has payments charge the order. Whatever goes wrong there is to the
// client an order that could not be placed for now.
func (a API) charge(ctx context.Context, o order.Order) (order.Order, error) {
	err := a.Payments.Charge(ctx, payments.Charge{
		OrderID:     o.ID.String(),
		AmountMinor: o.AmountMinor,
		Currency:    o.Currency,
	})
	switch {
	case ctx.Err() != nil:
		return order.Order{}, status.FromContextError(ctx.Err()).Err()
	case err != nil:
		a.Log.WarnContext(ctx, "charge failed", "order", o.ID, "error", err)
		return order.Order{}, status.Errorf(codes.Unavailable, "charge order %v: %v", o.ID, err)
	}
	return a.Orders.MarkPaid(o.ID), nil
}

// watch sends count orders. When the client's deadline passes first, the stream
// ends with that instead of looking complete.
func (a API) watch(ctx context.Context, count, intervalMS int32, send func(order.Order) error) error {
	for _, o := range a.Orders.Watch(ctx, int(count), millis(intervalMS)) {
		if err := send(o); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	return nil
}

// slow returns an order after the delay, or fails when the client's deadline
// passes first.
func (a API) slow(ctx context.Context, delayMS int32) (order.Order, error) {
	if err := pause.For(ctx, millis(delayMS)); err != nil {
		return order.Order{}, status.FromContextError(err).Err()
	}
	return a.get(1)
}

func millis(n int32) time.Duration {
	return time.Duration(n) * time.Millisecond
}
