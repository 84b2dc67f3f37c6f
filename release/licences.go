package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// The notices of the C library that the target's standard library brings; no toolchain carries them.
//
//go:embed wasi-libc.txt
var wasiLibc string

// Whose archive has no text, and the package of the same author, under the same licence, whose has.
var textless = map[string]string{
	"jsonschema-regex": "jsonschema",
	"jsonschema-value": "jsonschema",
	"uuid-simd":        "outref",
	"vsimd":            "outref",
}

// Licences are the texts under which everything in a module stands, as the packages themselves carry
// them, each text once. A package without one is an error, for its notice would be missing.
func licences(module module) ([]byte, error) {
	var packs []pack
	labels := map[string]string{}
	for _, id := range module.tree.sorted() {
		packs = append(packs, module.tree.packs[id])
		if ancestor, found := module.tree.edited[id]; found {
			packs = append(packs, ancestor)
			labels[ancestor.id()] = ", whose source is edited into " + id
		}
	}
	users := map[string][]string{}
	for _, pack := range packs {
		texts, err := texts(pack, module.tree, packs)
		if err != nil {
			return nil, err
		}
		for _, text := range texts {
			users[text] = append(users[text], fmt.Sprintf("%s (%s)%s", pack.id(), pack.License, labels[pack.id()]))
		}
	}
	var document strings.Builder
	fmt.Fprintf(&document, "What is in %s, and its licences.\n", module.pack.id())
	for _, text := range byUsers(users) {
		section(&document, strings.Join(users[text], "\n"), text)
	}
	section(&document, "wasi-libc, in Rust's standard library for "+target, tidy(wasiLibc))
	section(&document, "Rust's standard library "+module.tree.rust+" (MIT OR Apache-2.0)",
		"Its texts are in "+standardFile+" beside this file.")
	return []byte(document.String()), nil
}

// WriteLicences writes those of every module, and those of the standard library once.
func writeLicences(folder string, workspace *workspace, modules []module) error {
	if err := writeEach(folder, ".txt", modules, licences); err != nil {
		return err
	}
	standard, err := standardNotices(workspace.root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, standardFile), standard, 0o644)
}

func section(document *strings.Builder, whose, text string) {
	line := strings.Repeat("=", 78)
	fmt.Fprintf(document, "\n%s\n%s\n%s\n\n%s\n", line, whose, line, text)
}

// Texts are those in the folder of a package; ours stand under the LICENSE of the repository.
func texts(pack pack, tree tree, packs []pack) ([]string, error) {
	if pack.ours() {
		return read(filepath.Join(tree.workspace, "LICENSE"))
	}
	if other, missing := textless[pack.Name]; missing {
		for _, candidate := range packs {
			if candidate.Name == other && candidate.License == pack.License {
				return texts(candidate, tree, packs)
			}
		}
		return nil, fmt.Errorf("%s has no licence text, and neither is there a %s under %s", pack.id(), other, pack.License)
	}
	entries, err := os.ReadDir(pack.folder())
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && carriesTerms(entry.Name()) {
			paths = append(paths, filepath.Join(pack.folder(), entry.Name()))
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s (%s) has no licence text in its archive", pack.id(), pack.License)
	}
	return read(paths...)
}

func carriesTerms(name string) bool {
	for _, start := range []string{"LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"} {
		if strings.HasPrefix(strings.ToUpper(name), start) {
			return true
		}
	}
	return false
}

func read(paths ...string) ([]string, error) {
	var found []string
	for _, path := range paths {
		octets, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		found = append(found, tidy(string(octets)))
	}
	return found, nil
}

// Tidy makes texts equal that differ in the ends of their lines alone.
func tidy(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// ByUsers orders texts by who uses them, so that the document is always the same.
func byUsers(users map[string][]string) []string {
	texts := make([]string, 0, len(users))
	for text := range users {
		texts = append(texts, text)
	}
	sort.Slice(texts, func(i, j int) bool {
		left, right := strings.Join(users[texts[i]], "\n"), strings.Join(users[texts[j]], "\n")
		return left < right || left == right && texts[i] < texts[j]
	})
	return texts
}
