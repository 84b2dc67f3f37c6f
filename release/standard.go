package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// What is written beside the licences of the packages.
const standardFile = "rust-standard-library.html"

// StandardNotices are the licences of Rust's standard library and of what is in it, as its toolchain
// carries them.
func standardNotices(workspace string) ([]byte, error) {
	sysroot, err := rustc(workspace, "--print", "sysroot")
	if err != nil {
		return nil, err
	}
	notices, err := os.ReadFile(filepath.Join(sysroot, "share", "doc", "rust", "COPYRIGHT-library.html"))
	if err != nil {
		return nil, fmt.Errorf("%w; the toolchains of rustup have it", err)
	}
	return notices, nil
}

// RustVersion is the version of the compiler, and so of the standard library.
func rustVersion(workspace string) (string, error) {
	told, err := rustc(workspace, "--version")
	if err != nil {
		return "", err
	}
	words := strings.Fields(told)
	if len(words) < 2 {
		return "", fmt.Errorf("rustc --version: %q was not expected", told)
	}
	return words[1], nil
}

func rustc(folder string, args ...string) (string, error) {
	command := exec.Command("rustc", args...)
	command.Dir = folder
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("rustc %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(output)), nil
}
