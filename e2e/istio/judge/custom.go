package judge

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// CustomKind is one version of a CRD, ready to judge by.
type customKind struct {
	namespaced bool
	structural *structural.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

func newCustomKind(namespaced bool, schema *apiextensionsv1.JSONSchemaProps) (*customKind, error) {
	props := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(schema, props, nil); err != nil {
		return nil, err
	}
	structural, err := structural.NewStructural(props)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return nil, err
	}
	return &customKind{
		namespaced: namespaced,
		structural: structural,
		validator:  validator,
		rules:      cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

// Validate does what an API server does with a new resource, in its order, and returns all that it
// finds. It changes the object: unknown fields go, and defaults are set.
func (k *customKind) validate(object *unstructured.Unstructured) []string {
	errors := k.unknownFields(object)
	defaulting.PruneNonNullableNullsWithoutDefaults(object.Object, k.structural)
	defaulting.Default(object.Object, k.structural)
	found := k.metadata(object)
	found = append(found, validation.ValidateCustomResource(nil, object.Object, k.validator)...)
	found = append(found, listtype.ValidateListSetsAndMaps(nil, k.structural, object.Object)...)
	// Rules may rest on what the schema promises, so they are asked only where it holds.
	if len(found) == 0 {
		broken, _ := k.rules.Validate(context.Background(), nil, k.structural, object.Object, nil, celconfig.RuntimeCELCostBudget)
		found = append(found, broken...)
	}
	for _, err := range found {
		errors = append(errors, err.Error())
	}
	return errors
}

func (k *customKind) unknownFields(object *unstructured.Unstructured) []string {
	options := structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	var errors []string
	for _, path := range pruning.PruneWithOptions(object.Object, k.structural, true, options) {
		errors = append(errors, fmt.Sprintf("unknown field %q", path))
	}
	_, _, unknown, err := objectmeta.GetObjectMetaWithOptions(object.Object, objectmeta.ObjectMetaOptions{
		ReturnUnknownFieldPaths: true,
	})
	if err != nil {
		return append(errors, err.Error())
	}
	for _, path := range unknown {
		errors = append(errors, fmt.Sprintf("unknown field %q", path))
	}
	return errors
}

// Metadata is validated with the namespace that kubectl puts in where none is named.
func (k *customKind) metadata(object *unstructured.Unstructured) field.ErrorList {
	if k.namespaced && object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	return apivalidation.ValidateObjectMetaAccessor(object, k.namespaced, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
}
