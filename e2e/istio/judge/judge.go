// Package judge says of a manifest what an API server says that has the CRDs of Istio, of the Gateway API
// and of Envoy Gateway, and Istio's webhook.
package judge

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/treaty-mesh/treaty/e2e/istio/admission"
	"github.com/treaty-mesh/treaty/e2e/istio/manifest"
)

// Verdict is what is said of one document.
type Verdict struct {
	File  string `json:"file"`
	Index int    `json:"index"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	// Skipped says why the document is not judged.
	Skipped string   `json:"skipped,omitempty"`
	Errors  []string `json:"errors"`
	// Warnings are those of Istio's webhook: an API server shows them and takes the resource.
	Warnings []string `json:"warnings,omitempty"`
}

// Judge holds the CRDs. It is for one goroutine.
type Judge struct {
	definitions definitions
	// Kinds are those that were asked for so far: to compile the rules of all takes seconds.
	kinds map[schema.GroupVersionKind]*customKind
}

// New reads the CRDs that the program carries.
func New() (*Judge, error) {
	definitions, err := loadDefinitions()
	if err != nil {
		return nil, err
	}
	return &Judge{definitions: definitions, kinds: map[schema.GroupVersionKind]*customKind{}}, nil
}

// File judges each document of a file's text, in their order.
func (j *Judge) File(name string, text []byte) []Verdict {
	var verdicts []Verdict
	for _, document := range manifest.Read(text) {
		verdict := Verdict{
			File:   name,
			Index:  document.Index,
			Kind:   document.Object.GetKind(),
			Name:   document.Object.GetName(),
			Errors: []string{},
		}
		if document.Object.GroupVersionKind().Group == "kustomize.config.k8s.io" {
			verdict.Skipped = "read by kustomize, no resource of the API"
		} else {
			errors, warnings := j.document(&document)
			verdict.Errors = append(verdict.Errors, errors...)
			verdict.Warnings = warnings
		}
		verdicts = append(verdicts, verdict)
	}
	return verdicts
}

func (j *Judge) document(document *manifest.Document) (errors, warnings []string) {
	if document.Err != nil {
		return []string{document.Err.Error()}, nil
	}
	gvk := document.Object.GroupVersionKind()
	if kind, err := j.kind(gvk); err != nil {
		return []string{err.Error()}, nil
	} else if kind != nil {
		return customResource(kind, document)
	}
	if scheme.Scheme.Recognizes(gvk) {
		return coreResource(document), nil
	}
	return []string{fmt.Sprintf("no matches for kind %q in version %q", gvk.Kind, gvk.GroupVersion())}, nil
}

// Kind returns nil for what no CRD defines.
func (j *Judge) kind(gvk schema.GroupVersionKind) (*customKind, error) {
	if kind, ok := j.kinds[gvk]; ok {
		return kind, nil
	}
	definition, ok := j.definitions[gvk]
	if !ok {
		return nil, nil
	}
	kind, err := newCustomKind(definition.namespaced, definition.schema)
	if err != nil {
		return nil, err
	}
	j.kinds[gvk] = kind
	return kind, nil
}

// CustomResource asks the webhook as an API server does: only for what the schema takes.
func customResource(kind *customKind, document *manifest.Document) (errors, warnings []string) {
	errors = kind.validate(document.Object.DeepCopy())
	if len(errors) > 0 || !admission.Reviews(document) {
		return errors, nil
	}
	_, warnings, err := admission.Review(document)
	if err != nil {
		return []string{err.Error()}, nil
	}
	return nil, warnings
}
