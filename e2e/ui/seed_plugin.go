package ui

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
)

// helloManifest describes the plugin of a seeded server, but for its version.
const helloManifest = `name: hello
description: Greets people, and counts.
executables: {any: run}
limits: {memory: 256MiB, openFiles: 64}
concurrency: 4
tasks:
  greet:
    title: Greet somebody
    description: Writes a greeting into the log and leaves it as its result.
    parameters:
      type: object
      required: [name]
      additionalProperties: false
      properties:
        name: {type: string, minLength: 1, description: who is greeted}
        times: {type: integer, minimum: 1, maximum: 100, default: 1}
        how: {enum: [warmly, briefly], default: warmly}
  about: {}
`

// PackHello packs a version of the plugin of a seeded server.
func PackHello(version string) (file []byte, err error) {
	dir, err := os.MkdirTemp("", "carillon-plugin-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	out := filepath.Join(dir, "hello.zip")
	source := filepath.Join(dir, "hello")
	if err := errors.Join(os.Mkdir(source, 0o750),
		os.WriteFile(filepath.Join(source, "plugin.yaml"), []byte("version: "+version+"\n"+helloManifest), 0o600),
		os.WriteFile(filepath.Join(source, "run"), []byte("#!/bin/sh\n"), 0o600)); err != nil {
		return nil, err
	}
	if _, err := pack.Build(source, out, pack.BuildOptions{}); err != nil {
		return nil, err
	}
	return os.ReadFile(out) // #nosec G304 -- written above
}

// seedPlugins uploads two versions of a plugin, and makes a task that calls it.
func (s *Server) seedPlugins(ctx context.Context, admin *core.User) error {
	for _, version := range []string{"1.0.0", "1.1.0"} {
		file, err := PackHello(version)
		if err != nil {
			return err
		}
		if _, _, err := s.Manage.Plugins.Upload(ctx, admin, bytes.NewReader(file)); err != nil {
			return err
		}
	}
	k := &core.Task{Kind: core.KindPlugin, Title: "Greet new customers"}
	k.Schedule = core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 9 * * ?", Zone: "Asia/Shanghai"}
	k.Plugin = &core.PluginCall{Package: "hello", Task: "greet"}
	k.Params = []core.Param{{Key: "name", Value: "everybody"}}
	_, err := s.Manage.Tasks.Create(ctx, admin, k, false)
	return err
}
