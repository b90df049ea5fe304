/* http/html: texts that stay texts */
#include "http/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void it_leaves_no_markup(void **state)
{
	struct buf b = {0};

	(void)state;
	html_add(&b, "<a href=\"x\" class='y'>R&B</a>");
	assert_string_equal(buf_text(&b),
			    "&lt;a href=&quot;x&quot; class=&#39;y&#39;&gt;R&amp;B&lt;/a&gt;");
	buf_clear(&b);
	html_add(&b, "");
	assert_string_equal(buf_text(&b), "");
	buf_clear(&b);
}

static void it_escapes_what_is_put_in_and_nothing_else(void **state)
{
	struct buf b = {0};

	(void)state;
	html_addf(&b, "<p title=\"%s\">%s</p>", "\"%s\"", "1 < 2");
	assert_string_equal(buf_text(&b), "<p title=\"&quot;%s&quot;\">1 &lt; 2</p>");
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_leaves_no_markup),
		cmocka_unit_test(it_escapes_what_is_put_in_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
