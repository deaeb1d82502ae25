# pgmig/Makefile
#
#   make, make install      build and install the extension (PGXS)
#   make demo               build, start a private server, walk the 52 revisions
#   make test               every test and check, on a private server
#   make test-all           the same on 15, 17, 18 and 19, in chroots
#   make test-assert        the same on a server built here with assertions
#   make test-fuzz          inputs that nobody would write, for ten minutes
#   make bench              measurements against other tools
#   make installcheck       the tests alone, on a server that runs already
#   make format             clang-format over src/
#   make dist               the release archives of HEAD
#   make package            Debian packages of HEAD, for the servers of this system
#   make test-package       the same in chroots, installed and tried out
#
# demo and the tests install the Debian packages they need and start from
# nothing but make.  PG_CONFIG=... chooses the server; the default is the first
# pg_config in PATH, on Debian the newest installed with development files.

pgmig_dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))

EXTENSION = pgmig
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(pgmig_dir)/pgmig.control)
MODULE_big = pgmig
DATA = $(notdir $(wildcard $(pgmig_dir)/pgmig--*.sql $(pgmig_dir)/pgmig--*.control))
MIGRATIONS := $(sort $(wildcard $(pgmig_dir)/migrations/*.sql))

pgmig_sources := $(wildcard $(pgmig_dir)/src/*.c $(pgmig_dir)/src/*/*.c)
OBJS := $(patsubst $(pgmig_dir)/%.c,%.o,$(sort $(pgmig_sources)))
PG_CPPFLAGS = -I$(pgmig_dir)/src -DPGMIG_VERSION='"$(EXTVERSION)"'

# Tests.  sql/setup.sql, if there is one, runs first.
pgmig_regress := $(sort $(basename $(notdir $(wildcard $(pgmig_dir)/sql/*.sql))))
REGRESS := $(filter setup,$(pgmig_regress)) $(filter-out setup,$(pgmig_regress))
REGRESS_OPTS = --encoding=UTF8
ISOLATION := $(sort $(basename $(notdir $(wildcard $(pgmig_dir)/specs/*.spec))))
ISOLATION_OPTS = --encoding=UTF8
TAP_TESTS := $(if $(wildcard $(pgmig_dir)/t/*.pl),1)

# Written beside each object; see the rules below.
pgmig_deps := $(OBJS:.o=.d)
EXTRA_CLEAN = $(pgmig_deps) results output_iso tmp_check tmp_check_iso log

ifeq ($(origin PG_CONFIG),undefined)
PG_CONFIG := $(shell $(pgmig_dir)/scripts/find-pg-config)
endif
PGXS := $(if $(PG_CONFIG),$(shell $(PG_CONFIG) --pgxs))

ifneq ($(wildcard $(PGXS)),)

# The server may have been built with a clang that is not installed here.
# Bitcode is for JIT inlining only; leave it out then.
pgmig_clang := $(shell sed -n 's/^CLANG *= *//p' $(dir $(PGXS))../Makefile.global)
ifeq ($(if $(pgmig_clang),$(shell command -v $(pgmig_clang) 2>/dev/null)),)
override with_llvm = no
endif

include $(PGXS)

# Objects, bitcode and dependency files go to the same subdirectories as the
# sources, which a build outside the tree has to make first.  The paths are
# absolute because a relative one would be found in the source tree.
pgmig_objdirs := $(addprefix $(CURDIR)/,$(sort $(dir $(OBJS))))
$(OBJS) $(OBJS:.o=.bc): $(pgmig_dir)/pgmig.control | $(pgmig_objdirs)
$(pgmig_objdirs):
	$(MKDIR_P) $@

# A changed header rebuilds what includes it, also where the server was built
# without --enable-depend, as Debian's is.
ifneq ($(autodepend),yes)
$(OBJS): override CPPFLAGS += -MMD -MP -MF $(@:.o=.d) -MT $@ -MT $(@:.o=.bc)
-include $(pgmig_deps)
endif

# pgmig_load('migrations') reads SHAREDIR/pgmig/migrations.
pgmig_sharedir = $(DESTDIR)$(datadir)/pgmig

install: install-migrations
uninstall: uninstall-migrations

install-migrations:
ifneq ($(MIGRATIONS),)
	$(MKDIR_P) '$(pgmig_sharedir)/migrations'
	$(INSTALL_DATA) $(MIGRATIONS) '$(pgmig_sharedir)/migrations/'
endif

uninstall-migrations:
ifneq ($(MIGRATIONS),)
	rm -f $(addprefix '$(pgmig_sharedir)/migrations'/,$(notdir $(MIGRATIONS)))
	-rmdir '$(pgmig_sharedir)/migrations' '$(pgmig_sharedir)' 2>/dev/null || true
endif

.PHONY: install-migrations uninstall-migrations

else # no PGXS

all install uninstall clean installcheck:
	@echo 'pgmig: no pg_config with server development files found.' >&2
	@echo 'Install postgresql-server-dev-NN, or say make PG_CONFIG=/path/to/pg_config.' >&2
	@echo '"make demo" and "make test" install what they need.' >&2
	@exit 1

.PHONY: all install uninstall clean installcheck

endif

demo:
	@$(pgmig_dir)/scripts/demo

test:
	@$(pgmig_dir)/scripts/test

test-all:
	@$(pgmig_dir)/scripts/test-all

test-assert:
	@$(pgmig_dir)/scripts/test-assert

test-fuzz:
	@$(pgmig_dir)/scripts/test-fuzz

bench:
	@$(pgmig_dir)/bench/run

CLANG_FORMAT ?= $(shell command -v clang-format-14 || echo clang-format)

format:
	$(CLANG_FORMAT) -i $(sort $(wildcard $(addprefix $(pgmig_dir)/src/,*.c *.h */*.c */*.h)))

dist:
	@$(pgmig_dir)/scripts/dist

package:
	@$(pgmig_dir)/scripts/package

test-package:
	@$(pgmig_dir)/scripts/test-package

.PHONY: demo test test-all test-assert test-fuzz bench format dist package test-package
