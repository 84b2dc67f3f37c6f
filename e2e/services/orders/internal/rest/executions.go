package rest

import "net/http"

type executions struct {
	Key   string `json:"key"`
	Count int    `json:"count"`
}

func (a API) readExecutions(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	writeJSON(w, http.StatusOK, executions{key, a.Executions.Count(key)})
}

func (a API) addExecution(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	writeJSON(w, http.StatusOK, executions{key, a.Executions.Add(key)})
}

func (a API) resetExecutions(w http.ResponseWriter, _ *http.Request) {
	a.Executions.Reset()
	w.WriteHeader(http.StatusNoContent)
}
