package manifest

import (
	"go.yaml.in/yaml/v3"

	"github.com/carillonhq/carillon/internal/bytesize"
)

// UnmarshalYAML reads a number of bytes, or a whole number with a unit of 1000 (KB, MB, GB, TB) or of 1024 (KiB, MiB,
// GiB, TiB).
func (b *Bytes) UnmarshalYAML(node *yaml.Node) error {
	n, ok := bytesize.Parse(node.Value)
	if node.Kind != yaml.ScalarNode || !ok {
		return &yaml.TypeError{Errors: []string{quoted(node.Value) + " is not a size such as 512MiB"}}
	}
	*b = Bytes(n)
	return nil
}
