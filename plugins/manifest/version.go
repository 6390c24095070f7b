package manifest

import (
	"cmp"

	"golang.org/x/mod/semver"
)

// Compare orders versions by the precedence of semver.org: -1 when a is lower than b, 1 when it is higher. Versions that
// differ in their build metadata only, which has no precedence, are ordered by its letters, so that of two versions one
// is always the later.
func Compare(a, b string) int {
	if c := semver.Compare("v"+a, "v"+b); c != 0 {
		return c
	}
	return cmp.Compare(semver.Build("v"+a), semver.Build("v"+b))
}

// Latest returns the highest of versions. A prerelease is the latest only where there is no release. It is "" for none.
func Latest(versions []string) string {
	latest := ""
	for _, v := range versions {
		if latest == "" || later(v, latest) {
			latest = v
		}
	}
	return latest
}

func later(a, b string) bool {
	if isRelease(a) != isRelease(b) {
		return isRelease(a)
	}
	return Compare(a, b) > 0
}

func isRelease(v string) bool { return semver.Prerelease("v"+v) == "" }

// isVersion holds for versions after semver.org 2.0.0, without a leading v. The semver package also takes "v1" and
// "v1.2" for versions; they are not their own canonical form.
func isVersion(v string) bool {
	return semver.IsValid("v"+v) && "v"+v == semver.Canonical("v"+v)+semver.Build("v"+v)
}
