# Drift: build. `make help` lists what there is to say.

CC ?= cc
CFLAGS ?= -O2 -g
WERROR ?= -Werror
PREFIX ?= /usr/local

# outside libraries: those of the programs, of the tests, and of the walled
# decoder, which alone sees FFmpeg
LIBS := inih libpq fcgi ogg opus libebur128 libcrypto
DECODE_LIBS := libavformat libavcodec libswresample libavutil libseccomp
TEST_LIBS := cmocka opusfile

VERSION := 0.1.0
BUILD := build

pkg = $(shell pkg-config $(1) $(2) 2>/dev/null)
have = $(foreach lib,$(1),$(if $(call pkg,--exists --print-errors,$(lib)),,$(lib)))

WARN := -Wall -Wextra -Wconversion -Wshadow $(WERROR)
DRIFT_CFLAGS = -std=c11 -D_GNU_SOURCE -DDRIFT_VERSION='"$(VERSION)"' -pthread -Ilib $(WARN) \
	-fstack-protector-strong -MMD -MP

lib_src := $(wildcard lib/*/*.c)
lib_obj := $(lib_src:%.c=$(BUILD)/obj/%.o)
cgi_bin := $(patsubst cgi-bin/%.c,$(BUILD)/bin/%.fcgi,$(wildcard cgi-bin/*.c))
cron_bin := $(patsubst cron/%.c,$(BUILD)/bin/%,$(wildcard cron/*.c))
exec_bin := $(patsubst libexec/%.c,$(BUILD)/bin/%,$(wildcard libexec/*.c))
unit_bin := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

ALL_CFLAGS = $(DRIFT_CFLAGS) $(call pkg,--cflags,$(LIBS) $(DECODE_LIBS) $(TEST_LIBS)) $(CFLAGS)
PROGRAM_LIBS = -linih -lpq -lfcgi -lopus -logg -lebur128 -lcrypto -lm
DECODE_LINK = -lavformat -lavcodec -lswresample -lavutil -lseccomp -lopus -lm
TEST_LINK = -lcmocka -lopusfile $(DECODE_LINK) $(PROGRAM_LIBS)

.PHONY: all
all: $(cgi_bin) $(cron_bin) $(exec_bin)

$(BUILD)/libdrift.a: $(lib_obj)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/bin/%.fcgi: $(BUILD)/obj/cgi-bin/%.o $(BUILD)/libdrift.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $^ $(PROGRAM_LIBS)

$(BUILD)/bin/drift-%: $(BUILD)/obj/cron/drift-%.o $(BUILD)/libdrift.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -pthread $(LDFLAGS) -o $@ $^ $(PROGRAM_LIBS)

$(BUILD)/bin/drift-%: $(BUILD)/obj/libexec/drift-%.o $(BUILD)/libdrift.a
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

# rebuilt when the flags change
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(DRIFT_CFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(DRIFT_CFLAGS) $(CFLAGS)' > $@
FORCE:

.PRECIOUS: $(BUILD)/obj/%.o
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
