package order

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// Store keeps orders in memory. It is safe for concurrent use.
type Store struct {
	mu     sync.RWMutex
	orders map[ID]Order
	last   ID
}

// NewStore returns a store with three orders in it. One has an id that a
// 64-bit float cannot hold (2^53 + 1), so that a test sees a filter lose it;
// one has no lines, which version 1 shows as null.
func NewStore() *Store {
	return &Store{
		orders: map[ID]Order{
			1: {
				ID: 1, AmountMinor: 1250, Currency: "EUR", State: Paid,
				Lines: []string{"coffee beans", "filter paper"},
			},
			2: {ID: 2, AmountMinor: 990, Currency: "USD", State: Open},
			9007199254740993: {
				ID: 9007199254740993, AmountMinor: 129900, Currency: "EUR", State: Paid,
				Lines: []string{"espresso machine"},
			},
		},
		last: 2,
	}
}

// List returns all orders, sorted by id.
func (s *Store) List() []Order {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.orders), func(a, b Order) int {
		return cmp.Compare(a.ID, b.ID)
	})
}

// Get returns the order with the id.
func (s *Store) Get(id ID) (Order, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.orders[id]
	return o, ok
}

// Create stores a new open order under the next id.
func (s *Store) Create(amountMinor int64, currency string, lines []string) Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	o := Order{
		ID:          s.last,
		AmountMinor: amountMinor,
		Currency:    currency,
		Lines:       slices.Clone(lines),
		State:       Open,
	}
	s.orders[o.ID] = o
	return o
}

// MarkPaid records that the order was charged, and returns it.
func (s *Store) MarkPaid(id ID) Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[id]
	o.State = Paid
	o.Revision++
	s.orders[id] = o
	return o
}

// ReplaceLines gives an order other lines if it passes check, which sees it as
// it is when it is changed. It returns the order, and false where check refused
// or there is none.
func (s *Store) ReplaceLines(id ID, lines []string, check func(Order) bool) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders[id]
	if !ok || !check(o) {
		return o, false
	}
	o.Lines = slices.Clone(lines)
	o.Revision++
	s.orders[id] = o
	return o, true
}
