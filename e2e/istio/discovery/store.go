package discovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	kubelib "istio.io/istio/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/treaty-mesh/treaty/e2e/istio/admission"
	"github.com/treaty-mesh/treaty/e2e/istio/manifest"
)

// Changes counts what one replacement did.
type Changes struct {
	Created int `json:"created"`
	Updated int `json:"updated"`
	Deleted int `json:"deleted"`
}

// Store is where the server's resources stand. Istio reads its own kinds from its config store; those of
// Kubernetes, and what waypoints rest on, from its Kubernetes client. Each resource is put wherever Istio
// may read it.
type store struct {
	istio model.ConfigStoreController
	kube  kubelib.Client

	mutex    sync.Mutex
	held     entries
	versions int
}

type entries map[key]*entry

type key struct {
	kind            config.GroupVersionKind
	namespace, name string
}

// Entry is one resource in each of its forms.
type entry struct {
	schema resource.Schema
	text   []byte
	// Config is nil for the kinds of Kubernetes.
	config *config.Config
	object runtime.Object
}

// Replace makes the documents of a stream all that the store holds, by the difference to what it held.
// If any document is invalid nothing changes, and the error tells of each.
func (s *store) replace(stream []byte) (Changes, error) {
	wanted, err := read(stream)
	if err != nil {
		return Changes{}, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var changes Changes
	for key, entry := range wanted {
		held, exists := s.held[key]
		switch {
		case !exists:
			err = s.create(key, entry)
			changes.Created++
		case !bytes.Equal(held.text, entry.text):
			err = s.update(key, entry)
			changes.Updated++
		}
		if err != nil {
			return changes, err
		}
	}
	for key, entry := range s.held {
		if _, stays := wanted[key]; stays {
			continue
		}
		if err := s.delete(key, entry); err != nil {
			return changes, err
		}
		changes.Deleted++
	}
	return changes, nil
}

func (s *store) create(key key, entry *entry) error {
	if entry.config != nil {
		if _, err := s.istio.Create(*entry.config); err != nil {
			return err
		}
	}
	s.held[key] = entry
	return s.tracker(entry).Create(entry.schema.GroupVersionResource(), s.versioned(entry), key.namespace)
}

func (s *store) update(key key, entry *entry) error {
	if entry.config != nil {
		if _, err := s.istio.Update(*entry.config); err != nil {
			return err
		}
	}
	s.held[key] = entry
	return s.tracker(entry).Update(entry.schema.GroupVersionResource(), s.versioned(entry), key.namespace)
}

func (s *store) delete(key key, entry *entry) error {
	if entry.config != nil {
		if err := s.istio.Delete(key.kind, key.name, key.namespace, nil); err != nil {
			return err
		}
	}
	delete(s.held, key)
	return s.tracker(entry).Delete(entry.schema.GroupVersionResource(), key.namespace, key.name)
}

// Versioned sets the resource version, as an API server does: without a new one Istio sees no change.
func (s *store) versioned(entry *entry) runtime.Object {
	s.versions++
	entry.object.(metav1.Object).SetResourceVersion(strconv.Itoa(s.versions))
	return entry.object
}

// Tracker is where the fake client of the entry's group keeps its objects.
func (s *store) tracker(entry *entry) clienttesting.ObjectTracker {
	var client any = s.kube.Kube()
	switch group := entry.schema.Group(); {
	case strings.HasSuffix(group, ".istio.io"):
		client = s.kube.Istio()
	case strings.HasPrefix(group, "gateway.networking."):
		client = s.kube.GatewayAPI()
	}
	return client.(interface {
		Tracker() clienttesting.ObjectTracker
	}).Tracker()
}

func (e entries) configs() []config.Config {
	var configs []config.Config
	for _, entry := range e {
		if entry.config != nil {
			configs = append(configs, *entry.config)
		}
	}
	return configs
}

func (e entries) objects() []runtime.Object {
	var objects []runtime.Object
	for _, entry := range e {
		objects = append(objects, entry.object)
	}
	return objects
}

func read(stream []byte) (entries, error) {
	entries := entries{}
	var failures []error
	for _, document := range manifest.Read(stream) {
		entry, err := convert(&document)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", &document, err))
			continue
		}
		object := entry.object.(metav1.Object)
		entries[key{entry.schema.GroupVersionKind(), object.GetNamespace(), object.GetName()}] = entry
	}
	return entries, errors.Join(failures...)
}

func convert(document *manifest.Document) (*entry, error) {
	if document.Err != nil {
		return nil, document.Err
	}
	kind := document.Object.GroupVersionKind()
	schema, ok := collections.All.FindByGroupVersionAliasesKind(resource.FromKubernetesGVK(&kind))
	if !ok {
		return nil, fmt.Errorf("Istio reads no %s", kind)
	}
	if document.Object.GetNamespace() == "" && !schema.IsClusterScoped() {
		document.Object.SetNamespace(metav1.NamespaceDefault)
	}
	entry := &entry{schema: schema}
	if admission.Reviews(document) {
		config, _, err := admission.Review(document)
		if err != nil {
			return nil, err
		}
		entry.config = config
	}
	// Istio's client watches one version of each kind.
	document.Object.SetAPIVersion(schema.APIVersion())
	text, err := json.Marshal(document.Object.Object)
	if err != nil {
		return nil, err
	}
	entry.text = text
	entry.object, _, err = kubelib.IstioCodec.UniversalDeserializer().Decode(text, nil, nil)
	return entry, err
}
