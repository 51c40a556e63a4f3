# What can be made here; `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# One step at a time: they share Cargo's folder and apt's lock.
.NOTPARALLEL:

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
PHP ?= php

VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
MAJOR := $(firstword $(subst ., ,$(VERSION)))
LIB := $(abspath $(or $(CARGO_TARGET_DIR),target)/release)

# rustup's folder is in PATH only after a new login, and sbin is not after a plain su.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin:/usr/sbin:/sbin

# Debian's packages. gcc does not bring the C headers along unless recommended
# packages are installed, so libc6-dev is named.
PACKAGES_build := ca-certificates gcc libc6-dev libzmq3-dev make pkg-config
PACKAGES_demo := $(PACKAGES_build) php-cli python3 python3-msgpack python3-zmq
# The two PHP extensions serve as the other end, never under the library.
PACKAGES_test := $(PACKAGES_demo) g++ libcmocka-dev nodejs npm php-cgi php-fpm php-intl php-laravel-framework \
	php-mbstring php-msgpack php-sqlite3 php-symfony-dependency-injection php-xml php-zmq phpunit \
	python3-hypothesis python3-pytest python3-venv valgrind
PACKAGES_lint := $(PACKAGES_build) g++ php-cli php-codesniffer python3 shellcheck

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

.PHONY: packages-build packages-demo packages-test packages-lint
packages-build packages-demo packages-test packages-lint: packages-%:
	@packaging/require-packages $(PACKAGES_$*)
	@$(if $(filter test,$*),packaging/require-peers)

.PHONY: rust
rust:
	@packaging/require-rust

.PHONY: library
library: packages-build rust
	cargo build --release --locked --lib
	@ln -sf libzroute.so '$(LIB)/libzroute.so.$(MAJOR)'

.PHONY: build
build: library ## the release library, and the command
	cargo build --release --locked

# For those who run what was built; `install` builds only what is not there, so
# that it needs no Cargo under sudo.
$(LIB)/libzroute.so $(LIB)/libzroute.a $(LIB)/zroute:
	@$(MAKE) build

C_FLAGS := -O2 -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -pedantic
LINK_ZROUTE := -Wl,--as-needed -L'$(LIB)' -Wl,-rpath,'$(LIB)' -lzroute

C_EXAMPLES := $(patsubst examples/c/%.c,build/examples/%,$(wildcard examples/c/*.c))

.PHONY: examples
examples: library $(C_EXAMPLES) ## the C examples, into build/examples

$(C_EXAMPLES): build/examples/%: examples/c/%.c include/zroute.h
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) -Iinclude -o $@ $< $(LINK_ZROUTE)

.PHONY: demo
demo: packages-demo examples ## a PHP server, called from PHP, Python and C
	@ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' examples/demo6/run build/examples/client

.PHONY: test
test: packages-test test-rust test-discovery test-c test-php test-interop test-install ## every test

# More threads than cores, because they wait more than they compute.
.PHONY: test-rust
test-rust: export RUST_TEST_THREADS ?= 4
test-rust: packages-test rust
	cargo test --workspace --locked
	ZROUTE_TRANSPORT=libzmq cargo test --locked --test calls --test channels --test client_dialects --test dialects

# Without a Consul the rest is tested all the same, but CI does not pass.
.PHONY: test-discovery
test-discovery: packages-test rust
	@if consul=$$(packaging/fetch-consul); then \
		ZROUTE_CONSUL="$$consul" PHP='$(PHP)' cargo test --locked --test consul -- --include-ignored; \
	elif [[ $$? == 3 && -z $${CI:-} ]]; then \
		echo '*** SKIPPED: the tests against a real Consul. The reason is above. ***' >&2; \
	else exit 1; fi

# -S: what has failed is told last, whatever --keep-going says of the other targets.
.PHONY: test-c
test-c: packages-test build
	$(MAKE) -S -C tests/c check valgrind asan LIB='$(LIB)'
	ZROUTE_TRANSPORT=libzmq $(MAKE) -S -C tests/c check valgrind LIB='$(LIB)'

.PHONY: test-php
test-php: packages-test build
	ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' tests/php/all

# A peer that could not be installed is skipped, loudly; under CI it is a failure.
.PHONY: test-interop
test-interop: packages-test build
	ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' tests/interop/run

.PHONY: test-install
test-install: packages-test build
	PHP='$(PHP)' tests/install/run

.PHONY: lint
lint: packages-lint lint-rust lint-php lint-shell lint-python ## formats, warnings, docs, headers

# The fuzz targets are a workspace of their own: nothing else sees that they compile.
.PHONY: lint-rust
lint-rust: packages-lint
	@packaging/require-rust rustfmt clippy
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --manifest-path fuzz/Cargo.toml --target-dir target --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
	cargo test --locked --test headers

.PHONY: lint-php
lint-php: packages-lint
	find php examples tests bench -name '*.php' -print0 | xargs -0 -n1 $(PHP) -n -l >/dev/null
	phpcs --standard=phpcs.xml php examples tests/php tests/laravel

.PHONY: lint-shell
lint-shell: packages-lint
	grep -rlEI '^#!.*\b(ba|da)?sh\b' .ci packaging examples tests bench | xargs shellcheck

.PHONY: lint-python
lint-python: packages-lint
	find examples tests bench -name '*.py' -print0 | \
		PYTHONPYCACHEPREFIX=build/pycache xargs -0 python3 -W error -m py_compile

.PHONY: headers
headers: packages-build rust ## write include/ anew from src/capi
	ZROUTE_WRITE_HEADERS=1 cargo test --locked --test headers

BENCH_SERVERS := $(addprefix target/bench/,libzmq_rep libzmq_router zroute_server null_zmtp bare_tcp_server)
BENCH_CLIENTS := $(addprefix target/bench/,zroute_client bare_tcp_client)

.PHONY: bench
bench: packages-test build $(BENCH_SERVERS) $(BENCH_CLIENTS) ## what a request costs, beside others; BENCH=--quick for a look
	ZROUTE_LIBRARY='$(LIB)/libzroute.so' cargo run --release --locked -p zroute-bench -- $(BENCH)
	ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' bench/codec/run $(filter --quick,$(BENCH))
	ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' bench/drop_in/run $(filter --quick,$(BENCH))
	ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' bench/laravel/run $(filter --quick,$(BENCH))

# All on cores 0 and 1 where nothing else is said; `make test` has no part of it.
PARTS ?=
.PHONY: bench-scale
bench-scale: packages-test build target/bench/zroute_server target/bench/caller ## how it grows to many machines; PARTS=consul, BENCH=--quick
	cargo build --release --locked --example catalogue
	consul=$$(packaging/fetch-consul) && PHP='$(PHP)' PYTHONPYCACHEPREFIX=build/pycache \
		python3 bench/scale/measure.py --consul "$$consul" $(BENCH) $(PARTS)

target/bench/caller: bench/scale/caller.c bench/check.h $(LIB)/libzroute.so
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) -Werror -Iinclude -o $@ $< $(LINK_ZROUTE)

$(BENCH_SERVERS): target/bench/%: bench/servers/%.c $(wildcard bench/servers/plus_call.c bench/servers/*.h bench/*.h) $(LIB)/libzroute.so
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) -Iinclude -o $@ $(filter %.c,$^) $(LINK_ZROUTE) -lzmq

$(BENCH_CLIENTS): target/bench/%: bench/clients/%.c $(wildcard bench/clients/measured_run.c bench/clients/*.h bench/servers/*.h bench/*.h) $(LIB)/libzroute.so
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) -Iinclude -o $@ $(filter %.c,$^) $(LINK_ZROUTE)

.PHONY: soak
CALLS ?= 10000000
soak: packages-test build ## ten million calls in C, and in PHP, each way; CALLS=… for another number
	for transport in zmtp libzmq; do \
		ZROUTE_TRANSPORT=$$transport $(MAKE) -C tests/c soak LIB='$(LIB)' CALLS=$(CALLS) || exit; \
	done
	for ways in zmtp/slot zmtp/serialize libzmq/slot; do \
		ZROUTE_TRANSPORT=$${ways%/*} ZROUTE_BRIDGE=$${ways#*/} \
			ZROUTE_LIBRARY='$(LIB)/libzroute.so' \
			$(PHP) -n -d extension=ffi -d extension=posix tests/php/soak.php $(CALLS) || exit; \
	done

SHARE := $(PREFIX)/share/zroute
INSTALLED_LIB := $(DESTDIR)$(LIBDIR)
INSTALLED_INCLUDE := $(DESTDIR)$(PREFIX)/include
INSTALLED_SHARE := $(DESTDIR)$(SHARE)
INSTALLED_BIN := $(DESTDIR)$(PREFIX)/bin
INSTALLED_MAN := $(DESTDIR)$(PREFIX)/share/man/man1
BASH_COMPLETION := $(DESTDIR)$(PREFIX)/share/bash-completion/completions/zroute
ZSH_COMPLETION := $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_zroute
FISH_COMPLETION := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/zroute.fish

.PHONY: install
install: $(LIB)/libzroute.so $(LIB)/libzroute.a $(LIB)/zroute ## PREFIX=/usr/local, DESTDIR=
	@[[ '$(PREFIX)' == /* ]] || { echo "PREFIX must be an absolute path, not '$(PREFIX)'" >&2; exit 2; }
	install -d '$(INSTALLED_LIB)/pkgconfig' '$(INSTALLED_INCLUDE)' '$(INSTALLED_SHARE)'
	install -m 755 '$(LIB)/libzroute.so' '$(INSTALLED_LIB)/libzroute.so.$(VERSION)'
	ln -sf libzroute.so.$(VERSION) '$(INSTALLED_LIB)/libzroute.so.$(MAJOR)'
	ln -sf libzroute.so.$(MAJOR) '$(INSTALLED_LIB)/libzroute.so'
	install -m 644 '$(LIB)/libzroute.a' '$(INSTALLED_LIB)/'
	install -m 644 include/zroute.h '$(INSTALLED_INCLUDE)/'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		packaging/zroute.pc.in >'$(INSTALLED_LIB)/pkgconfig/zroute.pc'
	rm -rf '$(INSTALLED_SHARE)/php' '$(INSTALLED_SHARE)/templates'
	cp -R php share/templates '$(INSTALLED_SHARE)/'
	sed 's|^#define FFI_LIB .*|#define FFI_LIB "$(LIBDIR)/libzroute.so.$(MAJOR)"|' \
		include/zroute-php.h >'$(INSTALLED_SHARE)/zroute-php.h'
	chmod -R u=rwX,go=rX '$(INSTALLED_SHARE)' '$(INSTALLED_LIB)/pkgconfig/zroute.pc'
	install -d '$(INSTALLED_BIN)' '$(INSTALLED_MAN)' '$(dir $(BASH_COMPLETION))' \
		'$(dir $(ZSH_COMPLETION))' '$(dir $(FISH_COMPLETION))'
	install -m 755 '$(LIB)/zroute' '$(INSTALLED_BIN)/'
	umask 022; '$(LIB)/zroute' man --out '$(INSTALLED_MAN)'; \
		'$(LIB)/zroute' completions bash >'$(BASH_COMPLETION)'; \
		'$(LIB)/zroute' completions zsh >'$(ZSH_COMPLETION)'; \
		'$(LIB)/zroute' completions fish >'$(FISH_COMPLETION)'
	if [[ -z '$(DESTDIR)' && $$EUID == 0 ]] && grep -qsxF '$(LIBDIR)' /etc/ld.so.conf.d/*; then ldconfig; fi

.PHONY: uninstall
uninstall: ## with the PREFIX and DESTDIR of `make install`
	rm -f '$(INSTALLED_LIB)'/libzroute.{so,so.$(MAJOR),so.$(VERSION),a} \
		'$(INSTALLED_LIB)/pkgconfig/zroute.pc' \
		'$(INSTALLED_INCLUDE)/zroute.h' '$(INSTALLED_BIN)/zroute' \
		'$(INSTALLED_MAN)'/zroute{,-*}.1 \
		'$(BASH_COMPLETION)' '$(ZSH_COMPLETION)' '$(FISH_COMPLETION)'
	rm -rf '$(INSTALLED_SHARE)'

.PHONY: clean
clean: ## remove what was built
	cargo clean
	rm -rf build

VALUES ?= 3000000
SEED ?= $(shell date +%s)

# The bridges beside each other, and beside the msgpack extension; the command that is
# shown makes the same values again.
.PHONY: campaign-values
campaign-values: packages-test build ## the bridges beside each other, by chance; VALUES=, SEED=
	ZROUTE_LIBRARY='$(LIB)/libzroute.so' $(PHP) -n -d extension=ffi -d extension=posix -d extension=msgpack \
		tests/php/slot/agree.php $(VALUES) $(VALUES) $(SEED)

# What bytes may do: a million of them by chance for msgpack_unpack() and MessagePackUnpacker.
INPUTS ?= 1000000
.PHONY: campaign-unpack
campaign-unpack: packages-test build ## what bytes by chance may do; INPUTS=, SEED=
	for bridge in slot serialize; do \
		ZROUTE_BRIDGE=$$bridge ZROUTE_LIBRARY='$(LIB)/libzroute.so' $(PHP) -n -d extension=ffi \
			tests/php/DropIn/MessagePack/scripts/by_chance/campaign.php $(INPUTS) $(SEED) || exit; \
	done

# What zroute serve promises, as long as it is promised.
.PHONY: campaign-serve
campaign-serve: packages-test build ## zroute serve, as long as it is promised
	ulimit -n "$$(ulimit -Hn)" && SERVE_KILL_SECONDS=60 SERVE_CLIENTS=15000 SERVE_UNREAD=3000 SERVE_SILENT=2000 \
		SERVE_RESTARTS=50 ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' \
		"$$(packaging/find-python zmq msgpack pytest hypothesis)" -m pytest tests/interop/test_serve_*.py

# What zerorpc and MessagePack-RPC promise, as long and as large as it is promised.
.PHONY: campaign-dialects
campaign-dialects: packages-test build ## zerorpc and MessagePack-RPC, as large as it is promised
	DIALECTS_ITEMS=100000 DIALECTS_NAP=60000 CI=true ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' \
		tests/interop/run -k 'rpc or one_port' tests/interop

DISCOVERY_SECONDS ?= 60

# What becomes of servers, clients and files while Consul is in trouble; also holds the times that are promised.
.PHONY: campaign-discovery
campaign-discovery: packages-test build ## Consul dead or broken, in each way for DISCOVERY_SECONDS=60
	DISCOVERY_SECONDS=$(DISCOVERY_SECONDS) ZROUTE_TRANSPORT=zmtp CI=true ZROUTE_LIBRARY='$(LIB)/libzroute.so' PHP='$(PHP)' \
		tests/interop/run -o faulthandler_timeout=0 tests/interop/test_consul*.py

TARGET ?= server
SECONDS ?= 60

# libFuzzer is C++. What it finds stays in fuzz/found and fuzz/artifacts.
.PHONY: fuzz
fuzz: rust ## hostile peers by libFuzzer; TARGET=server or client, SECONDS=60
	@packaging/require-packages $(PACKAGES_build) g++
	@cargo fuzz --version >/dev/null 2>&1 || { echo \
		"cargo-fuzz is missing: run 'cargo install cargo-fuzz --locked'." >&2; exit 1; }
	@mkdir -p fuzz/found/$(TARGET)
	RUSTC_BOOTSTRAP=1 cargo fuzz run $(TARGET) fuzz/found/$(TARGET) fuzz/corpus/$(TARGET) -- \
		-max_len=4096 -timeout=20 -max_total_time=$(SECONDS)
