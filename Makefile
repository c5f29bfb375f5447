# Two commands do everything on a fresh machine: `make check` and `make test`.

EXAMPLES := $(patsubst %/Cargo.toml,%,$(wildcard examples/*/Cargo.toml))

.PHONY: check report test faults soak differential seeds bless bench lint doc page examples $(EXAMPLES)

check:   ## every check under all four engines: progress, a counterexample for every bug, the matrix of verdicts
	cargo run --release --locked -p raddle-scenarios -- check

report:  ## the same as pages, in report/: a catalogue, lessons, counterexamples to step through
	cargo run --release --locked -p raddle-scenarios -- report

test:    ## every test, every pattern × variant × engine among them
	cargo test --workspace --locked

faults:  ## programs that showed a fault of the checker, and their relatives: what each comes to, and how many hold
	cargo test --release --locked -p raddle-tests --test faults -- --table

soak:    ## the long tests whole, of which `make test` makes a tenth
	RADDLE_SOAK=1 cargo test --release --locked -p raddle-tests --test event_loop --test faults --test gate --test properties --test studies

differential: ## the exhaustive engine against plain search, shuttle's and loom's, on 100,000 generated programs
	RADDLE_PROGRAMS=100000 cargo test --release --locked -p raddle --lib -- --nocapture exhaustive::differential

seeds:   ## no false alarm at 20 seeds of 10,000 schedules, and no bug missed at 20 of 1,000
	cargo run --release --locked -p raddle-scenarios -- measure seeds --correct --engine shuttle --executions 10000
	cargo run --release --locked -p raddle-scenarios -- measure seeds --buggy

bless:   ## record the counterexamples anew, and draw them; the coverage, and its summary in README.md; the schemas; what the guide shows
	tests/bless.sh
	RADDLE_BLESS=1 cargo test --locked --quiet -p raddle-scenarios --test guide

bench:   ## what the facade costs beside the bare engines, and the exhaustive engine beside loom and depth-first search
	cargo bench --locked -p raddle-tests --bench facade
	cargo bench --locked -p raddle-tests --bench search

lint:    ## formatting, clippy, and the checker without its command line
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy -p raddle --no-default-features --locked -- -D warnings

doc:     ## the documentation, with nothing missing
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

page:    ## the scripts of `raddle report`'s pages, held to their types; and axe-core, for the tests of these pages (npm)
	npm ci --prefix tests/report
	tests/report/node_modules/.bin/tsc -p checks/src/suite/site/assets/tsconfig.json
	tests/report/node_modules/.bin/tsc -p checks/src/suite/site/assets/tsconfig.catalogue.json

examples: $(EXAMPLES) ## each of examples/ as the project of its own that it is: formatting, clippy, documentation, tests

$(EXAMPLES): export CARGO_TARGET_DIR ?= $(CURDIR)/target
$(EXAMPLES):
	cargo fmt --manifest-path $@/Cargo.toml --check
	cargo clippy --manifest-path $@/Cargo.toml --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --manifest-path $@/Cargo.toml --no-deps --locked
	cargo test --manifest-path $@/Cargo.toml --locked
