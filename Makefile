# `make help` lists what there is. CI runs `make test` (.ci/run).
.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/bash

STEP    := Tests/House/step.sh
CHECKED := --explicit-target-dependency-import-check error
# Nothing looks up symbols of the programs: without their names in the dynamic table, processes start faster.
RELEASE := -c release --static-swift-stdlib -Xlinker --no-export-dynamic
BIN     := .build/release
EXAMPLE := examples/recommender
# The example as benchmarks start it; the newest plan is the one just built.
SERVED   = $(BIN)/served --plan $$(ls -t .build/bench/plans/*.plan | head -1) --http-port {port} --store shop=$(EXAMPLE)/shop.sqlite

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## Install the system packages that are missing (as root, or with sudo -n, else says what to run)
	@Tests/House/deps.sh

.PHONY: build
build: deps ## Release build of servec, served and serve-load, in .build/release
	swift build $(RELEASE)

.PHONY: demo
demo: build ## Build the example, serve it, ask it to rank products, measure it; needs nothing but Swift
	@$(EXAMPLE)/demo.sh $(BIN)

.PHONY: test
test: ## All that CI runs, cheap to dear
	@Tests/House/deps.sh --test
	@$(STEP) "format" $(MAKE) --no-print-directory lint
	@$(STEP) "walls" Tests/House/walls.py
	@$(STEP) "unit tests" swift test $(CHECKED)
	@$(STEP) "manifests" Tests/House/validate-manifests.sh Tests/KubernetesManifestsTests/Golden/*
	@$(STEP) "release build" swift build $(RELEASE)
	@$(STEP) "binaries" Tests/House/binaries.sh $(BIN)
	@$(STEP) "golden files" Tests/Golden/golden.sh $(BIN)
	@$(STEP) "random graphs" $(BIN)/graph-fuzz --graphs 2000 --optimize 0 --record Tests/Fuzz/graphs/seeds
	@$(STEP) "ONNX fixtures" $(BIN)/servec verify --each 'Tests/Fixtures/onnx*/*'
	@$(STEP) "conformance table" python3 Tests/Conformance/table.py --check
	@$(STEP) "integration" Tests/Integration/run.sh $(BIN)
	@$(STEP) "example" $(EXAMPLE)/demo.sh $(BIN)
	@$(STEP) "example's manifests" Tests/House/validate-manifests.sh dist/dev dist/prod

.PHONY: record
record: build ## Write the golden files anew; fails once, so that somebody looks at the differences
	-RECORD_GOLDENS=1 swift test --filter 'Golden|InvalidTests|ManifestsTests'
	Tests/Golden/golden.sh $(BIN) --record

.PHONY: bench
bench: build ## Compare with other engines and servers; writes Tests/Benchmarks/results.md (makes .venv-bench)
	Tests/House/venv.sh .venv-bench Tests/Benchmarks/requirements.txt Tests/Benchmarks/requirements-alone.txt
	.venv-bench/bin/python Tests/Benchmarks/engine.py --servec $(BIN)/servec --served $(BIN)/served --output Tests/Benchmarks $(ARGUMENTS)
	$(BIN)/servec build $(EXAMPLE)/recommender.serve -o .build/bench
	.venv-bench/bin/python Tests/Benchmarks/serving.py --serve-load $(BIN)/serve-load --served "$(SERVED)"
	.venv-bench/bin/python Tests/Benchmarks/startup.py --served "$(SERVED)"

.PHONY: conformance
conformance: build ## Run ONNX's own backend tests; writes the table in specs/onnx.md (makes .venv-conformance)
	Tests/House/venv.sh .venv-conformance Tests/Conformance/requirements.txt
	.venv-conformance/bin/python Tests/Conformance/run.py --servec $(BIN)/servec $(ARGUMENTS)

.PHONY: fuzz
fuzz: deps ## Fuzz the parser and the readers of files and requests, a minute each
	for target in Tests/Fuzz/*/; do Tests/Fuzz/run.sh $$(basename $$target) 60 || exit 1; done

.PHONY: fuzz-graphs
fuzz-graphs: build ## Compare 100,000 random graphs, compiled, with the interpreter (an hour on 2 cores)
	$(BIN)/graph-fuzz --graphs 100000 --seed 100000 --optimize 0 --record Tests/Fuzz/graphs/seeds

.PHONY: sanitize
sanitize: deps ## Run every kernel of the compiler's tests under the address and undefined-behaviour sanitizers
	swift build --build-tests
	SANITIZE=1 ASAN_OPTIONS=detect_leaks=0 \
	LD_PRELOAD=$$(ls $$(dirname $$(readlink -f $$(command -v swiftc)))/../lib/clang/*/lib/linux/libclang_rt.asan-$$(uname -m).so | tail -1) \
	.build/debug/servecPackageTests.xctest --testing-library swift-testing --filter 'OperationTests|RandomGraphTests|MatrixProductTests|TreeTests|SequenceTests|ConvolutionTests|SearchTests|WeightFormatTests|ImageLayoutTests|WinogradTests|JoiningTests|AccuracyTests|SelectionTests'

.PHONY: exhaustive
exhaustive: deps ## Try every elementary function on all 2^32 floats (a quarter of an hour on 2 cores)
	EXHAUSTIVE=1 swift test --filter ElementaryFunctionTests

.PHONY: lint
lint: ## Check the format of all Swift sources
	swift format lint --strict --parallel --recursive Package.swift Sources Tests

.PHONY: format
format: ## Rewrite all Swift sources in the house format
	swift format --in-place --parallel --recursive Package.swift Sources Tests

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build dist .venv-*
