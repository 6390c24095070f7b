// Command lint checks what deploys Carillon without deploying it: the Dockerfile by BuildKit's own linter, compose.yaml by
// Compose's loader, the Kubernetes manifests by the types of its API and by each other, the systemd units by systemd-analyze where
// there is one, the alarms by Prometheus's parser. `make deploy-lint` runs it. It uses no network and no daemon.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "lint: give the folder of the project")
		os.Exit(2)
	}
	root := os.Args[1]
	failed := false
	for _, check := range []struct {
		what string
		run  func(path string) error
		path string
	}{
		{"Dockerfile", dockerfile, "Dockerfile"},
		{"Compose", composeFile, "deploy/compose.yaml"},
		{"Kubernetes", manifests, "deploy/kubernetes"},
		{"systemd", units, "deploy/systemd"},
		{"Prometheus", rules, "deploy/prometheus/alerts.yaml"},
	} {
		err := check.run(filepath.Join(root, check.path))
		var skipped skip
		switch {
		case errors.As(err, &skipped):
			fmt.Printf("%-10s  not checked: %v\n", check.what, err)
		case err != nil:
			failed = true
			fmt.Printf("%-10s  %v\n", check.what, err)
		default:
			fmt.Printf("%-10s  ok\n", check.what)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// skip is why something cannot be checked here.
type skip string

// Error says why.
func (s skip) Error() string { return string(s) }
