package manifest

import (
	"maps"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// AnyPlatform is the platform of an executable that runs everywhere: a script.
const AnyPlatform = "any"

// Platforms are the operating systems and architectures that executables can be for, as Go names them.
func Platforms() []string {
	return []string{
		"darwin/amd64", "darwin/arm64",
		"linux/386", "linux/amd64", "linux/arm", "linux/arm64", "linux/loong64", "linux/ppc64le", "linux/riscv64", "linux/s390x",
		"windows/386", "windows/amd64", "windows/arm64",
	}
}

// Executable returns the file to start on a platform, as a path in the package with slashes: the one built for it, else
// the script. The error names the platforms that there are executables for.
func (m *Manifest) Executable(os, arch string) (string, error) {
	if file, ok := m.Executables[os+"/"+arch]; ok {
		return file, nil
	}
	if file, ok := m.Executables[AnyPlatform]; ok {
		return file, nil
	}
	return "", core.Broken("executables", "has none for %s; it has them for %s", os+"/"+arch,
		strings.Join(slices.Sorted(maps.Keys(m.Executables)), ", "))
}
