// Package crash fails the way real bugs do. A filter is to hide what such a
// failure gives away, so the failure has to be a genuine one.
package crash

// Now panics with a runtime error: it reads the first line of an order that has
// none.
func Now() {
	_ = firstLine(nil)
}

//go:noinline
func firstLine(lines []string) string {
	return lines[0]
}
