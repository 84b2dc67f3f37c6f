// Package execution counts how often the service really did what a client asked
// for. A test compares the count with the number of requests that it sent, to
// see whether a retry was executed twice.
package execution

import "sync"

// Unkeyed is the key of a request that brought none.
const Unkeyed = "none"

// Counter counts executions by idempotency key. It is safe for concurrent use.
type Counter struct {
	mu     sync.Mutex
	counts map[string]int
}

// NewCounter returns a counter that has counted nothing.
func NewCounter() *Counter {
	return &Counter{counts: make(map[string]int)}
}

// Add counts one execution under key, or under Unkeyed when key is empty, and
// returns the new count.
func (c *Counter) Add(key string) int {
	if key == "" {
		key = Unkeyed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[key]++
	return c.counts[key]
}

// Count returns how often key was executed.
func (c *Counter) Count(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[key]
}

// Reset forgets every count.
func (c *Counter) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.counts)
}
