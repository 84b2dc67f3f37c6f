package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryPackageIsNamedWithItsText(t *testing.T) {
	for _, module := range modulesOf(t, dist(t, "")) {
		document, err := licences(module)
		if err != nil {
			t.Fatal(err)
		}
		for id := range module.tree.packs {
			if !strings.Contains(string(document), "\n"+id+" (") {
				t.Errorf("%s: %s is missing", module.pack.Name, id)
			}
		}
		for _, notice := range []string{"Rich Felker", "Apache License", "Rust's standard library 1."} {
			if !strings.Contains(string(document), notice) {
				t.Errorf("%s: %q is missing", module.pack.Name, notice)
			}
		}
	}
}

func TestTheLicencesSayWhoseSourceWasEdited(t *testing.T) {
	document, err := licences(modulesOf(t, dist(t, ""))[0])
	if err != nil {
		t.Fatal(err)
	}
	want := "jsonschema 0.60.2 (MIT), whose source is edited into contract-validation-engine 0.1.0\n"
	if !strings.Contains(string(document), want) {
		t.Errorf("%q is missing", want)
	}
}

func TestAPackageWithoutATextIsRefused(t *testing.T) {
	folder := t.TempDir()
	bare := pack{Name: "bare", Version: "1.0.0", License: "MIT", Source: "registry", ManifestPath: filepath.Join(folder, "Cargo.toml")}
	if _, err := texts(bare, tree{}, nil); err == nil || !strings.Contains(err.Error(), "bare 1.0.0") {
		t.Errorf("told %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "LICENSE-MIT"), []byte("the terms\r\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if found, err := texts(bare, tree{}, nil); err != nil || len(found) != 1 || found[0] != "the terms" {
		t.Errorf("found %q, %v", found, err)
	}
}

func TestATextIsBorrowedUnderTheSameLicenceOnly(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "LICENSE"), []byte("the terms"), 0o644); err != nil {
		t.Fatal(err)
	}
	lent := pack{Name: "outref", Version: "1.0.0", License: "MIT", Source: "registry", ManifestPath: filepath.Join(folder, "Cargo.toml")}
	borrows := pack{Name: "vsimd", Version: "1.0.0", License: "MIT", Source: "registry"}
	if found, err := texts(borrows, tree{}, []pack{lent}); err != nil || len(found) != 1 {
		t.Errorf("found %q, %v", found, err)
	}
	borrows.License = "Apache-2.0"
	if _, err := texts(borrows, tree{}, []pack{lent}); err == nil {
		t.Error("a text was borrowed under another licence")
	}
}
