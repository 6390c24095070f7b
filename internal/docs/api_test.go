package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/carillonhq/carillon/core"
)

// The table of operations is that of the OpenAPI document, which is held against the routes where it lies.
func TestOperationsAreTheOnesServed(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]yaml.Node `yaml:"paths"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "master/api/v1/openapi.yaml")), &document))
	served := map[string]string{}
	for path, operations := range document.Paths {
		for method, node := range operations {
			if method == "parameters" {
				continue
			}
			var operation struct {
				Role string `yaml:"x-role"`
			}
			require.NoError(t, node.Decode(&operation))
			served["`"+strings.ToUpper(method)+" "+path+"`"] = operation.Role
		}
	}
	told := map[string]string{}
	for _, row := range table(t, read(t, "docs/api.md"), "operation", "least role", "does") {
		told[row[0]] = row[1]
	}
	require.Equal(t, served, told)
}

func TestSettingsAreCores(t *testing.T) {
	t.Parallel()
	var rows [][]string
	for _, row := range table(t, read(t, "docs/api.md"), "setting", "default", "is") {
		rows = append(rows, []string{strings.Trim(row[0], "`"), strings.Trim(row[1], "`")})
	}
	var specs [][]string
	for _, spec := range core.SettingSpecs() {
		specs = append(specs, []string{spec.Name, spec.Default})
	}
	require.ElementsMatch(t, specs, rows)
}

var (
	metric        = regexp.MustCompile(`\bcarillon_[a-z_]+`)
	metricLiteral = regexp.MustCompile(`"(carillon_[a-z_]+)"`)
)

func TestMetricsAreTheOnesServed(t *testing.T) {
	t.Parallel()
	var served, told []string
	for _, m := range metricLiteral.FindAllStringSubmatch(source(t, "master/metrics"), -1) {
		served = append(served, m[1])
	}
	require.NotEmpty(t, served)
	for _, row := range table(t, read(t, "docs/api.md"), "metric", "labels", "is") {
		told = append(told, strings.Trim(row[0], "`"))
	}
	require.ElementsMatch(t, served, told)
	for _, doc := range documents(t) {
		for _, name := range metric.FindAllString(read(t, doc), -1) {
			require.Contains(t, served, name, doc)
		}
	}
}
