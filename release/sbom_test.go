package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestAnSbomIsValidByTheSchemaOfCycloneDX(t *testing.T) {
	schema := schema(t)
	for _, module := range modulesOf(t, dist(t, "")) {
		document, err := sbom(module)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, document); err != nil {
			t.Errorf("%s: %v", module.pack.Name, err)
		}
		broken := bytes.Replace(document, []byte(`"type": "library"`), []byte(`"type": "book"`), 1)
		if validate(t, schema, broken) == nil {
			t.Errorf("%s: the schema takes a component of type book", module.pack.Name)
		}
	}
}

func TestAnSbomHasWhatCargoLinksAndNothingElse(t *testing.T) {
	for _, module := range modulesOf(t, dist(t, "")) {
		var listed []string
		bom := decode(t, module)
		for _, component := range *bom.Components {
			if component.Name != "rust-std" {
				listed = append(listed, component.Name+" "+component.Version)
			}
		}
		slices.Sort(listed)
		if planned := planned(t, module.pack); !slices.Equal(listed, planned) {
			t.Errorf("%s: listed %q, and cargo builds %q", module.pack.Name, listed, planned)
		}
	}
}

func TestAnSbomNamesThePackageWhoseSourceWasEdited(t *testing.T) {
	for _, module := range modulesOf(t, dist(t, "")) {
		var ancestors []string
		for _, component := range *decode(t, module).Components {
			if component.Pedigree != nil {
				for _, ancestor := range *component.Pedigree.Ancestors {
					ancestors = append(ancestors, component.Name+" of "+ancestor.PackageURL)
				}
			}
		}
		var want []string
		if module.pack.Name == "contract-validation" {
			want = []string{"contract-validation-engine of pkg:cargo/jsonschema@0.60.2"}
		}
		if !slices.Equal(ancestors, want) {
			t.Errorf("%s: %q", module.pack.Name, ancestors)
		}
	}
}

func TestEveryPackageFromElsewhereHasItsHashAndItsLicence(t *testing.T) {
	for _, module := range modulesOf(t, dist(t, "")) {
		for _, component := range *decode(t, module).Components {
			if (*component.Licenses)[0].Expression == "" {
				t.Errorf("%s: %s has no licence", module.pack.Name, component.Name)
			}
			if component.PackageURL != "" && len((*component.Hashes)[0].Value) != 64 {
				t.Errorf("%s: %s has no hash", module.pack.Name, component.Name)
			}
		}
	}
}

func TestNoPlaceOfTheMachineIsInWhatIsWritten(t *testing.T) {
	writers := []func(module) ([]byte, error){sbom, licences}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range modulesOf(t, dist(t, "")) {
		for _, write := range writers {
			document, err := write(module)
			if err != nil {
				t.Fatal(err)
			}
			for _, place := range []string{home + "/", module.tree.workspace + "/"} {
				if bytes.Contains(document, []byte(place)) {
					t.Errorf("%s: %s is in it", module.pack.Name, place)
				}
			}
		}
	}
}

func decode(t *testing.T, module module) *cdx.BOM {
	t.Helper()
	document, err := sbom(module)
	if err != nil {
		t.Fatal(err)
	}
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(bytes.NewReader(document), cdx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	return bom
}

// Planned are the libraries of the target that cargo means to build for a module, by its own plan of the
// build. Only this test asks for the plan, because it is an unstable option.
func planned(t *testing.T, pack pack) []string {
	t.Helper()
	command := exec.Command("cargo", "rustc", "--locked", "--target", target, "--crate-type", "cdylib",
		"--package", pack.Name, "--features", "module", "--unit-graph", "-Z", "unstable-options")
	command.Dir = ".."
	command.Env = append(os.Environ(), "RUSTC_BOOTSTRAP=1")
	output, err := command.Output()
	if err != nil {
		t.Fatalf("cargo's plan of the build: %v", err)
	}
	var graph struct {
		Units []struct {
			ID       string `json:"pkg_id"`
			Platform string
			Mode     string
			Target   struct{ Kind []string }
		}
	}
	if err := json.Unmarshal(output, &graph); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, unit := range graph.Units {
		if unit.Platform != target || unit.Mode != "build" {
			continue
		}
		if id := named(unit.ID); id != pack.id() && !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return found
}

// Named is the name and version in a package id, which has one of the forms `registry+…#name@version`
// and `path+…/folder#version`, the latter where folder and name are equal.
func named(id string) string {
	place, fragment, _ := strings.Cut(id, "#")
	if name, version, both := strings.Cut(fragment, "@"); both {
		return name + " " + version
	}
	return filepath.Base(place) + " " + fragment
}

// Schema is that of CycloneDX 1.6, as its own Go library carries it, with those that it refers to.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(strings.TrimSpace(string(output)), "schema")
	compiler := jsonschema.NewCompiler()
	for name, file := range map[string]string{
		"bom-1.6.schema.json":  "bom-1.6.schema.json",
		"spdx.schema.json":     "spdx.schema.json",
		"jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text(t, filepath.Join(folder, file))))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource("http://cyclonedx.org/schema/"+name, document); err != nil {
			t.Fatal(err)
		}
	}
	compiled, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func validate(t *testing.T, schema *jsonschema.Schema, document []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
