//go:build !linux

package host

// cgroups are Linux's.
type cgroups struct{}

func (*cgroups) child(int) string { return "" }

func openCgroups(*Options, string) *cgroups { return &cgroups{} }

func (*cgroups) close() {}
