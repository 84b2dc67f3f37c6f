package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Two filters stand for all: what is in the images does not depend on their number.
var few = []string{"contract-validation", "version-negotiation"}

// Dist is a folder with modules of a few octets, which differ by what is added.
func dist(t *testing.T, added string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range few {
		content := []byte("\x00asm\x01\x00\x00\x00" + name + added)
		if err := os.WriteFile(filepath.Join(folder, name+".wasm"), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// Linked is what cargo says of each of these; it is asked once, because it takes its time.
var linked = sync.OnceValues(func() (map[string]tree, error) {
	workspace, err := openWorkspace("..")
	if err != nil {
		return nil, err
	}
	trees := map[string]tree{}
	for _, name := range few {
		if trees[name], err = workspace.linkedInto(name); err != nil {
			return nil, err
		}
	}
	return trees, nil
})

func modulesOf(t *testing.T, dist string) []module {
	t.Helper()
	trees, err := linked()
	if err != nil {
		t.Fatal(err)
	}
	found, err := modules(dist, func(name string) (tree, error) { return trees[name], nil })
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func imagesOf(t *testing.T, dist string) {
	t.Helper()
	if err := writeImages(dist, modulesOf(t, dist)); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsPulledIsTheModuleOctetForOctet(t *testing.T) {
	dist := dist(t, "")
	imagesOf(t, dist)
	server := httptest.NewServer(registry.New())
	defer server.Close()
	prefix := strings.TrimPrefix(server.URL, "http://") + "/mirror/treaty"
	if said, err := exec.Command("./push", dist, prefix).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for _, line := range strings.Fields(text(t, filepath.Join(dist, "images.txt"))) {
		filter, _, _ := strings.Cut(line, ":")
		byTag, _, _ := strings.Cut(line, "@")
		for _, reference := range []string{byTag, filter + line[strings.Index(line, "@"):]} {
			image := pull(t, prefix+"/"+reference)
			want := text(t, filepath.Join(dist, filter+".wasm"))
			if got := plugin(t, image); got != want {
				t.Errorf("%s: %d octets came back, and not the %d that went", reference, len(got), len(want))
			}
		}
	}
}

func TestAnImageSaysWhatItIs(t *testing.T) {
	image, err := image(modulesOf(t, dist(t, ""))[0])
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != types.OCIManifestSchema1 || manifest.Config.MediaType != types.OCIConfigJSON {
		t.Errorf("the manifest is %s, its config %s", manifest.MediaType, manifest.Config.MediaType)
	}
	for key, want := range map[string]string{
		"title":       "contract-validation",
		"version":     "0.1.0",
		"licenses":    "Apache-2.0",
		"source":      source,
		"description": "Holds requests and responses to the contract that a service published.",
	} {
		if got := manifest.Annotations["org.opencontainers.image."+key]; got != want {
			t.Errorf("%s is %q, expected %q", key, got, want)
		}
	}
}

func TestAnImageCarriesTheLicencesOfWhatIsInside(t *testing.T) {
	image, err := image(modulesOf(t, dist(t, ""))[0])
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	files := unpack(t, layers[0])
	if !strings.Contains(files["licenses/contract-validation.txt"], "Dmitry Dygalo") {
		t.Error("the notice of jsonschema is not in the image of contract-validation")
	}
	if !strings.Contains(files["licenses/"+standardFile], "<html") {
		t.Error("the notices of Rust's standard library are not in the image")
	}
}

func TestTheSameModulesMakeTheSameImages(t *testing.T) {
	first, second, other := dist(t, ""), dist(t, ""), dist(t, "changed")
	for _, dist := range []string{first, second, other} {
		imagesOf(t, dist)
	}
	if !equal(files(t, first), files(t, second)) {
		t.Error("two runs over the same modules differ")
	}
	if text(t, filepath.Join(first, "images.txt")) == text(t, filepath.Join(other, "images.txt")) {
		t.Error("another module has the same digest")
	}
}

func TestNothingIsMadeWhereNoModulesAre(t *testing.T) {
	if _, err := modules(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("told %v", err)
	}
}

// Plugin is what Istio's agent and Envoy Gateway find in an image: `plugin.wasm` in the last layer, which
// has to be a gzipped tar of OCI's media type (pkg/wasm/imagefetcher.go of istio.io/istio).
func plugin(t *testing.T, image v1.Image) string {
	t.Helper()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	last := layers[len(layers)-1]
	if mediaType, _ := last.MediaType(); mediaType != types.OCILayer {
		t.Errorf("the last layer is %s", mediaType)
	}
	content, found := unpack(t, last)[pluginFile]
	if !found {
		t.Errorf("the last layer has no %s", pluginFile)
	}
	return content
}

func unpack(t *testing.T, layer v1.Layer) map[string]string {
	t.Helper()
	compressed, err := layer.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer compressed.Close()
	archive, err := gzip.NewReader(compressed)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(content)
	}
}

func pull(t *testing.T, where string) v1.Image {
	t.Helper()
	reference, err := name.ParseReference(where)
	if err != nil {
		t.Fatal(err)
	}
	image, err := remote.Image(reference)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// Files are every file below a folder, by its path.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		files[relative], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func equal(left, right map[string][]byte) bool {
	if len(left) != len(right) {
		return false
	}
	for path, octets := range left {
		if other, found := right[path]; !found || !bytes.Equal(octets, other) {
			return false
		}
	}
	return true
}

func text(t *testing.T, path string) string {
	t.Helper()
	octets, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(octets)
}
