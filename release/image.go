package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The name that the Wasm Image Specification gives the module (spec-compat.md, "What is the compat
// variant?"); Istio's agent and Envoy Gateway look for nothing else.
const pluginFile = "plugin.wasm"

// Image is the compat variant of a Wasm image, as `FROM scratch` and two `COPY`s would make it: the
// licences of what is inside, and above them the module. Both proxies read the last layer alone, and
// only where it is a gzipped tar of OCI's media type.
func image(module module) (v1.Image, error) {
	code, err := os.ReadFile(module.path)
	if err != nil {
		return nil, err
	}
	notices, err := licences(module)
	if err != nil {
		return nil, err
	}
	standard, err := standardNotices(module.tree.workspace)
	if err != nil {
		return nil, err
	}
	below, err := layer(file{"licenses/" + module.pack.Name + ".txt", notices}, file{"licenses/" + standardFile, standard})
	if err != nil {
		return nil, err
	}
	above, err := layer(file{pluginFile, code})
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, config())
	if err != nil {
		return nil, err
	}
	image, err = mutate.AppendLayers(image, below, above)
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(image, map[string]string{
		"org.opencontainers.image.title":       module.pack.Name,
		"org.opencontainers.image.description": module.pack.Description,
		"org.opencontainers.image.version":     module.pack.Version,
		"org.opencontainers.image.licenses":    module.pack.License,
		"org.opencontainers.image.source":      source,
	}).(v1.Image), nil
}

// Source is where the sources are, as the Go modules of the repository name it.
const source = "https://github.com/treaty-mesh/treaty"

// Config names the platform that `docker build` would: no proxy reads it, and what mounts an image into
// a pod refuses one for another system. It has no time, so that equal modules make equal images.
func config() *v1.ConfigFile {
	return &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}}
}

type file struct {
	name    string
	content []byte
}

// Layer is files in a gzipped tar, with nothing of the machine in it.
func layer(files ...file) (v1.Layer, error) {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, file := range files {
		header := tar.Header{
			Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
			Name: file.name, Size: int64(len(file.content)), Mode: 0o644, ModTime: time.Unix(0, 0),
		}
		if err := writer.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := writer.Write(file.content); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }
	return tarball.LayerFromOpener(opener, tarball.WithMediaType(types.OCILayer))
}

// WriteImages makes an OCI layout for each module anew, and the list of their digests beside them.
func writeImages(dist string, modules []module) error {
	folder := filepath.Join(dist, "images")
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	var list strings.Builder
	for _, module := range modules {
		image, err := image(module)
		if err != nil {
			return fmt.Errorf("%s: %w", module.pack.Name, err)
		}
		alone, err := layout.Write(filepath.Join(folder, module.pack.Name), empty.Index)
		if err != nil {
			return err
		}
		if err := alone.AppendImage(image); err != nil {
			return err
		}
		digest, err := image.Digest()
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%s:%s@%s\n", module.pack.Name, module.pack.Version, digest)
	}
	return os.WriteFile(filepath.Join(dist, "images.txt"), []byte(list.String()), 0o644)
}
