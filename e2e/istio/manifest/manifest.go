// Package manifest reads the documents of a stream of Kubernetes YAML.
package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	strictyaml "sigs.k8s.io/yaml"
)

// Document is one document of a stream, or why it is none.
type Document struct {
	// Index counts the documents of the stream from zero. Those without content are not counted.
	Index  int
	Object unstructured.Unstructured
	Err    error
}

// String names the document as errors do: kind, namespace where it has one, and name.
func (d *Document) String() string {
	if d.Object.GetNamespace() == "" {
		return fmt.Sprintf("%s %s", d.Object.GetKind(), d.Object.GetName())
	}
	return fmt.Sprintf("%s %s/%s", d.Object.GetKind(), d.Object.GetNamespace(), d.Object.GetName())
}

// Read splits a stream into its documents. A document that cannot be read has Err set, and those after
// it are read all the same.
func Read(stream []byte) []Document {
	var documents []Document
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents
		}
		if err != nil {
			return append(documents, Document{Index: len(documents), Err: err})
		}
		object, err := parse(text)
		if object == nil && err == nil {
			continue
		}
		documents = append(documents, Document{
			Index:  len(documents),
			Object: unstructured.Unstructured{Object: object},
			Err:    err,
		})
	}
}

// Parse returns nil for a document without content.
func parse(text []byte) (map[string]any, error) {
	// A key that stands twice is refused, as kubectl refuses it.
	asJSON, err := strictyaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	// This package's Unmarshal keeps integers apart from doubles, which rules of CEL tell apart.
	var object map[string]any
	if err := json.Unmarshal(asJSON, &object); err != nil {
		return nil, err
	}
	return object, nil
}
