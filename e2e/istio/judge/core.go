package judge

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/treaty-mesh/treaty/e2e/istio/manifest"
)

var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// CoreResource decodes a kind of Kubernetes itself strictly: unknown fields and wrong types are errors.
// What an API server validates of these kinds beyond their types is no public library.
func coreResource(document *manifest.Document) []string {
	text, err := json.Marshal(document.Object.Object)
	if err != nil {
		return []string{err.Error()}
	}
	_, _, err = strict.Decode(text, nil, nil)
	if err == nil {
		return nil
	}
	if strictErr, ok := runtime.AsStrictDecodingError(err); ok {
		var errors []string
		for _, err := range strictErr.Errors() {
			errors = append(errors, err.Error())
		}
		return errors
	}
	return []string{err.Error()}
}
