package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// Sbom is the CycloneDX document of one module: what is linked into it, and nothing that only took part
// in building it. It has no serial number and no time, so that it is the same for the same module.
func sbom(module module) ([]byte, error) {
	code, err := os.ReadFile(module.path)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(code)
	subject := component(module.pack)
	subject.Type = cdx.ComponentTypeApplication
	subject.Hashes = sha256Hash(hex.EncodeToString(digest[:]))

	bom := cdx.NewBOM()
	bom.SerialNumber = ""
	bom.Metadata = &cdx.Metadata{
		Component:  &subject,
		Properties: &[]cdx.Property{{Name: "cdx:rustc:sbom:target:triple", Value: target}},
	}
	var components []cdx.Component
	var dependencies []cdx.Dependency
	for _, id := range module.tree.sorted() {
		pack := module.tree.packs[id]
		if id != module.tree.root {
			components = append(components, withAncestor(component(pack), module.tree.edited[id]))
		}
		needs := []string{standardRef}
		for _, needed := range module.tree.needs[id] {
			needs = append(needs, ref(module.tree.packs[needed]))
		}
		dependencies = append(dependencies, cdx.Dependency{Ref: ref(pack), Dependencies: &needs})
	}
	components = append(components, standardLibrary(module.tree.rust))
	bom.Components, bom.Dependencies = &components, &dependencies

	var document bytes.Buffer
	encoder := cdx.NewBOMEncoder(&document, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, err
	}
	return document.Bytes(), nil
}

func ref(pack pack) string { return pack.Name + "@" + pack.Version }

func component(pack pack) cdx.Component {
	made := cdx.Component{
		BOMRef: ref(pack), Type: cdx.ComponentTypeLibrary, Name: pack.Name, Version: pack.Version,
		Description: pack.Description, Licenses: &cdx.Licenses{{Expression: pack.License}},
	}
	if !pack.ours() {
		made.PackageURL = "pkg:cargo/" + pack.Name + "@" + pack.Version
		made.Hashes = sha256Hash(pack.checksum)
	}
	if pack.Repository != "" {
		made.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: pack.Repository}}
	}
	return made
}

// WithAncestor says, of a component that is the source of another package edited, which one that is: who
// looks for a vulnerable version has to find it.
func withAncestor(made cdx.Component, ancestor pack) cdx.Component {
	if ancestor.Name != "" {
		made.Pedigree = &cdx.Pedigree{
			Ancestors: &[]cdx.Component{component(ancestor)},
			Notes:     "Built from the source of its ancestor, edited by its build script.",
		}
	}
	return made
}

const standardRef = "rust-std"

// StandardLibrary is in every module, and in no package list of cargo's. The C library of the target
// comes with it, in a version that the toolchain does not tell.
func standardLibrary(version string) cdx.Component {
	return cdx.Component{
		BOMRef: standardRef, Type: cdx.ComponentTypeLibrary, Name: "rust-std", Version: version,
		Description: "Rust's standard library for " + target + ".",
		Licenses:    &cdx.Licenses{{Expression: "MIT OR Apache-2.0"}},
		Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeLibrary, Name: "wasi-libc",
			Licenses: &cdx.Licenses{{Expression: "(Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT) AND MIT AND BSD-2-Clause"}},
		}},
	}
}

func sha256Hash(hexadecimal string) *[]cdx.Hash {
	return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hexadecimal}}
}
