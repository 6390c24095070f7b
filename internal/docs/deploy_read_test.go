package docs_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// composeSecrets runs the script that makes compose.yaml's secrets, in a folder of its own, which it gives.
func composeSecrets(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	script := filepath.Join(folder, "secrets.sh")
	require.NoError(t, os.WriteFile(script, []byte(read(t, "deploy/secrets.sh")), 0o600))
	for range 2 { // the second time nothing is changed
		out, err := exec.CommandContext(t.Context(), "sh", script).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	made := filepath.Join(folder, "secrets")
	info, err := os.Stat(made)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	return made
}

func composeCalls(t *testing.T) []call {
	t.Helper()
	var file struct {
		Services map[string]struct {
			Image       string
			Hostname    string
			Command     []string
			Environment map[string]string
			Secrets     []string
			Stop        string `yaml:"stop_grace_period"`
			HealthCheck struct{ Test []string }
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/compose.yaml")), &file))
	made := composeSecrets(t)
	password, err := os.ReadFile(filepath.Join(made, "postgres-password"))
	require.NoError(t, err)
	master, err := os.ReadFile(filepath.Join(made, "master.yaml"))
	require.NoError(t, err)
	require.Contains(t, string(master), ":"+string(password)+"@postgres:")

	var all []call
	for name, s := range file.Services {
		if s.Image != "carillon" {
			continue
		}
		require.Equal(t, name, s.Hostname)
		for i, arg := range s.Command {
			if arg == "--master" {
				for address := range strings.SplitSeq(s.Command[i+1], ",") {
					host, _, _ := strings.Cut(address, ":")
					require.Contains(t, file.Services, host)
				}
			}
		}
		config := s.Environment["CARILLON_CONFIG"]
		require.Equal(t, "/run/secrets", path.Dir(config), name)
		require.Equal(t, []string{path.Base(config)}, s.Secrets, name)
		s.Environment["CARILLON_CONFIG"] = filepath.Join(made, path.Base(config))
		if s.Command[0] == "master" {
			require.Equal(t, []string{"CMD", "/carillon", "ready"}, s.HealthCheck.Test, name)
			require.Contains(t, commands(t), "ready")
		}
		stop, err := time.ParseDuration(s.Stop)
		require.NoError(t, err, name)
		all = append(all, call{"compose " + name, s.Command, s.Environment, stop.Seconds()})
	}
	return all
}

// manifest is as much of a Kubernetes object as is looked at here; deploy/lint looks at the rest.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		ClusterIP string `yaml:"clusterIP"`
		Template  struct {
			Spec struct {
				Grace        float64 `yaml:"terminationGracePeriodSeconds"`
				ServiceLinks *bool   `yaml:"enableServiceLinks"`
				Containers   []struct {
					Args []string
					Env  []struct {
						Name, Value string
						ValueFrom   struct {
							SecretKeyRef struct{ Key string }  `yaml:"secretKeyRef"`
							FieldRef     struct{ Path string } `yaml:"fieldRef"`
						} `yaml:"valueFrom"`
					}
					Lifecycle struct {
						PreStop struct {
							Sleep struct{ Seconds float64 }
						} `yaml:"preStop"`
					}
				}
			}
		}
	}
}

func kubernetesCalls(t *testing.T) []call {
	t.Helper()
	secrets := map[string]string{
		"database": "postgres://carillon:hush@db.internal/carillon", "join-token": "0123456789abcdef", "admin-password": "correct horse", "": "carillon-0",
	}
	var all []call
	var headless []string
	for _, file := range []string{"deploy/kubernetes/master.yaml", "deploy/kubernetes/worker.yaml"} {
		for documents := yaml.NewDecoder(strings.NewReader(read(t, file))); ; {
			var m manifest
			err := documents.Decode(&m)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, file)
			if m.Kind == "Service" && m.Spec.ClusterIP == "None" {
				headless = append(headless, m.Metadata.Name)
			}
			pod := m.Spec.Template.Spec
			for _, c := range pod.Containers {
				// Else a Service named carillon-… would set variables that begin as Carillon's own do.
				require.NotNil(t, pod.ServiceLinks, file)
				require.False(t, *pod.ServiceLinks, file)
				env := map[string]string{}
				for _, e := range c.Env {
					if env[e.Name] = e.Value; e.Value == "" {
						env[e.Name] = secrets[e.ValueFrom.SecretKeyRef.Key]
					}
				}
				all = append(all, call{"Kubernetes " + m.Metadata.Name, c.Args, env, pod.Grace - c.Lifecycle.PreStop.Sleep.Seconds})
			}
		}
	}
	// Workers dial every address of a name, so it must stand for all masters and not for one that stands before them.
	at := slices.IndexFunc(all, func(c call) bool { return c.args[0] == "worker" })
	host, _, _ := strings.Cut(all[at].args[slices.Index(all[at].args, "--master")+1], ":")
	require.Contains(t, headless, host)
	return all
}

var (
	execStart = regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/carillon (.+)$`)
	stopSec   = regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`)
)

func systemdCalls(t *testing.T) []call {
	t.Helper()
	secrets := map[string]string{
		"master": "database: postgres://carillon:hush@db.internal/carillon\njoin_token: 0123456789abcdef\nadmin_password: correct horse\n",
		"worker": "master: [10.0.0.5, 10.0.0.6]\njoin_token: 0123456789abcdef\n",
	}
	var all []call
	for role, content := range secrets {
		text := read(t, "deploy/systemd/carillon-"+role+".service")
		args := strings.Fields(execStart.FindStringSubmatch(text)[1])
		require.Equal(t, []string{role, "--config", "/etc/carillon/" + role + ".yaml"}, args)
		args[2] = write(t, role+".yaml", content)
		stop, err := strconv.ParseFloat(stopSec.FindStringSubmatch(text)[1], 64)
		require.NoError(t, err)
		all = append(all, call{"systemd " + role, args, map[string]string{"CARILLON_DATA": t.TempDir()}, stop})
	}
	return all
}

var (
	drainWaits  = regexp.MustCompile(`(?m)^\t(?:abort|confirm|close)Wait += (?:(\d+) \* )?time\.Second`)
	pluginWaits = regexp.MustCompile(`(?m)^\t(?:exitTime|closeGrace) += (?:(\d+) \* )?time\.Second`)
	stopTimeout = regexp.MustCompile(`o\.StopTimeout = (\d+) \* time\.Second`)
	drain       = regexp.MustCompile(`DefaultDrainTimeout = (\d+) \* time\.Second`)
)

// Whoever stops a process waits until it has stopped, as long as that takes at most.
func TestProcessesAreGivenTheTimeToStop(t *testing.T) {
	t.Parallel()
	seconds := func(text string) float64 {
		if text == "" {
			return 1
		}
		n, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		return n
	}
	waits := drainWaits.FindAllStringSubmatch(source(t, "worker"), -1)
	require.Len(t, waits, 3)
	ofPlugins := pluginWaits.FindAllStringSubmatch(source(t, "plugins/host"), -1)
	require.Len(t, ofPlugins, 2)
	takes := map[string]float64{
		"master": seconds(stopTimeout.FindStringSubmatch(source(t, "master"))[1]),
		"worker": seconds(drain.FindStringSubmatch(source(t, "worker"))[1]),
	}
	for _, w := range append(waits, ofPlugins...) {
		takes["worker"] += seconds(w[1])
	}
	for _, c := range calls(t) {
		require.GreaterOrEqual(t, c.stop, takes[c.args[0]]+5, c.where)
	}
}
