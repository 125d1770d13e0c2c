# SPDX-License-Identifier: ISC
#
#   make                build/lowport and build/liblowport.so
#   make static         build/static/lowport, for an image without libraries
#   make demo           a server of 8443 on 443, before your eyes
#   make check          unit tests and command line, in namespaces of their own
#   make check-one      a part of it: T=handoff F=identity (tests/README.md)
#   make check-servers  real servers, from nginx to Tomcat
#   make check-readme   the commands of README.md
#   make check-systemd  units of a systemd that is booted for them, as root
#   make check-kernels  Debian's own kernels, from 5.10 on, in qemu, as root
#   make check-containers  real container runtimes, as root; and the next two
#                       with tree=sid, those of that Debian, without the next two
#   make check-init     as process 1, beside tini, dumb-init and catatonit
#   make check-cross    for aarch64, as far as that goes on another machine
#   make fuzz           FUZZ_SECONDS (600) for each fuzzer
#   make lint           format of C, shell and manuals; make format mends C
#   make coverage       how much of src the unit tests and the hand-off's run
#   make deps           installs what these take; no other target does, but by
#                       calling it, and with DEPS=no nothing is installed
#   make bench          beside what else there is, with a page: build/bench.html
#   make install        PREFIX, DESTDIR, SYSCONFDIR as usual
#
#   make uninstall      leaves a policy that has been changed
#   make deb, make rpm  packages, in build/deb and build/rpm
#   make dist           sources and static binaries, in build/dist
#   make check-packages  installs them in fresh trees of Debian, as root
#
# The variables below are the distributor's to set, as in
#
#   make PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu
#
# CC, CPPFLAGS, CFLAGS, LDFLAGS and STRIP may also come from the environment.

PREFIX    = /usr/local
BINDIR    = $(PREFIX)/bin
LIBDIR    = $(PREFIX)/lib
MANDIR    = $(PREFIX)/share/man
BASHDIR   = $(PREFIX)/share/bash-completion/completions
# In Debian's packages: /usr/share/zsh/vendor-completions
ZSHDIR    = $(PREFIX)/share/zsh/site-functions
FISHDIR   = $(PREFIX)/share/fish/vendor_completions.d
DOCDIR    = $(PREFIX)/share/doc/lowport
SYSCONFDIR = /etc
BUILD     = build

CFLAGS   ?= -O2 -g
STRIP    ?= strip
# A package has the capability in its own way: SETCAP=: leaves it to that.
SETCAP    = setcap
WARNINGS  = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wformat-security -Wno-missing-field-initializers
SECTIONS  = -fdata-sections
HARDENING = $(FORTIFY) -fstack-protector-strong -fPIE
# Some compilers define it by themselves; the distributor's own value counts;
# and it takes an optimizing compiler.
FORTIFY   = $(if $(findstring _FORTIFY_SOURCE,$(FLAGS)),,$(if $(filter-out \
                -O0,$(filter -O%,$(FLAGS))),-U_FORTIFY_SOURCE \
                -D_FORTIFY_SOURCE=2))
FLAGS     = $(CC) $(CFLAGS) $(CPPFLAGS)
HARDEN_LD = -Wl,-z,relro -Wl,-z,now
LANGUAGE  = -std=gnu11 -D_GNU_SOURCE -iquote $(BUILD) \
            -DPOLICY_FILE='"$(POLICY)"' -DLIBRARY_FILE='"$(INSTALLED_LIBRARY)"'
POLICY    = $(SYSCONFDIR)/lowport/policy
INSTALLED_LIBRARY = $(LIBDIR)/lowport/liblowport.so

# Static and position independent: the program starts an eighth faster than with
# shared libraries, in less memory, with no loader to obey LD_ variables, and in
# an image without a C library.  It loads no module of nsswitch.conf(5) but to
# look a service's name up, which the linker would warn of.
# LINK=-pie NO_WARNINGS= links the shared libraries.
LINK        = -static-pie
TAKES       = $(shell $(CC) -shared -nostdlib -Wl,$(1) -o /dev/null \
                -x c /dev/null 2>/dev/null && echo -Wl,$(1))
NO_WARNINGS = $(call TAKES,--no-warnings)
# Variables of large alignment, which the large ones have, come first: so the
# small ones share a page, and a start touches nine pages less.
SORTED      = $(call TAKES,--sort-section=alignment)
LIBCAP      = -lcap

# libseccomp compiles the filters at build time, on the building machine; for
# another architecture name it: make CC=aarch64-linux-gnu-gcc \
#     STRIP=aarch64-linux-gnu-strip ARCH=aarch64
ARCH      =
HOSTCC    = $(if $(ARCH),cc,$(CC))

COMPILE   = $(CC) $(LANGUAGE) $(WARNINGS) $(SECTIONS) $(HARDENING) $(CFLAGS) \
                $(CPPFLAGS)
# For the program, and for the tests' builds of it.
LINK_PROGRAM = $(LINK) $(HARDEN_LD) $(SORTED) $(NO_WARNINGS) $(LDFLAGS)

# A folder of src is a process, and a file in it a room of the program, but for
# the preload library's own.  A folder includes its own headers, and these
# (src/README.md): for any other there is no such file.
FOLDERS          = helper child firewall common server
INCLUDE_helper   = -iquote src/common
INCLUDE_child    = -iquote src/firewall -iquote src/server -iquote src/common
INCLUDE_firewall = -iquote src/common
INCLUDE_common   =
INCLUDE_server   = -iquote src/common
INCLUDE_all      = $(FOLDERS:%=-iquote src/%)

ROOMS     = $(filter-out server/liblowport,$(patsubst src/%.c,%, \
                $(sort $(wildcard $(FOLDERS:%=src/%/*.c)))))
OBJECTS   = $(ROOMS:%=$(BUILD)/%.o)
COMPLETIONS = $(addprefix $(BUILD)/completions/,lowport.bash _lowport \
                lowport.fish)

all: $(BUILD)/lowport $(BUILD)/liblowport.so $(COMPLETIONS)

# The paths the program is compiled with.  With others it is compiled again; but
# install, which may run as root, compiles nothing again: it refuses.
PATHS     = SYSCONFDIR=$(SYSCONFDIR) LIBDIR=$(LIBDIR)
ifneq ($(filter install,$(MAKECMDGOALS)),)
BUILT     = $(shell cat $(BUILD)/paths 2>/dev/null)
ifneq ($(if $(BUILT),$(BUILT),$(PATHS)),$(PATHS))
$(error built with $(BUILT), to be installed with $(PATHS): \
run make with the same variables first, then make install)
endif
endif

$(BUILD)/paths: FORCE | $(BUILD)
	@[ "$$(cat $@ 2>/dev/null)" = '$(PATHS)' ] || echo '$(PATHS)' >$@

$(BUILD)/ready: packaging/lacks | $(BUILD)
	$(eval LACKS := $$(shell CC='$(CC)' HOSTCC='$(HOSTCC)' LINK='$(LINK)' \
	    CFLAGS='$(CFLAGS) $(CPPFLAGS) $(LDFLAGS)' \
	    HOSTFLAGS='$(if $(ARCH),,$(CFLAGS) $(CPPFLAGS))' packaging/lacks))
	@$(if $(LACKS),$(error $(LACKS)),touch $@)

# The file for an image without anything else: $(BUILD)/lowport, but stripped
# and never with shared libraries.  1.4 MB, as it has glibc in it.  With musl it
# would be 0.2 MB, but Debian's libcap.a is compiled for glibc, and to link that
# with another C library is to guess which of its calls mean the same.
static: $(BUILD)/static/lowport $(BUILD)/static/liblowport.so

$(BUILD)/static/lowport: $(BUILD)/main.o $(OBJECTS)
	mkdir -p $(@D)
	$(CC) -static-pie -s $(HARDEN_LD) $(SORTED) $(NO_WARNINGS) $(LDFLAGS) \
	    -o $@ $^ $(LIBCAP)

$(BUILD)/static/liblowport.so: $(BUILD)/liblowport.so
	mkdir -p $(@D)
	install -m 644 -s --strip-program=$(STRIP) $< $@

$(BUILD)/lowport: $(BUILD)/main.o $(OBJECTS)
	$(CC) $(LINK_PROGRAM) -o $@ $^ $(LIBCAP)

# Loaded into programs of any C library, it is linked to none: so no stack
# protector, whose guard is the library's, and no sanitizer, whose run-time the
# servers of the tests have not.
FREESTANDING = -U_GNU_SOURCE -U_FORTIFY_SOURCE -ffreestanding -fno-lto \
            -fno-stack-protector $(NO_CALLS) -fno-sanitize=all \
            -fvisibility=hidden
# gcc makes calls of memset(3) of loops, even so; clang does not, and has no
# such option.
NO_CALLS  = $(shell $(CC) -fno-tree-loop-distribute-patterns -fsyntax-only \
                -x c /dev/null 2>/dev/null && \
                echo -fno-tree-loop-distribute-patterns)
LIBRARY   = server/liblowport server/ask common/proof common/expected

$(BUILD)/liblowport.so: $(LIBRARY:%=src/%.c) $(wildcard src/server/*.h \
                 src/common/*.h) Makefile | $(BUILD)/ready
	$(CC) $(LANGUAGE) $(INCLUDE_server) $(WARNINGS) $(CFLAGS) $(CPPFLAGS) \
	    $(FREESTANDING) \
	    -fPIC -shared -nostdlib $(HARDEN_LD) -Wl,-soname,liblowport.so \
	    -Wl,--hash-style=both -o $@ $(LIBRARY:%=src/%.c)

$(BUILD)/main.o: src/main.c Makefile | $(BUILD)/ready
	$(COMPILE) $(INCLUDE_all) -MMD -MP -c -o $@ $<

$(OBJECTS): $(BUILD)/%.o: src/%.c Makefile $(BUILD)/paths | $(BUILD)/ready
	mkdir -p $(@D)
	$(COMPILE) $(INCLUDE_$(patsubst %/,%,$(dir $*))) -MMD -MP -c -o $@ $<

$(BUILD)/common/seccomp.o: $(BUILD)/filters.h

$(BUILD)/filters.h: $(BUILD)/filters
	$(BUILD)/filters $(ARCH) >$@.new && mv $@.new $@

FILTERED  = filters common/sockopt_table
$(BUILD)/filters: $(FILTERED:%=src/%.c) $(wildcard src/common/*.h) Makefile | \
                 $(BUILD)/ready
	$(HOSTCC) $(LANGUAGE) -iquote src/common $(WARNINGS) $(CFLAGS) \
	    $(CPPFLAGS) -o $@ $(FILTERED:%=src/%.c) -lseccomp

$(BUILD):
	mkdir -p $@

PAGES     = $(notdir $(wildcard src/*.[157]))
FORMS     = $(notdir $(wildcard packaging/systemd/*))
# From the table of the options and the text of --help.
$(COMPLETIONS): $(BUILD)/completions/%: packaging/completions/% \
                 src/child/options.c packaging/completions/fill \
                 $(wildcard packaging/completions/*.awk)
	mkdir -p $(@D)
	packaging/completions/fill $< src/child/options.c >$@.new && \
	    mv $@.new $@

install: $(BUILD)/lowport $(BUILD)/liblowport.so $(COMPLETIONS)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/lowport \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 \
	    $(DESTDIR)$(SYSCONFDIR)/lowport
	install -m 755 $(BUILD)/lowport $(DESTDIR)$(BINDIR)/lowport
	install -m 644 $(BUILD)/liblowport.so \
	    $(DESTDIR)$(INSTALLED_LIBRARY)
	for section in 1 5 7; do \
	    install -m 644 src/*.$$section \
	    $(DESTDIR)$(MANDIR)/man$$section || exit; done
	install -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	install -m 644 $(BUILD)/completions/lowport.bash \
	    $(DESTDIR)$(BASHDIR)/lowport
	install -m 644 $(BUILD)/completions/_lowport \
	    $(DESTDIR)$(ZSHDIR)/_lowport
	install -m 644 $(BUILD)/completions/lowport.fish \
	    $(DESTDIR)$(FISHDIR)/lowport.fish
	for form in $(FORMS); do \
	    install -d $(DESTDIR)$(DOCDIR)/systemd/$$form && \
	    install -m 644 packaging/systemd/$$form/* \
	    $(DESTDIR)$(DOCDIR)/systemd/$$form || exit; done
	[ -e $(DESTDIR)$(POLICY) ] || \
	    install -m 644 packaging/policy $(DESTDIR)$(POLICY)
	$(SETCAP) cap_net_bind_service=p $(DESTDIR)$(BINDIR)/lowport || \
	    echo "No file capability set; as root: setcap" \
	    "cap_net_bind_service=p $(BINDIR)/lowport"

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/lowport $(DESTDIR)$(INSTALLED_LIBRARY) \
	    $(PAGES:%=$(DESTDIR)$(MANDIR)/man?/%) \
	    $(DESTDIR)$(BASHDIR)/lowport $(DESTDIR)$(ZSHDIR)/_lowport \
	    $(DESTDIR)$(FISHDIR)/lowport.fish
	rm -rf $(DESTDIR)$(DOCDIR)/systemd
	@cmp -s packaging/policy $(DESTDIR)$(POLICY) && \
	    rm -f $(DESTDIR)$(POLICY) || :
	@for folder in $(DESTDIR)$(LIBDIR)/lowport $(DESTDIR)$(DOCDIR) \
	    $(DESTDIR)$(SYSCONFDIR)/lowport; do \
	    [ ! -d $$folder ] || rmdir $$folder 2>/dev/null || \
	    echo "Left, as it is not what was installed: $$(echo $$folder/*)"; \
	    done

# ---- Tests.  A room X of src that can be tried by itself has tests/test_X.c;
# programs that act as servers are tests/server_X.c; the rest is tried by the
# command line, in tests/X.bats, and in tests/root/X.bats what takes root of a
# namespace.

BUILD_PACKAGES = gcc libc6-dev make libcap-dev libseccomp-dev
LAB_PACKAGES   = iproute2 libcap2-bin util-linux uidmap procps nginx \
                 curl openssl
UNIT_PACKAGES  = check iproute2 libcap2-bin netbase pkg-config python3
DEB_PACKAGES   = build-essential debhelper $(UNIT_PACKAGES)
RPM_PACKAGES   = rpm $(UNIT_PACKAGES)
# What builds for the other of the two.
DIST_PACKAGES  = $(if $(filter x86_64,$(shell uname -m)), \
                 gcc-aarch64-linux-gnu libc6-dev-arm64-cross libcap-dev:arm64, \
                 gcc-x86-64-linux-gnu libc6-dev-amd64-cross libcap-dev:amd64)
TEST_PACKAGES  = $(LAB_PACKAGES) check pkg-config bats python3 netbase \
                 nftables iptables musl-tools strace jq \
                 bash-completion zsh fish
FUZZ_PACKAGES  = clang libclang-rt-dev
LINT_PACKAGES  = clang-format shellcheck mandoc

UNIT_TESTS     = $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/test_*.c))
PROGRAMS       = $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/server_*.c)) \
                 $(BUILD)/empty $(BUILD)/deny \
                 $(BUILD)/without_vdso $(BUILD)/foreign
STATIC_PROGRAM = $(BUILD)/server_static
ATTACKER       = $(BUILD)/attacker
ATTACKABLE     = $(BUILD)/lowport_attackable
CONFINED       = $(BUILD)/lowport_confined
SANDBOX        = BUILD=$(BUILD) tests/sandbox

RUN            = BUILD=$(BUILD) tests/run

COMPILE_TEST   = $(COMPILE) $(INCLUDE_all) -MMD -MP
# For the programs of the tests: linked as is usual.
LINK_TEST      = -pie $(HARDEN_LD) $(LDFLAGS)

UNITS          = $(notdir $(UNIT_TESTS))
FILES          = $(wildcard tests/*.bats tests/root/*.bats)
# What other builds are tried with, too.
HANDOFF        = handoff rebind sources

# As many compilers at a time as processors, but where make was told how many.
MAKE_FAST      = $(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

# Alone installs packages.  A target that needs some calls it first, then starts
# make again for itself; DEPS=no installs nothing.
PACKAGES       = $(TEST_PACKAGES) $(FUZZ_PACKAGES) $(LINT_PACKAGES)
deps:
	tests/require $(BUILD_PACKAGES) $(PACKAGES)

demo:
	$(MAKE) deps PACKAGES='$(LAB_PACKAGES)'
	$(MAKE) all
	$(SANDBOX) tests/demo

check:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES) $(FUZZ_PACKAGES)'
	$(MAKE_FAST) tests check-structure
	$(MAKE) check-build
	$(RUN) $(UNITS) $(FILES)
	SANDBOX_PROGRAM=lowport_confined $(RUN) $(HANDOFF) activation manager
	$(MAKE) check-sanitized
	$(MAKE) check-fuzz

# For who builds a package; make check runs them, too.
check-units:
	$(MAKE) deps PACKAGES='$(UNIT_PACKAGES)'
	$(MAKE_FAST) all $(UNIT_TESTS)
	tests/check-units

check-one:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES)'
	$(MAKE_FAST) tests
	$(RUN) -f "$$F" $(T)

# The same tests, built with the address and undefined behaviour sanitizers.
# The filter allows what their run-time calls: its verdicts are another build's.
# The preload library stands before their run-time, and does not mind.
SANITIZE       = -fsanitize=address,undefined -fno-sanitize-recover=all
check-sanitized:
	$(MAKE_FAST) tests BUILD=$(BUILD)/sanitized LINK=-pie NO_WARNINGS= \
	    HARDENING=-fPIE CFLAGS='-O1 -g -DSANITIZED $(SANITIZE)' \
	    LDFLAGS='$(SANITIZE)'
	$(MAKE) run-sanitized BUILD=$(BUILD)/sanitized

run-sanitized:
	ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0 $(RUN) $(UNITS) \
	    $(HANDOFF)

# Fuzzers of what reads hostile bytes, with clang's libFuzzer: a short run that
# is the same each time, and a long one.  fuzz_handoff plays the kernel itself.
FUZZERS        = $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/fuzz_*.c))
# Rooms each is linked with, by pattern, and those it plays itself.
FUZZED         = common/% helper/pool helper/parking \
                 helper/sockstate helper/sockopt helper/clock
PLAYED         =
FUZZ_SECONDS   = 600
MAKE_FUZZERS   = $(MAKE_FAST) fuzzers BUILD=$(BUILD)/fuzz CC=clang LINK=-pie \
                 NO_WARNINGS= HARDENING=-fPIE LDFLAGS='$(SANITIZE)' \
                 CFLAGS='-O1 -g -DSANITIZED -fsanitize=fuzzer-no-link \
                 $(SANITIZE)'

check-fuzz:
	$(MAKE_FUZZERS)
	BUILD=$(BUILD)/fuzz tests/sandbox tests/fuzz -seed=1 -runs=30000 \
	    -max_total_time=20

fuzz:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES) $(FUZZ_PACKAGES)'
	$(MAKE_FUZZERS)
	BUILD=$(BUILD)/fuzz tests/sandbox tests/fuzz \
	    -max_total_time=$(FUZZ_SECONDS)

fuzzers: all $(FUZZERS)

$(BUILD)/fuzz_mapping $(BUILD)/fuzz_policy: FUZZED += child/mapping_text
$(BUILD)/fuzz_handoff: FUZZED = common/% helper/% child/mapping_text
$(BUILD)/fuzz_handoff: PLAYED = common/channel common/diag common/privilege \
                 common/process common/seccomp common/socket common/verdict \
                 helper/descendants helper/memory helper/search \
                 helper/task helper/unreadable helper/parking \
                 helper/sockstate helper/server_socket helper/stray \
                 helper/listing helper/supervisor helper/job helper/relay \
                 helper/server_group helper/leftovers
$(BUILD)/fuzz_binary: FUZZED = common/% child/binary child/environment \
                 child/host child/limit child/program
$(BUILD)/fuzz_rule: FUZZED = common/% firewall/%

$(BUILD)/fuzz_%: tests/fuzz_%.c tests/fuzz.h tests/assertion.h $(OBJECTS)
	$(COMPILE_TEST) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< \
	    $(filter-out $(PLAYED:%=$(BUILD)/%.o), \
	    $(filter $(FUZZED:%=$(BUILD)/%.o),$(OBJECTS))) $(LIBCAP)

# Holds the objects against the promises of the folders of src, and against the
# table in lowport-security(7) of the code that runs with the capability.
# BUILD/structure has them again, with their assembly.
check-structure: all
	$(MAKE) deps PACKAGES='python3 binutils'
	$(MAKE) rooms BUILD=$(BUILD)/structure HARDENING=-save-temps=obj \
	    CFLAGS=-O0 CPPFLAGS='$(CPPFLAGS) -U_FORTIFY_SOURCE'
	CC='$(CC)' $(foreach F,$(FOLDERS) all,INCLUDE_$F='$(INCLUDE_$F)') \
	    tests/structure $(BUILD)

rooms: $(BUILD)/main.o $(OBJECTS)

# Tries this file as a distributor uses it.
check-build: all
	tests/build $(BUILD)

# Files of shell have a first line that names it, but for those that others
# source: *.bash, and the recipes of the servers, whose names have no dot.
C_FILES        = $(wildcard src/*.[ch] src/*/*.[ch] tests/*.[ch] tests/*/*.[ch])
SCRIPTS        = $(shell grep -rlE '^\#!.*[/ ](ba)?sh$$' .ci packaging tests)
SOURCED        = $(wildcard tests/*.bash tests/*/*.bash) \
                 $(shell find tests/servers -type f ! -name '*.*') \
                 packaging/completions/lowport.bash

# README has at most 200 lines, and lowport(1) 4,000 words of source: any more
# go to a page of their own.
lint:
	$(MAKE) deps PACKAGES='$(LINT_PACKAGES)'
	clang-format --dry-run -Werror $(C_FILES)
	shellcheck $(SCRIPTS)
	shellcheck -s bash -S warning -e SC2125 $(SOURCED)
	shellcheck -S warning -e SC2120 $(FILES) \
	    $(wildcard tests/systemd/*.bats)
	mandoc -Tlint -Wwarning src/*.[1-9]
	[ $$(wc -l <README.md) -le 200 ]
	[ $$(wc -w <src/lowport.1) -le 4000 ]

format:
	clang-format -i $(C_FILES)

# How much of src the unit tests and the hand-off's run, by clang: its counters
# are a file in memory, so those of a helper that is confined, and of a process
# that is killed, count too.  Everybody in the sandbox may write there.
COVERED        = /var/tmp/lowport-coverage
COVERAGE       = -fprofile-instr-generate=$(COVERED)/%m%c.profraw \
                 -fcoverage-mapping -mllvm -runtime-counter-relocation

coverage:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES) $(FUZZ_PACKAGES) llvm'
	rm -rf $(COVERED) && mkdir -m 1777 $(COVERED)
	$(MAKE_FAST) tests BUILD=$(BUILD)/coverage CC=clang LINK=-pie \
	    NO_WARNINGS= HARDENING='-fPIE $(COVERAGE)' CFLAGS='-O1 -g' \
	    LDFLAGS=-fprofile-instr-generate
	rm -f $(COVERED)/*
	$(MAKE) run-coverage BUILD=$(BUILD)/coverage
	llvm-profdata merge -o $(BUILD)/coverage/profile $(COVERED)/*.profraw
	llvm-cov report -instr-profile=$(BUILD)/coverage/profile \
	    $(BUILD)/coverage/lowport $(patsubst $(BUILD)/%,-object \
	    $(BUILD)/coverage/%,$(UNIT_TESTS)) src

run-coverage:
	-$(RUN) $(UNITS) $(HANDOFF)

check-servers:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES)'
	$(MAKE) tests
	tests/check-servers

# The commands of README.md, on a clean copy of the sources.
check-readme:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES) bpftool nodejs'
	tests/require tomcat10 2>/dev/null || tests/require tomcat11
	$(MAKE) all
	SANDBOX_USER=root $(SANDBOX) tests/readme

check-init:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES)'
	$(MAKE) tests
	tests/check-init

check-containers:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES)'
	$(MAKE) static $(CONTAINED)
	tests/check-containers $(addprefix tree=,$(tree))
	$(if $(tree),,$(MAKE) check-init check-cross)

check-systemd:
	$(MAKE) deps PACKAGES=
	$(MAKE) all
	tests/check-systemd

# KERNELS names machines and jobs: make check-kernels KERNELS="5.10 7.x handoff"
KERNELS        =
check-kernels:
	$(MAKE) deps PACKAGES=
	tests/check-kernels $(KERNELS)

check-cross:
	$(MAKE) deps PACKAGES='$(TEST_PACKAGES)'
	$(MAKE) $(BUILD)/filters.h
	tests/filters.py $(BUILD)/filters.h $(shell uname -m)
	tests/check-cross

# PARTS="start calls" are some of it; SHORT=1 has fewer rounds (tests/bench).
BENCH_PACKAGES = $(LAB_PACKAGES) python3 libssl-dev tini dumb-init gosu authbind \
                 socat haproxy systemd iptables nftables golang-go
BENCH          = $(patsubst tests/measure/%.c,$(BUILD)/measure_%,$(wildcard \
                 tests/measure/*.c)) $(BUILD)/measure_server
PARTS          =
bench:
	$(MAKE) deps PACKAGES='$(BENCH_PACKAGES)'
	$(MAKE_FAST) all $(BENCH)
	BUILD=$(BUILD) tests/bench $(PARTS)

$(BUILD)/measure_load: NEEDS = -lssl -lcrypto

$(BUILD)/measure_%: tests/measure/%.c Makefile | $(BUILD)
	$(COMPILE) -MMD -MP $(LINK_TEST) -o $@ $< $(NEEDS)

# Without cgo it is static.
$(BUILD)/measure_server: tests/measure/server.go | $(BUILD)
	! command -v go >/dev/null || GOCACHE=$(abspath $(BUILD))/go-cache \
	    GO111MODULE=off CGO_ENABLED=0 go build -o $@ $<

tests: all $(UNIT_TESTS) $(PROGRAMS) $(STATIC_PROGRAM) $(BUILD)/random_plans \
                 $(ATTACKER) $(ATTACKABLE) $(CONFINED)

# The same objects, and one of the tests between two of them.
$(ATTACKABLE): tests/attackable.c $(BUILD)/main.o $(OBJECTS)
	$(COMPILE_TEST) $(LINK_PROGRAM) -Wl,--wrap=channel_send_plan -o $@ $^ \
	    $(LIBCAP)

# Likewise, and the C library's objects with them.
ALLOCATING     = malloc calloc realloc reallocarray memalign aligned_alloc \
                 posix_memalign free
COMMA          = ,
$(CONFINED): tests/confined.c $(BUILD)/main.o $(OBJECTS)
	$(COMPILE_TEST) -fno-builtin $(LINK_PROGRAM) \
	    $(patsubst %,-Wl$(COMMA)--wrap=%,seccomp_confine $(ALLOCATING)) \
	    -o $@ $^ $(LIBCAP)

$(BUILD)/test_%: tests/test_%.c $(OBJECTS)
	$(COMPILE_TEST) $(LINK_TEST) -o $@ $< $(OBJECTS) \
	    $$(pkg-config --cflags --libs check) $(LIBCAP)

# A fuzzer, without libFuzzer.
$(BUILD)/random_plans: tests/random_plans.c tests/fuzz_bind_program.c \
                 tests/fuzz.h tests/bind_interpreter.h tests/assertion.h \
                 $(OBJECTS)
	$(COMPILE) $(INCLUDE_all) $(LINK_TEST) -o $@ $(filter %.c %.o,$^) \
	    $(LIBCAP)

$(BUILD)/deny: NEEDS = -lseccomp

$(PROGRAMS): $(BUILD)/%: tests/%.c Makefile | $(BUILD)
	$(COMPILE_TEST) $(LINK_TEST) -o $@ $< -pthread $(NEEDS)

# However the others are linked, and without a sanitizer, which takes libraries.
$(STATIC_PROGRAM): tests/server_errors.c tests/error_name.h Makefile | $(BUILD)
	$(CC) -D_GNU_SOURCE -fPIE -static-pie -o $@ $<

$(ATTACKER): $(wildcard tests/attack/*.[ch] src/common/*.h) Makefile | $(BUILD)
	$(COMPILE) $(INCLUDE_all) $(LINK_TEST) -o $@ $(filter %.c,$^)

CONTAINED      = $(BUILD)/container_static $(BUILD)/container_dynamic

$(CONTAINED): $(BUILD)/container_%: tests/containers/server.c Makefile | \
                 $(BUILD)
	$(COMPILE_TEST) $(HARDEN_LD) $(LDFLAGS) $(LINK_$*) -o $@ $<

LINK_static    = -static-pie
LINK_dynamic   = -pie

deb:
	$(MAKE) deps PACKAGES='$(DEB_PACKAGES)'
	packaging/package deb $(BUILD)

rpm:
	$(MAKE) deps PACKAGES='$(RPM_PACKAGES)'
	packaging/package rpm $(BUILD) $(RPMBUILD_OPTIONS)

dist:
	$(MAKE) deps PACKAGES='$(DIST_PACKAGES)'
	packaging/package dist $(BUILD)

check-packages:
	tests/check-packages

clean:
	rm -rf $(BUILD)

-include $(wildcard $(BUILD)/*.d $(FOLDERS:%=$(BUILD)/%/*.d))

.PHONY: all static install uninstall clean rooms tests fuzzers FORCE \
        check check-one check-units check-build check-structure \
        check-sanitized run-sanitized check-fuzz fuzz check-readme \
        check-init check-servers check-containers check-systemd check-kernels \
        check-cross check-packages lint format coverage run-coverage bench demo \
        deps deb rpm dist
.DELETE_ON_ERROR:
