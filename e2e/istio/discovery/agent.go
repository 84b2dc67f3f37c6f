package discovery

import (
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	wasm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/wasm/v3"
	service "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/bootstrap"
)

// ViaAgent hands on what istiod generates for extensions as Istio's agent does: without what istiod
// tells the agent in the environment of a VM. Left in, the version of the resource would give every
// plugin a VM of its own, with a module compiled anew.
type viaAgent struct {
	model.XdsResourceGenerator
}

func (g viaAgent) Generate(proxy *model.Proxy, watched *model.WatchedResource, request *model.PushRequest) (model.Resources, model.XdsLogDetails, error) {
	resources, details, err := g.XdsResourceGenerator.Generate(proxy, watched, request)
	if err != nil || resources == nil {
		// Nothing is sent.
		return nil, details, err
	}
	handedOn := make(model.Resources, 0, len(resources))
	for _, resource := range resources {
		stripped, err := withoutMeta(resource)
		if err != nil {
			return nil, details, err
		}
		handedOn = append(handedOn, stripped)
	}
	return handedOn, details, nil
}

// WithoutMeta leaves what is no Wasm filter as it is.
func withoutMeta(resource *service.Resource) (*service.Resource, error) {
	extension, filter := &core.TypedExtensionConfig{}, &wasm.Wasm{}
	if err := resource.GetResource().UnmarshalTo(extension); err != nil {
		return nil, err
	}
	if !extension.GetTypedConfig().MessageIs(filter) {
		return resource, nil
	}
	if err := extension.GetTypedConfig().UnmarshalTo(filter); err != nil {
		return nil, err
	}
	vm := filter.GetConfig().GetVmConfig()
	variables := vm.GetEnvironmentVariables()
	for name := range variables.GetKeyValues() {
		if strings.HasPrefix(name, bootstrap.IstioMetaPrefix) {
			delete(variables.KeyValues, name)
		}
	}
	if len(variables.GetKeyValues()) == 0 && len(variables.GetHostEnvKeys()) == 0 && vm != nil {
		vm.EnvironmentVariables = nil
	}
	var err error
	if extension.TypedConfig, err = anypb.New(filter); err != nil {
		return nil, err
	}
	packed, err := anypb.New(extension)
	if err != nil {
		return nil, err
	}
	return &service.Resource{Name: resource.GetName(), Resource: packed}, nil
}
