# The commands people and CI use. Everything is idempotent; a second run is
# quick.
#
#   make build   the binary, at build/release/windlass
#   make demo    a real workflow over real data, live in your terminal
#   make test    every test, as CI runs them (installs what it needs)
#   make test-images   images and packages, built and used for real (slow)
#   make test-resilience   what dies, hangs or lies, and what is left then
#   make soak    the same again and again, for SOAK_MINUTES (60)
#   make package the Debian package, in build/release
#   make cel-conformance   the public CEL suite, fetched from npm
#   make bench   the benchmarks, as a table
#   make format  rewrite the sources with clang-format
#   make lint    clang-tidy over the library

.PHONY: build build-gcc build-clang demo test test-quick \
  test-sanitizers test-resilience test-images soak package \
  cel-conformance bench format lint install clean

JOBS ?= $(shell nproc)

build:
	@tools/install_deps.sh build
	@cmake --preset release -DWINDLASS_BUILD_TESTS=$(if $(wildcard build/release/tests/CTestTestfile.cmake),ON,OFF) > build-configure.log 2>&1 || (cat build-configure.log; exit 1)
	@rm -f build-configure.log
	@cmake --build --preset release -j $(JOBS) --target windlass_cli
	@echo "Built build/release/windlass"

# All of it, tests included, by one compiler and without precompiled headers:
# what warns, or leaves out an #include, does not compile.
build-gcc build-clang: build-%:
	@tools/install_deps.sh test
	@cmake --preset $(if $(filter gcc,$*),release,clang) -DWINDLASS_BUILD_TESTS=ON -DWINDLASS_PRECOMPILE=OFF > /dev/null
	@cmake --build --preset $(if $(filter gcc,$*),release,clang) -j $(JOBS)

demo: build
	@examples/airports/demo.sh

test:
	@tools/install_deps.sh test
	@tools/run_tests.sh

# The release build's tests alone: the loop while working on something.
test-quick:
	@tools/install_deps.sh test
	@tools/run_tests.sh release

test-sanitizers:
	@tools/install_deps.sh test
	@tools/run_tests.sh asan tsan

test-resilience:
	@tools/install_deps.sh test
	@tools/run_resilience.sh once

soak:
	@tools/install_deps.sh test
	@tools/run_resilience.sh $(or $(SOAK_MINUTES),60)

test-images: package
	@tools/install_deps.sh images
	@tools/test_images.sh

package:
	@tools/install_deps.sh build
	@$(MAKE) --no-print-directory build
	@cmake --build --preset release -j $(JOBS) --target windlass_package_files
	@cd build/release && rm -f windlass_*.deb && cpack -G DEB > /dev/null
	@ls build/release/windlass_*.deb

cel-conformance:
	@tools/cel_conformance.sh

bench:
	@tools/install_deps.sh test
	@$(MAKE) --no-print-directory build
	@cmake --preset release -DWINDLASS_BUILD_BENCH=ON > /dev/null
	@cmake --build --preset release -j $(JOBS) --target result_stores_bench
	@bench/run.sh

format:
	@git ls-files '*.cc' '*.h' | xargs clang-format-14 -i

lint:
	@tools/install_deps.sh test
	@tools/lint.sh

install: build
	@cmake --install build/release

clean:
	@rm -rf build
