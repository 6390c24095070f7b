package store_test

import (
	"database/sql"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// updateGolden writes testdata/sqlserver.sql anew instead of comparing with it.
var updateGolden = flag.Bool("update", false, "write the golden files of the store anew") //nolint:gochecknoglobals // go test has flags nowhere else

const goldenSQL = "testdata/sqlserver.sql"

// What the store sends to SQL Server is read by people and by `make tsql` before any server sees it: every statement, in
// its own words, stands in a file. A change of the file is to be read as one of the product.
func TestSQLServerStatements(t *testing.T) {
	t.Parallel()
	statements := slices.Concat(boundStatements(t), recordedStatements(t))
	slices.Sort(statements)
	text := "-- Every statement that Carillon sends to SQL Server, as `go test ./store -run SQLServerStatements -update` writes it. Lists stand for\n" +
		"-- longer ones, inserts of two rows for those of up to sixty. `make tsql` has them parsed.\n\n" +
		strings.Join(slices.Compact(statements), "\nGO\n") + "\nGO\n"
	if *updateGolden {
		require.NoError(t, os.MkdirAll(filepath.Dir(goldenSQL), 0o750))
		require.NoError(t, os.WriteFile(goldenSQL, []byte(text), 0o600))
	}
	golden, err := os.ReadFile(goldenSQL)
	require.NoError(t, err, "write it by: go test ./store -run SQLServerStatements -update")
	require.Equal(t, strings.Split(string(golden), "\nGO\n"), strings.Split(text, "\nGO\n"),
		"the statements for SQL Server have changed: write them anew by `go test ./store -run SQLServerStatements -update`, read what changed in store/%s,"+
			" and run `make tsql`", goldenSQL)
}

// boundStatements are those that go past gorm. They are sent to SQLite, by every method and in every way that the tables
// of calls know, and put into Transact-SQL from there: told to return rows, SQLite's takes the same paths.
func boundStatements(t *testing.T) []string {
	t.Helper()
	var all []string
	called := map[string]bool{}
	byGorm := gormCalls()
	exercise := func(name string, b *bundle, call func() error) {
		method := strings.Fields(name)[0]
		called[method] = true
		tap := store.NewTap(b.Store)
		b.ForgetDefinitions()
		b.ReturnRows()
		b.ForgetStatements()
		require.NoError(t, call(), name)
		for _, st := range tap.Take() {
			if strings.Contains(st.Query, "`") { // as only gorm quotes
				require.Contains(t, byGorm, method, "%s has gorm write a statement: add a call of it to gormCalls in statements_test.go", method)
			}
		}
		statements, err := b.InTransactSQL()
		require.NoError(t, err)
		all = append(all, statements...)
	}
	for name, prepare := range writes() {
		b := setup(t, testdb.Open(t))
		do := prepare(b)
		exercise(name, b, func() error { return do(b.ctx) })
	}
	hot := setup(t, testdb.Open(t))
	for _, c := range hotCalls(hot) {
		exercise(c.name, hot, c.do)
	}
	for name, prepare := range otherCalls() {
		b := setup(t, testdb.Open(t))
		exercise(name, b, prepare(b))
	}
	for _, method := range storeMethods(t) {
		require.True(t, called[method], "no statement of Store.%s is looked at as SQL Server would get it: add a call, named %q, to otherCalls in "+
			"statements_test.go or to writes in atomic_test.go, one for each way through it that sends other statements", method, method)
	}
	return all
}

// storeMethods are the exported methods of Store, without those that tests add and those that send nothing.
func storeMethods(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var methods []string
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() {
				continue
			}
			star, ok := f.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			if of, ok := star.X.(*ast.Ident); ok && of.Name == "Store" {
				methods = append(methods, f.Name.Name)
			}
		}
	}
	silent := []string{"Close", "Kind", "Now", "Plainly"}
	require.Subset(t, methods, silent)
	return slices.DeleteFunc(methods, func(m string) bool { return slices.Contains(silent, m) })
}

var sqlComment = regexp.MustCompile(`(?m)--.*$`)

// recordedStatements are those of the opening of a store, which are goose's and the migrations among them, and those that
// gorm writes.
func recordedStatements(t *testing.T) []string {
	t.Helper()
	server := new(recorder)
	pool := sql.OpenDB(server)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	s, err := store.OverSQLServer(t.Context(), pool, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for name, call := range gormCalls() {
		require.NoError(t, call(t.Context(), s), name)
	}
	migrations, err := s.Migrations()
	require.NoError(t, err)
	_, err = migrations.DownTo(t.Context(), 0)
	require.NoError(t, err)
	statements := server.take()
	for i, st := range statements {
		statements[i] = strings.Join(strings.Fields(sqlComment.ReplaceAllString(st, "")), " ")
	}
	return statements
}
