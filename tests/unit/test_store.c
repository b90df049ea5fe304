/* catalogue/store: paths, capabilities, ETags, links */
#include "catalogue/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct uuid track = {"ab0c1d2e-0000-4000-8000-000000000001"};
static const uint8_t secret[32] = {1, 2, 3};

/* A folder of its own with store/ and site/media/ in it. */
static int make_place(void **state)
{
	static struct conf conf;
	char root[] = "/tmp/drift-store-XXXXXX";

	assert_non_null(mkdtemp(root));
	assert_int_equal(chdir(root), 0);
	snprintf(conf.store, sizeof(conf.store), "%s/store", root);
	snprintf(conf.media, sizeof(conf.media), "%s/site/media", root);
	conf.private_hours = 12;
	assert_int_equal(mkdir("store", 0755) | mkdir("site", 0755) | mkdir("site/media", 0755), 0);
	*state = &conf;
	return 0;
}

static int remove_place(void **state)
{
	(void)state;
	return system("rm -r \"$PWD\"") ? -1 : 0;
}

static void it_names_files_by_ids_only(void **state)
{
	const struct conf conf = {.store = "/s"};
	const struct uuid upload = {"ffffffff-0000-4000-8000-000000000002"};

	(void)state;
	assert_string_equal(store_version(&conf, &track, 3).text,
			    "/s/ab/ab0c1d2e-0000-4000-8000-000000000001/v3");
	assert_string_equal(store_file(&conf, &track, 12, "source.wav").text,
			    "/s/ab/ab0c1d2e-0000-4000-8000-000000000001/v12/source.wav");
	assert_string_equal(store_upload(&conf, &upload).text,
			    "/s/upload/ffffffff-0000-4000-8000-000000000002");
}

static void it_makes_a_version_folder_once_and_again(void **state)
{
	struct conf *conf = *state;
	mode_t before = umask(077);
	struct store_path path;
	struct stat st;

	assert_int_equal(store_make_version(conf, &track, 1, &path), DRIFT_OK);
	assert_int_equal(store_make_version(conf, &track, 1, &path), DRIFT_OK);
	umask(before);
	assert_string_equal(path.text, store_version(conf, &track, 1).text);
	assert_int_equal(stat(path.text, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(stat("store/ab", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
}

static void it_makes_no_version_where_there_is_no_store(void **state)
{
	struct conf conf = *(struct conf *)*state;
	struct store_path path = {"untouched"};

	strcat(conf.store, "/away");
	assert_int_equal(store_make_version(&conf, &track, 1, &path), DRIFT_EIO);
	assert_string_equal(path.text, "untouched");
}

/* printf 'ab0c…01/1/0' | openssl dgst -sha256 -mac HMAC -macopt hexkey:010203000… */
static void it_writes_the_token_that_openssl_writes(void **state)
{
	(void)state;
	assert_string_equal(store_token(secret, &track, 1, 0).text,
			    "4d990b3eb317020b9f1c7dfed17cd7ba");
}

static void it_has_another_token_for_whatever_differs(void **state)
{
	const struct uuid other = {"ab0c1d2e-0000-4000-8000-000000000002"};
	const uint8_t another[32] = {1, 2, 4};
	struct store_token t = store_token(secret, &track, 1, 0);

	(void)state;
	assert_string_not_equal(t.text, store_token(secret, &track, 2, 0).text);
	assert_string_not_equal(t.text, store_token(secret, &track, 1, 1).text);
	assert_string_not_equal(store_token(secret, &track, 1, 2).text,
				store_token(secret, &track, 1, 1).text);
	assert_string_not_equal(t.text, store_token(secret, &other, 1, 0).text);
	assert_string_not_equal(t.text, store_token(another, &track, 1, 0).text);
}

static void it_marks_the_tokens_of_private_tracks(void **state)
{
	(void)state;
	assert_int_not_equal(store_token(secret, &track, 1, 0).text[0], STORE_TOKEN_PRIVATE);
	assert_int_equal(store_token(secret, &track, 1, 1).text[0], STORE_TOKEN_PRIVATE);
	assert_int_equal(strlen(store_token(secret, &track, 1, 1).text), STORE_TOKEN_LEN);
}

static void it_lets_only_private_tokens_expire(void **state)
{
	const struct conf conf = {.private_hours = 12};

	(void)state;
	assert_int_equal(store_epoch(&conf, false, 1767225600), 0);
	assert_int_equal(store_epoch(&conf, true, 43199), 0);
	assert_int_equal(store_epoch(&conf, true, 43200), 1);
	assert_int_equal(store_epoch(&conf, true, 1767225600), 40908);
}

static void it_links_by_a_way_that_moves_with_the_site(void **state)
{
	struct conf *conf = *state;
	struct store_token token = store_token(secret, &track, 1, 0);
	char link[PATH_MAX], target[PATH_MAX] = "";
	struct store_path path;

	assert_int_equal(store_make_version(conf, &track, 1, &path), DRIFT_OK);
	assert_int_equal(store_link(conf, &token, &track, 1), DRIFT_OK);
	snprintf(link, sizeof(link), "site/media/%s", token.text);
	assert_true(readlink(link, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "../../store/ab/ab0c1d2e-0000-4000-8000-000000000001/v1");
	assert_int_equal(access(link, X_OK), 0);
	assert_int_equal(store_link(conf, &token, &track, 1), DRIFT_OK);
}

static void it_mends_a_link_that_points_elsewhere(void **state)
{
	struct conf *conf = *state;
	struct store_token token = store_token(secret, &track, 1, 0);
	char link[PATH_MAX], target[PATH_MAX] = "";
	struct store_path path;

	snprintf(link, sizeof(link), "site/media/%s", token.text);
	assert_int_equal(store_make_version(conf, &track, 1, &path), DRIFT_OK);
	assert_int_equal(symlink("/gone", link), 0);
	assert_int_equal(store_link(conf, &token, &track, 1), DRIFT_OK);
	assert_true(readlink(link, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "../../store/ab/ab0c1d2e-0000-4000-8000-000000000001/v1");
}

static void it_links_only_what_is_there(void **state)
{
	struct store_token token = store_token(secret, &track, 9, 0);

	assert_int_equal(store_link(*state, &token, &track, 9), DRIFT_EIO);
}

static void it_takes_a_link_away(void **state)
{
	struct conf *conf = *state;
	struct store_token token = store_token(secret, &track, 1, 0);
	struct store_path path;
	char link[PATH_MAX];

	snprintf(link, sizeof(link), "site/media/%s", token.text);
	assert_int_equal(store_make_version(conf, &track, 1, &path), DRIFT_OK);
	assert_int_equal(store_link(conf, &token, &track, 1), DRIFT_OK);
	store_unlink(conf, &token);
	store_unlink(conf, &token);
	assert_int_not_equal(access(link, F_OK), 0);
	assert_int_equal(access(path.text, F_OK), 0);
}

static void it_writes_the_etag_of_apache(void **state)
{
	(void)state;
	assert_string_equal(store_etag(1048576, 1767225600000000).text, "\"100000-6474846204000\"");
	assert_string_equal(store_etag(0, 0).text, "\"0-0\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_names_files_by_ids_only),
		cmocka_unit_test_setup_teardown(it_makes_a_version_folder_once_and_again,
						make_place, remove_place),
		cmocka_unit_test_setup_teardown(it_makes_no_version_where_there_is_no_store,
						make_place, remove_place),
		cmocka_unit_test(it_writes_the_token_that_openssl_writes),
		cmocka_unit_test(it_has_another_token_for_whatever_differs),
		cmocka_unit_test(it_marks_the_tokens_of_private_tracks),
		cmocka_unit_test(it_lets_only_private_tokens_expire),
		cmocka_unit_test_setup_teardown(it_links_by_a_way_that_moves_with_the_site,
						make_place, remove_place),
		cmocka_unit_test_setup_teardown(it_mends_a_link_that_points_elsewhere, make_place,
						remove_place),
		cmocka_unit_test_setup_teardown(it_links_only_what_is_there, make_place,
						remove_place),
		cmocka_unit_test_setup_teardown(it_takes_a_link_away, make_place, remove_place),
		cmocka_unit_test(it_writes_the_etag_of_apache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
