// Release makes of the built modules what a release has beside them: images, SBOMs and the licences of
// what is inside.
//
//	release images DIST      DIST/images/<filter> (OCI layouts) and DIST/images.txt (their digests)
//	release sbom DIST        DIST/sbom/<filter>.cdx.json
//	release licences DIST    DIST/licences/<filter>.txt, and those of Rust's standard library
//
// Every .wasm in DIST is one module, named as its package. It is run in a folder of the workspace, for
// cargo says what is linked into a module. What it writes is a function of the sources, the modules and
// the toolchains: it has no times, and no places of the machine.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	usage := errors.New("usage: release images|sbom|licences DIST")
	if len(args) != 2 {
		return usage
	}
	dist := args[1]
	workspace, err := openWorkspace(".")
	if err != nil {
		return err
	}
	modules, err := modules(dist, workspace.linkedInto)
	if err != nil {
		return err
	}
	switch args[0] {
	case "images":
		return writeImages(dist, modules)
	case "sbom":
		return writeEach(filepath.Join(dist, "sbom"), ".cdx.json", modules, sbom)
	case "licences":
		return writeLicences(filepath.Join(dist, "licences"), workspace, modules)
	}
	return usage
}

// A module is a .wasm, and what is linked into it.
type module struct {
	path string
	pack pack
	tree tree
}

// Modules are those in a folder, by name.
func modules(dist string, linkedInto func(name string) (tree, error)) ([]module, error) {
	paths, err := filepath.Glob(filepath.Join(dist, "*.wasm"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s has no modules; `make build` builds them", dist)
	}
	sort.Strings(paths)
	found := make([]module, 0, len(paths))
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".wasm")
		tree, err := linkedInto(name)
		if err != nil {
			return nil, err
		}
		found = append(found, module{path: path, pack: tree.packs[tree.root], tree: tree})
	}
	return found, nil
}

// WriteEach writes one file a module into a folder, which it makes anew.
func writeEach(folder, suffix string, modules []module, content func(module) ([]byte, error)) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, module := range modules {
		octets, err := content(module)
		if err != nil {
			return fmt.Errorf("%s: %w", module.pack.Name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, module.pack.Name+suffix), octets, 0o644); err != nil {
			return err
		}
	}
	return nil
}
