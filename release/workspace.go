package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
)

const target = "wasm32-wasip1"

// A workspace knows its packages and how they depend on each other, as cargo tells it.
type workspace struct {
	root string
	rust string
	// Every package of Cargo.lock, by "name version".
	packs map[string]pack
}

// A pack is a package of Cargo.
type pack struct {
	Name        string
	Version     string
	License     string
	Description string
	Repository  string
	// None for what stands in this repository.
	Source       string
	ManifestPath string `json:"manifest_path"`
	// The SHA-256 of its archive, by Cargo.lock; none for what stands in this repository.
	checksum string
}

func (p pack) id() string     { return p.Name + " " + p.Version }
func (p pack) folder() string { return filepath.Dir(p.ManifestPath) }
func (p pack) ours() bool     { return p.Source == "" }

// A tree is what is linked into one module: the packages, and which of them each needs. Procedural
// macros and build scripts run when it is built and are not in it.
type tree struct {
	root  string
	packs map[string]pack
	needs map[string][]string
	// Packages whose source was edited into one of these, by the one it went into.
	edited map[string]pack
	// The version of Rust, whose standard library is in every module.
	rust string
	// Where the workspace is.
	workspace string
}

// Sorted are the names of its packages.
func (t tree) sorted() []string {
	ids := make([]string, 0, len(t.packs))
	for id := range t.packs {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

func openWorkspace(folder string) (*workspace, error) {
	output, err := cargo(folder, "metadata", "--locked", "--format-version", "1")
	if err != nil {
		return nil, err
	}
	var metadata struct {
		Packages      []pack
		WorkspaceRoot string `json:"workspace_root"`
	}
	if err := json.Unmarshal(output, &metadata); err != nil {
		return nil, fmt.Errorf("cargo metadata: %w", err)
	}
	checksums, err := checksums(filepath.Join(metadata.WorkspaceRoot, "Cargo.lock"))
	if err != nil {
		return nil, err
	}
	packs := make(map[string]pack, len(metadata.Packages))
	for _, pack := range metadata.Packages {
		pack.checksum = checksums[pack.id()]
		// Cargo's older way to say OR, which is not SPDX.
		pack.License = strings.ReplaceAll(pack.License, "/", " OR ")
		packs[pack.id()] = pack
	}
	rust, err := rustVersion(metadata.WorkspaceRoot)
	if err != nil {
		return nil, err
	}
	return &workspace{root: metadata.WorkspaceRoot, rust: rust, packs: packs}, nil
}

func checksums(path string) (map[string]string, error) {
	var lock struct {
		Package []struct{ Name, Version, Checksum string }
	}
	if _, err := toml.DecodeFile(path, &lock); err != nil {
		return nil, err
	}
	found := make(map[string]string, len(lock.Package))
	for _, pack := range lock.Package {
		found[pack.Name+" "+pack.Version] = pack.Checksum
	}
	return found, nil
}

// LinkedInto asks cargo for the tree of one module. `cargo metadata`, on which cargo-cyclonedx stands,
// would not do: it unites the features of the whole workspace and does not set procedural macros apart,
// so it names half as many packages again as are in a small module.
func (w *workspace) linkedInto(name string) (tree, error) {
	output, err := cargo(w.root, "tree", "--locked", "--package", name, "--features", "module", "--target", target,
		"--edges", "normal,no-proc-macro", "--no-dedupe", "--prefix", "depth", "--format", " {p}")
	if err != nil {
		return tree{}, err
	}
	found := tree{
		packs: map[string]pack{}, needs: map[string][]string{}, edited: map[string]pack{},
		rust: w.rust, workspace: w.root,
	}
	// The packages from the root to the line that is read.
	var way []string
	lines := bufio.NewScanner(bytes.NewReader(output))
	for lines.Scan() {
		var depth int
		var name, version string
		if _, err := fmt.Sscanf(lines.Text(), "%d %s v%s", &depth, &name, &version); err != nil || depth > len(way) {
			return tree{}, fmt.Errorf("cargo tree: a line that was not expected: %q", lines.Text())
		}
		pack, known := w.packs[name+" "+version]
		if !known {
			return tree{}, fmt.Errorf("cargo tree names %s %s, which cargo metadata does not", name, version)
		}
		way = append(way[:depth], pack.id())
		found.packs[pack.id()] = pack
		if depth == 0 {
			found.root = pack.id()
		} else if above := way[depth-1]; !slices.Contains(found.needs[above], pack.id()) {
			found.needs[above] = append(found.needs[above], pack.id())
		}
	}
	return found, w.addEdited(&found)
}

// Engine is the one package here that is made of the source of another. Cargo calls that one a
// dev-dependency, so no tree of a module has it, and yet its code is in the module.
const (
	engine   = "contract-validation-engine"
	original = "jsonschema"
)

func (w *workspace) addEdited(found *tree) error {
	for id, pack := range found.packs {
		if pack.Name != engine {
			continue
		}
		for _, candidate := range w.packs {
			if candidate.Name == original {
				found.edited[id] = candidate
				return nil
			}
		}
		return fmt.Errorf("%s is made of %s, which Cargo.lock does not name", engine, original)
	}
	return nil
}

func cargo(folder string, args ...string) ([]byte, error) {
	command := exec.Command("cargo", args...)
	command.Dir = folder
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("cargo %s: %w", args[0], err)
	}
	return output, nil
}
