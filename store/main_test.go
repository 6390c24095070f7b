package store_test

import (
	"testing"

	"github.com/carillonhq/carillon/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }
