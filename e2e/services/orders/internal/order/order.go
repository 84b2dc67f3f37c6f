// Package order holds the orders that every version of the API shows in its
// own shape.
package order

import "strconv"

// ID identifies an order. Version 1 of the API writes it as a number, version 2
// as a string.
type ID int64

// ParseID reads an id as a path segment or a version 2 message spells it.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	return ID(n), err
}

// String is the id in decimal, as version 2 writes it.
func (id ID) String() string {
	return strconv.FormatInt(int64(id), 10)
}

// State says how far an order has come.
type State string

// The states an order passes through.
const (
	Open State = "open"
	Paid State = "paid"
)

// Order is one order. Its Lines are never changed once it is stored, so copies
// may share them.
type Order struct {
	ID          ID
	AmountMinor int64
	Currency    string
	Lines       []string
	State       State
	// Revision is how often it was changed.
	Revision int
}
