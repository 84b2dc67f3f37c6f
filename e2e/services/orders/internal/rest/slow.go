package rest

import (
	"net/http"
	"time"

	"treaty.dev/e2e/orders/internal/pause"
)

// slow answers after a while. It stops, and says so in the log, when the client
// gives up first: a gateway's timeout has to reach the service.
func (a API) slow(w http.ResponseWriter, r *http.Request) {
	delay, err := millisQuery(r, "ms", 500*time.Millisecond)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := pause.For(r.Context(), delay); err != nil {
		a.Log.InfoContext(r.Context(), "client went away", "path", r.URL.Path)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		SleptMS int64 `json:"slept_ms"`
	}{delay.Milliseconds()})
}
