# Drift: build. `make help` lists what there is to say.

CC ?= cc
CFLAGS ?= -O2 -g
WERROR ?= -Werror
PREFIX ?= /usr/local

# outside libraries: those of the programs, of the tests, and of the walled
# children, which alone see FFmpeg (lib/walled)
LIBS := libpq fcgi ogg opus libebur128 libcrypto libseccomp
DECODE_LIBS := libavformat libavcodec libswresample libswscale libavfilter libavutil zlib
TEST_LIBS := cmocka opusfile

VERSION := 0.1.0
BUILD := build
BIN := $(BUILD)/bin

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)

WARN := -Wall -Wextra -Wconversion -Wshadow $(WERROR)
DRIFT_CFLAGS = -std=c11 -D_GNU_SOURCE -DDRIFT_VERSION='"$(VERSION)"' -pthread -Ilib $(WARN) \
	-fstack-protector-strong -MMD -MP

lib_src := $(wildcard lib/*/*.c)
lib_obj := $(lib_src:%.c=$(BUILD)/obj/%.o)
cgi_bin := $(patsubst cgi-bin/%.c,$(BIN)/%.fcgi,$(wildcard cgi-bin/*.c))
cron_bin := $(patsubst cron/%.c,$(BIN)/%,$(wildcard cron/*.c))
exec_bin := $(patsubst libexec/%.c,$(BIN)/%,$(wildcard libexec/*.c))
unit_bin := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

LIB_CFLAGS := $(call pkg,--cflags,$(LIBS) $(DECODE_LIBS))
ALL_CFLAGS = $(DRIFT_CFLAGS) $(LIB_CFLAGS) $(CFLAGS)
$(BUILD)/obj/tests/%: LIB_CFLAGS += $(call pkg,--cflags,$(TEST_LIBS))
PROGRAM_LIBS = -lpq -lfcgi -lopus -logg -lebur128 -lcrypto -lseccomp -lm
DECODE_LINK = -lavformat -lavcodec -lswresample -lswscale -lavutil -lseccomp -lopus -lz -lm
# its start costs a listener time: libavfilter is in a program of its own
$(BIN)/drift-filter: DECODE_LINK = -lavfilter -lavutil -lseccomp -lm
$(BIN)/drift-shrink: DECODE_LINK = -lavcodec -lswscale -lavutil -lseccomp -lm
TEST_LINK = -lcmocka -lopusfile $(DECODE_LINK) $(PROGRAM_LIBS)

.PHONY: all
all: $(cgi_bin) $(cron_bin) $(exec_bin)

define HELP
make           builds the programs into $(BUILD)/bin
make run       installs what is missing, builds, starts everything with example music, and
               stops it on Ctrl-C; also make up, make down, and make purge, which forgets all
               (PORT=8080, VAR=var, SERVER=lighttpd or apache, TRANSCODER=yes or no)
make check     installs what is missing, builds, and runs every test
               (T='tests/http/tusrequest.t …' runs some)
make screenshots  pictures of the pages into $(BUILD)/screenshots
make bench     prints how fast it is, each figure against a named peer
               (SOURCE=mix.wav measures with that file, B='upload …' measures some)
make install   DESTDIR= PREFIX=/usr/local
make dist      $(dist).tar.gz, for a shared host
make clean     removes $(BUILD) and what npm brought
WERROR=        lets warnings of another compiler pass
endef

.PHONY: help
help:
	$(info $(HELP)) @:

$(BUILD)/libdrift.a: $(lib_obj)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BIN)/%.fcgi: $(BUILD)/obj/cgi-bin/%.o $(BUILD)/libdrift.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $^ $(PROGRAM_LIBS)

$(BIN)/drift-%: $(BUILD)/obj/cron/drift-%.o $(BUILD)/libdrift.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $^ $(PROGRAM_LIBS)

$(BIN)/drift-%: $(BUILD)/obj/libexec/drift-%.o $(BUILD)/libdrift.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $^ $(DECODE_LINK)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libdrift.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $^ $(TEST_LINK)

# the player's libraries; what npm installed stays in node_modules/
.PHONY: player
player: htdocs/lib/tus.min.js

htdocs/lib/%.js: node_modules/.package-lock.json
	@mkdir -p $(@D)
	cp node_modules/tus-js-client/dist/$*.js $@

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --silent --no-progress
	@touch $@

# --- installation: a server of one's own, and the layout of a shared host -----

INSTALL_BIN := install -m 0755
INSTALL_DATA := install -m 0644
prefix = $(DESTDIR)$(PREFIX)

# players' and SQL files by folder: install_tree SOURCE,TARGET
define install_tree
	mkdir -p "$(2)" && cp -R --preserve=mode,timestamps $(1)/. "$(2)"
endef

.PHONY: install
install: all player
	mkdir -p "$(prefix)/bin" "$(prefix)/lib/drift/cgi-bin" "$(prefix)/share/doc/drift"
	mkdir -p "$(prefix)/share/drift/apache"
	$(INSTALL_BIN) $(cgi_bin) "$(prefix)/lib/drift/cgi-bin"
	$(INSTALL_BIN) $(exec_bin) "$(prefix)/lib/drift"
	$(INSTALL_BIN) $(cron_bin) "$(prefix)/bin"
	$(call install_tree,htdocs,$(prefix)/share/drift/htdocs)
	mkdir -p "$(prefix)/share/drift/htdocs/media"
	$(call install_tree,sql,$(prefix)/share/drift/sql)
	$(INSTALL_DATA) etc/lighttpd/drift.conf "$(prefix)/share/drift/lighttpd.conf"
	$(INSTALL_DATA) etc/lighttpd/etag.lua etc/lighttpd/range.lua "$(prefix)/share/drift"
	$(INSTALL_DATA) etc/apache/vhost.conf "$(prefix)/share/drift/apache"
	for file in etc/drift.conf etc/lighttpd/lighttpd.conf cron/crontab; do \
		sed 's,/usr/local,$(PREFIX),g' $$file > "$(prefix)/share/doc/drift/$${file##*/}"; done

# what belongs into a home folder on a shared host: SITE/public_html, SITE/drift
.PHONY: install-site
install-site: all player
	mkdir -p "$(SITE)/drift/bin" "$(SITE)/public_html/cgi-bin"
	$(INSTALL_BIN) $(cgi_bin) "$(SITE)/public_html/cgi-bin"
	ln -f "$(SITE)/public_html/cgi-bin/stream.fcgi" "$(SITE)/public_html/cgi-bin/stream.cgi"
	$(INSTALL_BIN) $(cron_bin) $(exec_bin) "$(SITE)/drift/bin"
	$(call install_tree,htdocs,$(SITE)/public_html)
	mkdir -p "$(SITE)/public_html/media"
	$(call install_tree,sql,$(SITE)/drift/sql)
	$(INSTALL_DATA) etc/apache/site.htaccess "$(SITE)/public_html/.htaccess"
	$(INSTALL_DATA) etc/apache/cgi-bin.htaccess "$(SITE)/public_html/cgi-bin/.htaccess"
	$(INSTALL_DATA) etc/apache/media.htaccess "$(SITE)/public_html/media/.htaccess"
	$(INSTALL_BIN) etc/apache/setup "$(SITE)/drift"
	$(INSTALL_DATA) etc/apache/INSTALL "$(SITE)/drift"

# A tarball that needs nothing of the host but its C library: the programs look for their
# libraries in drift/lib, from drift/bin, public_html/cgi-bin and one folder further down.
dist = $(BUILD)/drift-$(VERSION)-$(shell uname -m)
COMPRESS = gzip
RPATH = $$ORIGIN/../lib:$$ORIGIN/../../drift/lib:$$ORIGIN/../../../drift/lib

.PHONY: dist
dist:
	rm -rf $(dist)
	@$(MAKE) -s install-site SITE='$(CURDIR)/$(dist)' BIN=$(BUILD)/dist \
		LDFLAGS='$(LDFLAGS) -Wl,--disable-new-dtags,-rpath,'\''$$(RPATH)'\'
	mkdir -p $(dist)/drift/lib
	etc/apache/libraries $(BUILD)/dist/* | xargs install -m 0644 -t $(dist)/drift/lib
	tar -C $(BUILD) --owner=0 --group=0 -I '$(COMPRESS)' -cf $(dist).tar.gz $(notdir $(dist))
	rm -rf $(dist)

.PHONY: clean
clean:
	rm -rf $(BUILD) node_modules htdocs/lib

# --- the development stack: etc/dev/stack says more --------------------------

SERVER ?= lighttpd
PORT ?= 8080
VAR ?= var
TRANSCODER ?= yes
export SERVER PORT VAR TRANSCODER

.PHONY: up down purge run
up down purge run:
	@etc/dev/stack $@

# --- tests: `make check T='tests/http/upload*'` runs some ---------------------

.PHONY: check
check:
	@etc/dev/install-packages check
	@$(MAKE) -s -j$(shell nproc) all player unit-tests
	@tests/run $(T)

.PHONY: unit-tests
unit-tests: $(unit_bin)

# pictures of every state of the pages, in build/screenshots
.PHONY: screenshots
screenshots:
	@$(MAKE) -s check T=tests/browser/looks.t

# `make bench B='transcode'` measures some
.PHONY: bench
bench:
	@etc/dev/install-packages check
	@$(MAKE) -s -j$(shell nproc) all player $(BUILD)/bench/encodeloop
	@tests/bench/run $(B)

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lopus

# rebuilt when the flags change
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(DRIFT_CFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(DRIFT_CFLAGS) $(CFLAGS)' > $@
FORCE:

.PRECIOUS: $(BUILD)/obj/%.o
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
