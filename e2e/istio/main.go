// Mesh-control is Istio's side of a mesh without a cluster.
//
//	mesh-control judge FILE...
//	mesh-control discovery --config FILE [--mesh-config FILE]
//
// Judge says of each document of each file what an API server would say, as one line of JSON, and ends
// with 1 if any is refused. Discovery runs Istio's discovery server until its standard input ends. With
// arguments that are wrong it ends with 2.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/log"

	"github.com/treaty-mesh/treaty/e2e/istio/discovery"
	"github.com/treaty-mesh/treaty/e2e/istio/judge"
)

const usage = `usage: mesh-control judge FILE...
       mesh-control discovery --config FILE [--mesh-config FILE]`

var (
	errUsage   = errors.New(usage)
	errRefused = errors.New("not all documents are valid")
)

func main() {
	err := run(os.Args[1:])
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errUsage
	}
	if err := logToStandardError(); err != nil {
		return err
	}
	switch arguments[0] {
	case "judge":
		return runJudge(arguments[1:])
	case "discovery":
		return runDiscovery(arguments[1:])
	}
	return errUsage
}

// LogToStandardError keeps standard output for what the program says. A warning tells of each response
// that a proxy refuses.
func logToStandardError() error {
	options := log.DefaultOptions()
	options.OutputPaths = []string{"stderr"}
	options.SetDefaultOutputLevel(log.OverrideScopeName, log.WarnLevel)
	return log.Configure(options)
}

func runJudge(files []string) error {
	if len(files) == 0 {
		return errUsage
	}
	judge, err := judge.New()
	if err != nil {
		return err
	}
	output := json.NewEncoder(os.Stdout)
	refused := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, verdict := range judge.File(file, text) {
			refused = refused || len(verdict.Errors) > 0
			if err := output.Encode(verdict); err != nil {
				return err
			}
		}
	}
	if refused {
		return errRefused
	}
	return nil
}

func runDiscovery(arguments []string) error {
	flags := flag.NewFlagSet("discovery", flag.ContinueOnError)
	config := flags.String("config", "", "the resources, as YAML")
	meshConfig := flags.String("mesh-config", "", "Istio's MeshConfig, as YAML; Istio's defaults without it")
	if err := flags.Parse(arguments); err != nil || *config == "" || flags.NArg() > 0 {
		return errUsage
	}
	resources, err := os.ReadFile(*config)
	if err != nil {
		return err
	}
	mesh, err := readMeshConfig(*meshConfig)
	if err != nil {
		return err
	}
	return discovery.Serve(resources, mesh, os.Stdin, os.Stdout)
}

func readMeshConfig(file string) (*meshconfig.MeshConfig, error) {
	if file == "" {
		return mesh.DefaultMeshConfig(), nil
	}
	return mesh.ReadMeshConfig(file)
}
