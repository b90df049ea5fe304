/* http/precondition: is the client's copy still the right one? */
#include "http/precondition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TAG "\"35d58e-660c4500ab740\""
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define THEN "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct validators file = {TAG, 784111777};

static enum precondition_answer check(struct precondition p)
{
	return precondition_check(&p, &file);
}

static void it_sends_without_conditions(void **state)
{
	(void)state;
	assert_int_equal(check((struct precondition){0}), PRECONDITION_SEND);
}

static enum precondition_answer none_match(const char *list)
{
	return check((struct precondition){.if_none_match = list});
}

static void it_says_that_a_known_tag_is_not_modified(void **state)
{
	(void)state;
	assert_int_equal(none_match(TAG), PRECONDITION_NOT_MODIFIED);
	assert_int_equal(none_match("W/" TAG), PRECONDITION_NOT_MODIFIED);
	assert_int_equal(none_match("\"a\", W/\"b\",," TAG), PRECONDITION_NOT_MODIFIED);
	assert_int_equal(none_match("*"), PRECONDITION_NOT_MODIFIED);
	assert_int_equal(none_match("\"with, comma\" , " TAG), PRECONDITION_NOT_MODIFIED);
}

static void it_sends_for_another_tag(void **state)
{
	(void)state;
	assert_int_equal(none_match("\"a\""), PRECONDITION_SEND);
	assert_int_equal(none_match("\"35d58e-660c4500ab741\""), PRECONDITION_SEND);
	assert_int_equal(none_match("\"35d58e-660c4500ab74\""), PRECONDITION_SEND);
	assert_int_equal(none_match("35d58e-660c4500ab740"), PRECONDITION_SEND);
	assert_int_equal(none_match("\"35d58e-660c4500ab740"), PRECONDITION_SEND);
	assert_int_equal(none_match("w/" TAG), PRECONDITION_SEND);
	assert_int_equal(none_match("\"a\" x " TAG), PRECONDITION_SEND);
	assert_int_equal(none_match(""), PRECONDITION_SEND);
}

static enum precondition_answer match(const char *list)
{
	return check((struct precondition){.if_match = list});
}

static void it_fails_when_if_match_has_no_strong_tag_of_it(void **state)
{
	(void)state;
	assert_int_equal(match(TAG), PRECONDITION_SEND);
	assert_int_equal(match("\"a\"," TAG), PRECONDITION_SEND);
	assert_int_equal(match("*"), PRECONDITION_SEND);
	assert_int_equal(match("W/" TAG), PRECONDITION_FAILED);
	assert_int_equal(match("\"a\""), PRECONDITION_FAILED);
	assert_int_equal(match(""), PRECONDITION_FAILED);
}

static enum precondition_answer modified_since(const char *date)
{
	return check((struct precondition){.if_modified_since = date});
}

static void it_compares_dates(void **state)
{
	(void)state;
	assert_int_equal(modified_since(BEFORE), PRECONDITION_SEND);
	assert_int_equal(modified_since(THEN), PRECONDITION_NOT_MODIFIED);
	assert_int_equal(modified_since(AFTER), PRECONDITION_NOT_MODIFIED);
	assert_int_equal(modified_since("Sunday, 06-Nov-94 08:49:37 GMT"),
			 PRECONDITION_NOT_MODIFIED);
	assert_int_equal(modified_since("Sun Nov  6 08:49:37 1994"), PRECONDITION_NOT_MODIFIED);
	assert_int_equal(modified_since("yesterday"), PRECONDITION_SEND);
	assert_int_equal(check((struct precondition){.if_unmodified_since = BEFORE}),
			 PRECONDITION_FAILED);
	assert_int_equal(check((struct precondition){.if_unmodified_since = THEN}),
			 PRECONDITION_SEND);
	assert_int_equal(check((struct precondition){.if_unmodified_since = "x"}),
			 PRECONDITION_SEND);
}

/* RFC 9110 section 13.2.2 */
static void it_heeds_tags_before_dates(void **state)
{
	(void)state;
	assert_int_equal(
		check((struct precondition){.if_match = TAG, .if_unmodified_since = BEFORE}),
		PRECONDITION_SEND);
	assert_int_equal(
		check((struct precondition){.if_none_match = "\"a\"", .if_modified_since = AFTER}),
		PRECONDITION_SEND);
	assert_int_equal(
		check((struct precondition){.if_none_match = TAG, .if_modified_since = BEFORE}),
		PRECONDITION_NOT_MODIFIED);
	assert_int_equal(check((struct precondition){.if_match = "\"a\"", .if_none_match = TAG}),
			 PRECONDITION_FAILED);
	assert_int_equal(check((struct precondition){.if_match = TAG, .if_none_match = TAG}),
			 PRECONDITION_NOT_MODIFIED);
}

static void it_heeds_no_date_where_none_is_known(void **state)
{
	const struct validators made = {TAG, -1};
	const struct precondition since = {.if_modified_since = AFTER};
	const struct precondition until = {.if_unmodified_since = BEFORE};

	(void)state;
	assert_int_equal(precondition_check(&since, &made), PRECONDITION_SEND);
	assert_int_equal(precondition_check(&until, &made), PRECONDITION_SEND);
}

static bool allows(const char *if_range)
{
	const struct precondition p = {.if_range = if_range};

	return precondition_allows_range(&p, &file);
}

static void it_allows_a_range_of_the_same_file_only(void **state)
{
	(void)state;
	assert_true(allows(NULL));
	assert_true(allows(TAG));
	assert_true(allows(THEN));
	assert_false(allows("W/" TAG));
	assert_false(allows("\"a\""));
	assert_false(allows(TAG ", \"a\""));
	assert_false(allows("*"));
	assert_false(allows(BEFORE));
	assert_false(allows(AFTER));
	assert_false(allows("nonsense"));
	assert_false(allows(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_sends_without_conditions),
		cmocka_unit_test(it_says_that_a_known_tag_is_not_modified),
		cmocka_unit_test(it_sends_for_another_tag),
		cmocka_unit_test(it_fails_when_if_match_has_no_strong_tag_of_it),
		cmocka_unit_test(it_compares_dates),
		cmocka_unit_test(it_heeds_tags_before_dates),
		cmocka_unit_test(it_heeds_no_date_where_none_is_known),
		cmocka_unit_test(it_allows_a_range_of_the_same_file_only),
	};

	return cmocka_run_group_tests_name("precondition", tests, NULL, NULL);
}
