//go:build !linux

package supervise

import (
	"fmt"
	"os"
)

// Main says that there is nothing to supervise: on this system a worker starts plugins without a supervisor.
func Main([]string) int {
	fmt.Fprintln(os.Stderr, "plugins are supervised on Linux only")
	return 2
}
