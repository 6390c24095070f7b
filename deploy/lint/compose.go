package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// composeFile is what `docker compose config` does, and looks that every service which others wait for to be healthy can
// say so.
func composeFile(path string) error {
	options, err := cli.NewProjectOptions([]string{path}, cli.WithEnv(nil))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(project.Services)) {
		for other, on := range project.Services[name].DependsOn {
			if on.Condition == types.ServiceConditionHealthy && project.Services[other].HealthCheck == nil {
				errs = append(errs, fmt.Errorf("%s waits for %s to be healthy, which has no healthcheck", name, other))
			}
		}
	}
	return errors.Join(errs...)
}
