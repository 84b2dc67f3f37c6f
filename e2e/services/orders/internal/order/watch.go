package order

import (
	"context"
	"iter"
	"time"

	"treaty.dev/e2e/orders/internal/pause"
)

// Watch yields count orders, one every interval, and starts over when it has
// been through all of them. It ends early when ctx does.
func (s *Store) Watch(ctx context.Context, count int, interval time.Duration) iter.Seq2[int, Order] {
	return func(yield func(int, Order) bool) {
		orders := s.List()
		for i := range count {
			if i > 0 && pause.For(ctx, interval) != nil {
				return
			}
			if !yield(i, orders[i%len(orders)]) {
				return
			}
		}
	}
}
