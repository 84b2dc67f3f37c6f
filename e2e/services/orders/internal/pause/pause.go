// Package pause waits without outliving the call that it waits for.
package pause

import (
	"context"
	"time"
)

// For waits for d to pass. It returns early with the context's error when ctx
// ends first, which is how a handler notices that its client has gone away.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
