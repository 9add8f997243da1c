# The two commands that matter: `make run` and `make test`. Both do all set-up themselves on a machine with Go, Node, gcc and git.
SHELL    := /bin/bash
BIN      := bin/tocsin
DATA     ?= data/demo
HTTP     ?= 127.0.0.1:8825
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOFLAGS  += -trimpath
UI_SOURCES := $(shell find ui -path ui/node_modules -prune -o -path ui/dist -prune -o -type f -print 2>/dev/null)
GO_SOURCES := $(shell find cmd internal rules ui/ui.go -name '*.go' -o -path 'rules/*' -type f -o -name '*.yaml' -o -name '*.sql' -o -path '*/data/*' -type f 2>/dev/null)
FUZZTIME ?= 60s

.PHONY: run test build ui api bench lint fuzz clean

run: build ## start Tocsin on an invented organisation and print the address to open
	@exec $(BIN) demo --data $(DATA) --http $(HTTP)

build: $(BIN)

$(BIN): $(GO_SOURCES) go.mod go.sum ui/dist/index.html
	@mkdir -p bin
	go build $(GOFLAGS) -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/tocsin

ui: ui/dist/index.html

ui/dist/index.html: ui/node_modules/.installed $(UI_SOURCES)
	cd ui && npm run build

ui/node_modules/.installed: ui/package-lock.json
	cd ui && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

api: ui/node_modules/.installed ## write the API's description and the interface's types anew, after a route or shape has changed
	go run ./cmd/tocsin openapi > ui/openapi.json.new && mv ui/openapi.json.new ui/openapi.json
	cd ui && npm run --silent api

test: ## everything: Go, pages, and the whole product in a real browser with real servers
	@bash test/run

bench: ## the figures of docs/design: parsing, judging, the store, Explorer
	go test -run '^$$' -bench . -benchmem ./internal/...
	go run ./cmd/tocsin bench explorer --rows 1000000

lint:
	@test -z "$$(gofmt -l cmd internal rules test ui/*.go | tee /dev/stderr)" || { echo 'gofmt would change the files above'; exit 1; }
	go vet ./...
	cd ui && npm run check

fuzz: ## every fuzz target in turn, FUZZTIME each
	@bash test/fuzz $(FUZZTIME)

clean:
	rm -rf bin ui/dist/* data
