# `make` shows what there is. Building, running and testing need Go and make only; lint, vuln, proto and test RERUN=1 fetch
# their tools, at the versions pinned here, into bin/tools, so that go.mod knows nothing of them.

GOLANGCI_LINT_VERSION      := v2.15.0
GOVULNCHECK_VERSION        := v1.8.0
GOTESTSUM_VERSION          := v1.13.0
PROTOC_GEN_GO_VERSION      := v1.36.12
PROTOC_GEN_GO_GRPC_VERSION := v1.6.2

TOOLS              := bin/tools
GOLANGCI_LINT      := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)
GOVULNCHECK        := $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION)
GOTESTSUM          := $(TOOLS)/gotestsum-$(GOTESTSUM_VERSION)
PROTOC_GEN_GO      := $(TOOLS)/protoc-gen-go-$(PROTOC_GEN_GO_VERSION)
PROTOC_GEN_GO_GRPC := $(TOOLS)/protoc-gen-go-grpc-$(PROTOC_GEN_GO_GRPC_VERSION)

MODULE  := github.com/carillonhq/carillon
VERSION ?= $(or $(shell git describe --tags --always --dirty 2>/dev/null),devel)
LDFLAGS := -s -w -X $(MODULE)/internal/buildinfo.version=$(VERSION)

# PKG narrows test, vet and lint: make test PKG=./cron/...
PKG      ?= ./...
# RACE=1 tests with the race detector, which needs a C compiler.
RACE     ?=
# RERUN=1 runs a test that failed once more and tells of it at the end, for builders that are too busy at moments.
RERUN    ?=
# ARGS goes to the command that is run: make run ARGS="--http-addr :8080"
ARGS     ?=
FUZZTIME ?= 30s

# Nothing of ours is C; only the race detector is.
export CGO_ENABLED := 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: build ## build and run `carillon serve` (data in ./data, http://localhost:30000)
	bin/carillon serve $(ARGS)

.PHONY: build
build: ## build bin/carillon, one static file
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/carillon ./cmd/carillon

TEST_ENV   := $(if $(filter 1,$(RACE)),CGO_ENABLED=1 )
TEST_FLAGS := $(if $(filter 1,$(RACE)),-race )-timeout 30m

.PHONY: test
ifeq ($(RERUN),1)
test: $(GOTESTSUM)
	$(TEST_ENV).ci/rerun $(GOTESTSUM) '$(PKG)' $(TEST_FLAGS) $(ARGS)
else
test: ## run the tests; RACE=1 adds the race detector, RERUN=1 runs those that fail once more
	$(TEST_ENV)go test $(TEST_FLAGS) $(ARGS) $(PKG)
endif

# SCALE is the number of rows of history that query plans are looked at over, SCALE_RUNS that of runs beside SCALE_TASKS tasks
# that the pages are timed over.
SCALE       ?= 10000000
SCALE_RUNS  ?= 5000000
SCALE_TASKS ?= 100000

.PHONY: scale
scale: ## look at the query plans over 10 million rows of history (SCALE) on the servers there are, and time the pages over 5 million runs
	CARILLON_TEST_SCALE=$(SCALE) go test -count=1 -timeout 60m -run FullScan -v ./store
	go run ./e2e/scale -tasks $(SCALE_TASKS) -runs $(SCALE_RUNS) $(ARGS)

# What is broken on purpose, for how long each, and the number that decides what is done; 0 draws one.
CHAOS_DATABASES ?= postgres,mariadb,sqlite
CHAOS_TIME      ?= 5m
CHAOS_SEED      ?= 0

.PHONY: chaos
chaos: ## break clusters of real processes on purpose and judge what is left: CHAOS_TIME, CHAOS_DATABASES, CHAOS_SEED
	go build -trimpath -tags skew -ldflags '$(LDFLAGS)' -o bin/carillon-skew ./cmd/carillon
	go run ./e2e/chaos/cmd -databases $(CHAOS_DATABASES) -time $(CHAOS_TIME) -seed $(CHAOS_SEED) $(ARGS)

.PHONY: vet
vet: ## run go vet
	go vet $(PKG)

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## format the code and group its imports
	$(GOLANGCI_LINT) fmt

.PHONY: lint
lint: $(GOLANGCI_LINT) ## run the linters of .golangci.yml
	$(GOLANGCI_LINT) run $(PKG)

.PHONY: tsql
tsql: ## have parsers read the statements for SQL Server, which stand in a golden file
	.ci/tsql

.PHONY: arch
arch: ## check who imports whom
	go test -count=1 ./internal/arch

# What checks deployments is a module of its own in deploy/lint, so that go.mod knows nothing of that either.
.PHONY: deploy-lint
deploy-lint: ## check the Dockerfile and what lies in deploy/: Compose, Kubernetes, systemd, Prometheus
	@mkdir -p $(TOOLS)
	cd deploy/lint && go build -trimpath -o ../../$(TOOLS)/deploy-lint .
	$(TOOLS)/deploy-lint .

.PHONY: vuln
vuln: $(GOVULNCHECK) ## look for known vulnerabilities, when their database can be reached
	@found=$$($(GOVULNCHECK) ./... 2>&1); status=$$?; \
	case "$$found" in \
	*"fetching vulnerabilities"*) echo "vuln: the vulnerability database cannot be reached, nothing was checked" ;; \
	*) echo "$$found"; exit $$status ;; \
	esac

.PHONY: fuzz
fuzz: ## fuzz cron expressions and connection strings, FUZZTIME (30s) for each target
	@for package in ./cron ./conf/dsn; do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

.PHONY: bench
bench: build ## measure creations, callbacks and lateness: bin/carillon bench
	bin/carillon bench $(ARGS)

.PHONY: assets
assets: ## fetch the style sheets and scripts of the pages from npm; needs npm
	web/assets.sh

.PHONY: screenshots
screenshots: ## take the pictures of the pages in docs/screenshots; needs Chromium
	go run ./e2e/ui/screenshots $(ARGS)

PROTOC = cd $(1) && protoc \
	--plugin=protoc-gen-go=$(CURDIR)/$(PROTOC_GEN_GO) --go_out=. --go_opt=paths=source_relative \
	--plugin=protoc-gen-go-grpc=$(CURDIR)/$(PROTOC_GEN_GO_GRPC) --go-grpc_out=. --go-grpc_opt=paths=source_relative *.proto

.PHONY: proto
proto: $(PROTOC_GEN_GO) $(PROTOC_GEN_GO_GRPC) ## generate the code of the protocols; needs protoc
	$(call PROTOC,rpc)
	$(call PROTOC,plugins/sdk/proto)
	protoc -I plugins/sdk/proto --python_out=plugins/examples/python plugin.proto
	cp plugins/sdk/proto/plugin.proto plugins/examples/node/

.PHONY: check
check: fmt vet lint test arch ## everything to run before a commit

.PHONY: clean
clean: ## remove what was built; the tools stay
	rm -f bin/carillon

# Tools carry their version in their name, so that a new pin is a new file and an installed one is not built again.
define install
	@mkdir -p $(TOOLS)
	GOBIN=$(CURDIR)/$(TOOLS) go install $(1)@$(2)
	@mv $(TOOLS)/$(notdir $(1)) $@
endef

$(GOLANGCI_LINT):
	$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(GOLANGCI_LINT_VERSION))

$(GOVULNCHECK):
	$(call install,golang.org/x/vuln/cmd/govulncheck,$(GOVULNCHECK_VERSION))

$(GOTESTSUM):
	$(call install,gotest.tools/gotestsum,$(GOTESTSUM_VERSION))

$(PROTOC_GEN_GO):
	$(call install,google.golang.org/protobuf/cmd/protoc-gen-go,$(PROTOC_GEN_GO_VERSION))

$(PROTOC_GEN_GO_GRPC):
	$(call install,google.golang.org/grpc/cmd/protoc-gen-go-grpc,$(PROTOC_GEN_GO_GRPC_VERSION))
