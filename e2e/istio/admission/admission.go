// Package admission runs what Istio's validating webhook runs.
package admission

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/go-multierror"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"

	"github.com/treaty-mesh/treaty/e2e/istio/manifest"
)

// Reviews says whether the document's kind is one of Istio's own: only for these the webhook is asked.
func Reviews(document *manifest.Document) bool {
	_, ok := schemaOf(document)
	return ok
}

// Review returns the document as Istio holds it and what the webhook warns of, or why it denies it.
func Review(document *manifest.Document) (*config.Config, []string, error) {
	schema, ok := schemaOf(document)
	if !ok {
		return nil, nil, fmt.Errorf("unrecognized type %s", document.Object.GroupVersionKind())
	}
	text, err := json.Marshal(document.Object.Object)
	if err != nil {
		return nil, nil, err
	}
	var object crd.IstioKind
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, nil, denied("cannot decode configuration", err)
	}
	converted, err := crd.ConvertObject(schema, &object, "cluster.local")
	if err != nil {
		return nil, nil, denied("error decoding configuration", err)
	}
	warning, err := schema.ValidateConfig(*converted)
	if err != nil {
		return nil, nil, denied("configuration is invalid", err)
	}
	return converted, each(warning), nil
}

// SchemaOf leaves the version out, as the webhook does: all versions of a kind have one schema.
func schemaOf(document *manifest.Document) (resource.Schema, bool) {
	kind := document.Object.GroupVersionKind()
	return collections.Pilot.FindByGroupKind(resource.FromKubernetesGVK(&kind))
}

// Denied words an error as kubectl shows it.
func denied(reason string, err error) error {
	return fmt.Errorf("admission webhook \"validation.istio.io\" denied the request: %s: %w", reason, err)
}

func each(warning error) []string {
	var several *multierror.Error
	if !errors.As(warning, &several) {
		several = multierror.Append(several, warning)
	}
	var warnings []string
	for _, err := range several.Errors {
		warnings = append(warnings, err.Error())
	}
	return warnings
}
