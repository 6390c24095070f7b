package host

import (
	"cmp"
	"os"
	"runtime"
	"slices"
)

// defaultPath is where programs are looked for when the worker has no PATH.
const defaultPath = "/usr/local/bin:/usr/bin:/bin"

// handedOn are the variables that a plugin gets from the worker's environment as they are, beside PATH.
func handedOn() []string {
	names := []string{"LANG", "TZ"}
	if runtime.GOOS == "windows" {
		names = append(names, "SYSTEMROOT", "PATHEXT", "COMSPEC")
	}
	return names
}

// environment is what a plugin's process gets: what go-plugin wants it to know, a few variables of the worker's, and a home of
// its own. Nothing else of the worker's environment, which may hold secrets.
func environment(handshake []string, home, mark string) []string {
	env := slices.Clone(handshake)
	env = append(env, "PATH="+cmp.Or(os.Getenv("PATH"), defaultPath))
	for _, name := range handedOn() {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	env = append(env, "HOME="+home, "TMPDIR="+home, marker+"="+mark)
	if runtime.GOOS == "windows" {
		env = append(env, "TEMP="+home, "TMP="+home, "USERPROFILE="+home)
	}
	return env
}
