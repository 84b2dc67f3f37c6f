// Package agent holds what a release is made of to the code of Istio's agent, which fetches modules for
// its proxies.
package agent

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"istio.io/istio/pkg/wasm"
)

const release = "../../../release"

// What an image carries is nobody's business on the way, so few octets stand for a module.
const module = "\x00asm\x01\x00\x00\x00version-negotiation"

func TestIstiosAgentGetsTheModuleOutOfAnImage(t *testing.T) {
	prefix, digest := pushed(t)
	for _, reference := range []string{":0.1.0", "@sha256:" + digest} {
		path, err := fetch(t, prefix+"/version-negotiation"+reference, digest)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != module {
			t.Errorf("%s: %d octets, %v", reference, len(got), err)
		}
	}
}

func TestIstiosAgentRefusesAnImageOfAnotherDigest(t *testing.T) {
	prefix, digest := pushed(t)
	other := strings.Repeat("0", len(digest))
	if path, err := fetch(t, prefix+"/version-negotiation:0.1.0", other); err == nil {
		t.Errorf("it is in %s", path)
	}
}

// Pushed is a registry with the image of one module, as a release makes and pushes it, and the digest.
func pushed(t *testing.T) (prefix, digest string) {
	t.Helper()
	dist := t.TempDir()
	if err := os.WriteFile(filepath.Join(dist, "version-negotiation.wasm"), []byte(module), 0o644); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New())
	t.Cleanup(server.Close)
	prefix = strings.TrimPrefix(server.URL, "http://") + "/treaty"
	run(t, "go", "run", ".", "images", dist)
	run(t, "./push", dist, prefix)
	list, err := os.ReadFile(filepath.Join(dist, "images.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, digest, _ = strings.Cut(strings.TrimSpace(string(list)), "@sha256:")
	return prefix, digest
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	command := exec.Command(name, args...)
	command.Dir = release
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, said)
	}
}

// Fetch is where the agent leaves the module of an image. For each proxy it asks its cache.
func fetch(t *testing.T, image, digest string) (string, error) {
	t.Helper()
	cache := wasm.NewLocalFileCache(t.TempDir(), wasm.Options{})
	t.Cleanup(cache.Cleanup)
	return cache.Get("oci://"+image, wasm.GetOptions{Checksum: digest, RequestTimeout: 10 * time.Second})
}
