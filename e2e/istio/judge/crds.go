package judge

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	envoygateway "github.com/envoyproxy/gateway"
	"istio.io/istio/manifests"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	strictyaml "sigs.k8s.io/yaml"
)

// IstioCRDs is where Istio's chart `base` has them; the file is the one of istio.io/api.
const istioCRDs = "charts/base/files/crd-all.gen.yaml"

// Definitions are the served versions of all CRDs.
type definitions map[schema.GroupVersionKind]definition

type definition struct {
	namespaced bool
	schema     *apiextensions.JSONSchemaProps
}

// LoadDefinitions reads the CRDs of Istio, and those of the Gateway API (its experimental channel) and
// of Envoy Gateway, which Envoy Gateway's chart installs together.
func loadDefinitions() (definitions, error) {
	istio, err := fs.ReadFile(manifests.FS, istioCRDs)
	if err != nil {
		return nil, err
	}
	all := definitions{}
	for _, stream := range [][]byte{istio, envoygateway.GatewayCRDs} {
		if err := all.add(stream); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (definitions definitions) add(stream []byte) error {
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var crd apiextensions.CustomResourceDefinition
		if err := strictyaml.Unmarshal(text, &crd); err != nil {
			return fmt.Errorf("reading a CRD: %w", err)
		}
		// Beside the CRDs stand admission policies, which guard their upgrade.
		if crd.Kind == "CustomResourceDefinition" {
			definitions.addVersions(&crd)
		}
	}
}

func (definitions definitions) addVersions(crd *apiextensions.CustomResourceDefinition) {
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		gvk := schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind}
		definitions[gvk] = definition{
			namespaced: crd.Spec.Scope == apiextensions.NamespaceScoped,
			schema:     version.Schema.OpenAPIV3Schema,
		}
	}
}
