/* catalogue/play: the same listener for a day, and nobody's address */
#include "catalogue/play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOON ((int64_t)20000 * 86400 + 43200)

static const uint8_t secret[32] = {1, 2, 3};

static int same(const char *address, const char *agent, const char *other_address,
		const char *other_agent)
{
	struct play_listener a = play_listener(secret, address, agent, NOON);
	struct play_listener b = play_listener(secret, other_address, other_agent, NOON);

	return strcmp(a.text, b.text) == 0;
}

static void it_is_the_same_for_a_day(void **state)
{
	struct play_listener now = play_listener(secret, "192.0.2.1", "x", NOON);

	(void)state;
	assert_int_equal(strlen(now.text), 64);
	assert_string_equal(play_listener(secret, "192.0.2.1", "x", NOON + 43199).text, now.text);
	assert_string_not_equal(play_listener(secret, "192.0.2.1", "x", NOON + 43200).text,
				now.text);
}

static void it_depends_on_address_agent_and_secret(void **state)
{
	static const uint8_t other[32] = {1, 2, 4};

	(void)state;
	assert_false(same("192.0.2.1", "x", "192.0.2.2", "x"));
	assert_false(same("192.0.2.1", "x", "192.0.2.1", "y"));
	assert_string_not_equal(play_listener(other, "192.0.2.1", "x", NOON).text,
				play_listener(secret, "192.0.2.1", "x", NOON).text);
}

static void it_counts_a_network_of_ipv6_as_one(void **state)
{
	(void)state;
	assert_true(same("2001:db8:1:2::1", "x", "2001:DB8:1:2:ffff::9", "x"));
	assert_false(same("2001:db8:1:2::1", "x", "2001:db8:1:3::1", "x"));
	assert_false(same("::ffff:192.0.2.1", "x", "::ffff:192.0.2.2", "x"));
}

static void it_takes_anything(void **state)
{
	char long_agent[5000];

	(void)state;
	memset(long_agent, 'a', sizeof(long_agent) - 1);
	long_agent[sizeof(long_agent) - 1] = '\0';
	assert_true(same(NULL, NULL, "", ""));
	assert_true(same(long_agent, long_agent, long_agent, long_agent));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_same_for_a_day),
		cmocka_unit_test(it_depends_on_address_agent_and_secret),
		cmocka_unit_test(it_counts_a_network_of_ipv6_as_one),
		cmocka_unit_test(it_takes_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
