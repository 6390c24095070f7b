package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// dockerfile is what `docker build --check` does, without looking at the images that the file begins with.
func dockerfile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	source := llb.NewSourceMap(nil, path, "Dockerfile", text)
	source.Definition = new(llb.Definition)
	found, err := dockerfile2llb.DockerfileLint(context.Background(), text, dockerfile2llb.ConvertOpt{SourceMap: source, MetaResolver: unseen{}})
	if err != nil {
		return err
	}
	var errs []error
	if found.Error != nil {
		errs = append(errs, errors.New(found.Error.Message))
	}
	for _, w := range found.Warnings {
		errs = append(errs, fmt.Errorf("%s: %s (%s)", w.RuleName, w.Detail, w.Description))
	}
	return errors.Join(errs...)
}

// unseen takes every image for an ordinary one.
type unseen struct{}

// ResolveImageConfig is part of llb.ImageMetaResolver.
func (unseen) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(ocispecs.Image{
		Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"},
		Config:   ocispecs.ImageConfig{Env: []string{"PATH=/usr/local/go/bin:/usr/bin:/bin"}},
	})
	return ref, digest.FromBytes(config), config, err
}
