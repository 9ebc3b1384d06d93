/* Foreign text, figures for people, and the checks of what people type: with input of the kind that
 * a guest's owner, a damaged file or a tired hand comes up with. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/said.h"
#include "src/base/text.h"

static void clean_is(const char *foreign, gboolean lines, const char *expected)
{
    g_autofree char *clean = vd_text_clean(foreign, 0, lines);
    assert_string_equal(clean, expected);
}

static void test_clean(void **state)
{
    (void)state;
    clean_is(NULL, FALSE, "");
    clean_is("", FALSE, "");
    clean_is("web-01 & <b> \"'`", FALSE, "web-01 & <b> \"'`");
    clean_is("a\nb\tc\r", FALSE, "a b c");
    clean_is("a\nb\tc\r", TRUE, "a\nb\tc");
    /* What a terminal would obey goes: a sequence whole, of anything else the byte that begins it.
     */
    clean_is("\033[0;1;38;5;185mFailed\033[0m\033[K to", FALSE, "Failed to");
    clean_is("\033]0;owned\007\033[2J\033[31mred", FALSE, "]0;ownedred");
    clean_is("\033[31", FALSE, "[31");
    clean_is("\033[3\nx\033", FALSE, "[3 x");
    clean_is("\033[\xff", FALSE, "[\xef\xbf\xbd");
    clean_is("\xc2\x9b"
             "2J\xc2\x85\x7f\x01\b",
             FALSE, "2J");
    /* No UTF-8: each bad byte is one replacement. */
    clean_is("\xff\xfe", FALSE, "\xef\xbf\xbd\xef\xbf\xbd");
    clean_is("a\xe6\xbc", FALSE, "a\xef\xbf\xbd\xef\xbf\xbd");
    clean_is("\xc0\xaf\xed\xa0\x80", FALSE,
             "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    /* Nothing that turns the direction, hides or has no shape. */
    clean_is("a\xe2\x80\xae"
             "b\xe2\x80\x8b"
             "c\xe2\x81\xa6"
             "d\xef\xbb\xbf"
             "e\xc2\xad"
             "f\xe2\x80\xa8",
             FALSE, "abcdef");
    clean_is("\xf3\xa0\x81\x81x\xee\x80\x80y", FALSE, "xy");
    clean_is("\xe6\xbc\xa2\xe5\xad\x97 \xd0\x96", FALSE, "\xe6\xbc\xa2\xe5\xad\x97 \xd0\x96");
}

static void name_is(const char *foreign, const char *expected)
{
    g_autofree char *name = vd_text_clean_name(foreign, 0);
    assert_string_equal(name, expected);
}

/* What a name hides leaves a mark, so that it does not look like another one. */
static void shows(const char *written, const char *expected)
{
    g_autofree char *shown = vd_said_show(written);
    if (g_strcmp0(shown, expected) != 0)
        fail_msg("“%s” is not “%s”", shown, expected);
}

/* What is written down for readers of other languages: whatever the arguments are, they are never a
 * format, and what another program wrote does no harm. */
static void test_said(void **state)
{
    (void)state;
    g_autofree char *plain = vd_said("%s of %u%%, %.1f and %ld (%c) in %.*s",
                                     "%n%s\037\002x\033[2J", 7u, 2.25, G_MAXLONG, 'y', 3, "abcdef");
    shows(plain, "%n%sx of 7%, 2.2 and 9223372036854775807 (y) in abc");
    g_autofree char *one = vd_said_one("disk %s removed", "a; b");
    g_autofree char *none = vd_said_one("all removed", NULL);
    g_autofree char *both = g_strconcat(one, "; ", none, NULL);
    shows(both, "disk a; b removed; all removed");
    g_autofree char *long_arg = g_strnfill(5000, 'x'), *cut = vd_said("%s", long_arg);
    assert_true(strlen(cut) < 1010);
    shows("an older vmdeck's sentence: 100%s", "an older vmdeck's sentence: 100%s");
    shows("", "");
    assert_null(vd_said_show(NULL));
    shows("\002", "\002");
    shows("covered \033[2J; by", "covered \033[2J; by"); /* the reader's to clean, as ever */
    shows("\002covered \033[2J by\003", "covered  by");
    shows("\002\003", "");
    shows("a \002%s %s\037b\003 c", "a %s %s b c");
    shows("\002%3$s %9$d\037b\003", "%3$s %9$d b");
    shows("\002%2$s %1$s %\037b\037c\003", "c b %");
    shows("\002x\036y\0362\003", "y");
    shows("\002x\036y\0361\003", "x");
    shows("\002x\036y\036z\036z\003", "xyzz");
}

/* A sentence in a sentence: only what was asked for becomes one, and no depth does harm. */
static void test_said_in_said(void **state)
{
    (void)state;
    g_autoptr(GError) why = NULL, outer = NULL;
    vd_fail_n(&why, VD_ERR_FAILED, "%u disk of %s", "%u disks of %s", 2, 2U, "a\002b");
    assert_string_equal(why->message, "2 disks of a\002b");
    vd_error_set(&outer, VD_ERR_FAILED, NULL, "%s is not read: %s; try %s", "x", why->message, "y");
    assert_null(strstr(vd_error_written(outer), "\036"));
    vd_error_quote(&outer, why);
    assert_non_null(strstr(vd_error_written(outer), "\036"));
    shows(vd_error_written(outer), "x is not read: 2 disks of ab; try y");
    vd_error_quote(&outer, why); /* it is no such argument any more */
    shows(vd_error_written(outer), "x is not read: 2 disks of ab; try y");
    vd_error_quote(NULL, why);
    vd_error_quote(&outer, NULL);
    shows("\002a %s c %s\037\002b\037\003\037d\003", "a b c d");
    shows("\002a %s\037\002b", "\002a %s\037\002b");
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i < 5000; i++)
        g_string_append(deep, "\002%s\037");
    for (int i = 0; i < 5000; i++)
        g_string_append(deep, "\003");
    g_autofree char *shown = vd_said_show(deep->str);
    assert_true(g_str_has_prefix(shown, "%s%s"));
    assert_null(strpbrk(shown, "\002\003\037"));
}

static void more_is(const char *sentence, const char *words, const char *expected)
{
    g_autofree char *more = vd_text_more(sentence, words);
    if (g_strcmp0(more, expected) != 0)
        fail_msg("“%s” and “%s”: “%s”", sentence, words ? words : "NULL", more ? more : "NULL");
}

/* A library's words are not told twice because they have lines, or a class in front. */
static void test_more(void **state)
{
    (void)state;
    more_is("x cannot be started: no such thing", NULL, NULL);
    more_is("x cannot be started: no such thing", "", NULL);
    more_is("x cannot be started: no such thing", "no such thing", NULL);
    more_is("x cannot be started: qemu died: a b", "internal error: qemu died: a\n  b\n", NULL);
    more_is("x cannot be started: it is not there", "Domain not found: 'x'",
            "Domain not found: 'x'");
    more_is("x cannot be started: a", "a\nb", "a\nb");
    more_is("no", "internal error: ", "internal error: ");
}

static void test_clean_name(void **state)
{
    (void)state;
    name_is("web-01", "web-01");
    name_is("a space & <b>", "a space & <b>");
    name_is("web\u200b-01", "web\ufffd-01");
    name_is("\u202egnp.exe", "\ufffdgnp.exe");
    name_is("web\xc2\x9b"
            "1m",
            "web\ufffd"
            "1m");
    name_is("tab\there", "tab\ufffdhere");
    name_is("web\u00a001", "web\ufffd01");
    name_is("web-01  ", "web-01\ufffd\ufffd");
    name_is("\u6a5f\u3000\u68b0", "\u6a5f\u3000\u68b0");
    name_is("   ", "\ufffd\ufffd\ufffd");
    name_is("", "?");
    name_is(NULL, "?");
}

static void test_clean_bounds(void **state)
{
    (void)state;
    g_autofree char *many = g_strnfill(100000, 'x');
    g_autofree char *usual = vd_text_clean(many, 0, FALSE);
    assert_int_equal(strlen(usual), 4096);
    g_autofree char *few = vd_text_clean(many, 10, FALSE);
    assert_int_equal(strlen(few), 10);
    g_autofree char *all = vd_text_clean(many, G_MAXSIZE, FALSE);
    assert_int_equal(strlen(all), 100000);
    /* A tower of combining marks is cut: it would draw over its neighbours. */
    g_autoptr(GString) tower = g_string_new("e");
    for (int i = 0; i < 200; i++)
        g_string_append(tower, "\xcc\x81");
    g_string_append(tower, "z");
    g_autofree char *low = vd_text_clean(tower->str, 0, FALSE);
    assert_int_equal(g_utf8_strlen(low, -1), 6);
    assert_int_equal(vd_text_width(low), 2);
}

static void test_clean_any_bytes(void **state)
{
    (void)state;
    GRand *rand = g_rand_new_with_seed(7);
    for (int round = 0; round < 3000; round++) {
        char bytes[65];
        for (int i = 0; i < 64; i++)
            bytes[i] = (char)g_rand_int_range(rand, 1, 256);
        bytes[64] = '\0';
        g_autofree char *clean = vd_text_clean(bytes, 0, FALSE);
        assert_true(g_utf8_validate(clean, -1, NULL));
        g_autofree char *again = vd_text_clean(clean, 0, FALSE);
        assert_string_equal(clean, again);
        for (const char *c = clean; *c; c = g_utf8_next_char(c))
            assert_false(g_unichar_iscntrl(g_utf8_get_char(c)));
    }
    g_rand_free(rand);
}

static void fits(const char *text, int width, gsize bytes, int cells)
{
    int got = -1;
    assert_int_equal(vd_text_fit(text, width, &got), bytes);
    assert_int_equal(got, cells);
}

static void test_width_and_fit(void **state)
{
    (void)state;
    const char *mixed = "a\xe6\xbc\xa2"
                        "e\xcc\x81z"; /* a 漢 é z */
    assert_int_equal(vd_text_width(""), 0);
    assert_int_equal(vd_text_width(NULL), 0);
    assert_int_equal(vd_text_width(mixed), 5);
    fits(mixed, 0, 0, 0);
    fits(mixed, -3, 0, 0);
    fits(mixed, 1, 1, 1);
    /* Half of a wide character does not fit, a mark goes with its letter. */
    fits(mixed, 2, 1, 1);
    fits(mixed, 3, 4, 3);
    fits(mixed, 4, 7, 4);
    fits(mixed, 100, 8, 5);
    fits(NULL, 5, 0, 0);
    assert_int_equal(vd_text_fit("abc", 2, NULL), 2);
}

/* ---- figures ---- */

static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        guint64 bytes;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1.0K"},
                 {1024, "1.0K"},
                 {10239, "10K"},
                 {1610612736, "1.5G"},
                 {G_GUINT64_CONSTANT(1023) << 30, "1.0T"},
                 {G_MAXUINT64, "16E"}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = vd_format_bytes(cases[i].bytes);
        assert_string_equal(text, cases[i].text);
    }
    for (guint shift = 0; shift < 64; shift++)
        for (int off = -1; off <= 1; off++) {
            g_autofree char *text =
                vd_format_bytes((G_GUINT64_CONSTANT(1) << shift) + (guint64)off);
            assert_in_range(strlen(text), 1, 5);
        }
    g_autofree char *size = vd_format_size(1610612736);
    assert_string_equal(size, "1.5 GiB");
    g_autofree char *whole = vd_format_size(G_GUINT64_CONSTANT(20) << 30);
    assert_string_equal(whole, "20 GiB");
    g_autofree char *most = vd_format_size(G_MAXUINT64);
    assert_string_equal(most, "16 EiB");
}

static void test_duration(void **state)
{
    (void)state;
    static const struct {
        gint64 usec;
        const char *text;
    } cases[] = {{-5, "0.0s"},
                 {300000, "0.3s"},
                 {41000000, "41s"},
                 {G_GINT64_CONSTANT(120000000), "2m"},
                 {G_GINT64_CONSTANT(3) * 3600 * G_USEC_PER_SEC, "3h"},
                 {G_MAXINT64, "9999d"}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = vd_format_duration(cases[i].usec);
        assert_in_range(strlen(text), 1, 5);
        assert_string_equal(text, cases[i].text);
    }
}

static void test_latency(void **state)
{
    (void)state;
    static const struct {
        gint64 usec;
        const char *text;
    } cases[] = {{-5, "0.0 ms"},   {400, "0.4 ms"},    {9949, "9.9 ms"}, {9950, "10 ms"},
                 {12345, "12 ms"}, {999499, "999 ms"}, {999500, "1.0s"}, {20000000, "20s"}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = vd_format_latency(cases[i].usec);
        assert_string_equal(text, cases[i].text);
    }
}

static void size_is(const char *text, guint64 expected)
{
    guint64 bytes = 0;
    GError *error = NULL;
    if (!vd_parse_size(text, &bytes, &error))
        fail_msg("%s: %s", text, error->message);
    assert_true(bytes == expected);
}

static void test_parse_size(void **state)
{
    (void)state;
    size_is("0", 0);
    size_is("1048576", 1048576);
    size_is("512M", 512 << 20);
    size_is("20G", G_GUINT64_CONSTANT(20) << 30);
    size_is("20g", G_GUINT64_CONSTANT(20) << 30);
    size_is("20GiB", G_GUINT64_CONSTANT(20) << 30);
    size_is("7E", G_GUINT64_CONSTANT(7) << 60);
    const char *const bad[] = {"",
                               " ",
                               "G",
                               "-1",
                               "+5G",
                               "1.5G",
                               "20 G",
                               " 20G",
                               "20GG",
                               "0x10",
                               "20G\n",
                               "1e3",
                               "20Gx",
                               "2O",
                               "8E",
                               "16E",
                               "99999999999999999999",
                               "\xd9\xa3G",
                               "20G;rm",
                               "NaN",
                               "17179869184G"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        guint64 bytes = 77;
        g_autoptr(GError) error = NULL;
        if (vd_parse_size(bad[i], &bytes, &error))
            fail_msg("'%s' was taken for %" G_GUINT64_FORMAT, bad[i], bytes);
        assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
        assert_int_equal(bytes, 77);
    }
    assert_false(vd_parse_size(NULL, &(guint64){0}, NULL));
}

/* ---- checks ---- */

typedef gboolean (*Check)(const char *text, GError **error);

static void all_are(Check check, gboolean good, const char *const *texts)
{
    for (; *texts; texts++) {
        g_autoptr(GError) error = NULL;
        if (check(*texts, &error) != good)
            fail_msg("'%s': %s", *texts, good ? error->message : "was accepted");
        assert_true(good == (error == NULL));
    }
}

static void test_hostname(void **state)
{
    (void)state;
    g_autofree char *label = g_strnfill(63, 'a');
    g_autofree char *label64 = g_strnfill(64, 'a');
    g_autofree char *long253 = g_strjoin(".", label, label, label, NULL);
    g_autofree char *most = g_strconcat(long253, ".", label + 2, NULL);
    g_autofree char *more = g_strconcat(most, "a", NULL);
    assert_int_equal(strlen(most), 253);
    const char *const good[] = {
        "a", "db-07", "db-07.example.org", "3com.com", "0", "A-b.C", "xn--tst", label, most, NULL};
    const char *const bad[] = {"",          "-a",    "a-",  "a..b", ".a",  "a.",   "a-.b",
                               "a.-b",      "a_b",   "a b", "a\n",  "a/b", "$(x)", "a;b",
                               "h\xc3\xa4", label64, more,  "a\tb", "a'b", "*",    NULL};
    all_are(vd_check_hostname, TRUE, good);
    all_are(vd_check_hostname, FALSE, bad);
    assert_false(vd_check_hostname(NULL, NULL));
}

static void test_vm_name(void **state)
{
    (void)state;
    g_autofree char *most = g_strnfill(64, 'a');
    g_autofree char *more = g_strnfill(65, 'a');
    const char *const good[] = {"a", "db-07", "Web_1.test+x", "0", "_x", most, NULL};
    const char *const bad[] = {"",         "-a",   ".",   "..",  ".a",  "a/b", "../a", "a b",
                               "a\n",      "a'b",  "a\"", "a&b", "<a>", "a;b", "a$b",  "\033[2J",
                               "\xc3\xa4", "a\\b", "a,b", "a=b", "a:b", more,  NULL};
    all_are(vd_check_vm_name, TRUE, good);
    all_are(vd_check_vm_name, FALSE, bad);
    assert_false(vd_check_vm_name(NULL, NULL));
}

static void test_password(void **state)
{
    (void)state;
    g_autofree char *most = g_strnfill(512, 'p');
    g_autofree char *more = g_strnfill(513, 'p');
    g_autofree char *all = g_malloc0(256);
    for (int i = 1, at = 0; i < 256; i++)
        if (i != '\n')
            all[at++] = (char)i;
    const char *const good[] = {
        "x", " ", "'\"`$\\!;&|<>*?[]{}()#~%", "\xff\xfe", "\t\r\033", ":", all, most, NULL};
    const char *const bad[] = {"", "\n", "a\nb", more, NULL};
    all_are(vd_check_password, TRUE, good);
    all_are(vd_check_password, FALSE, bad);
    assert_false(vd_check_password(NULL, NULL));
}

static void test_timezone(void **state)
{
    (void)state;
    const char *const good[] = {"UTC",       "Europe/Berlin", "America/Argentina/Buenos_Aires",
                                "Etc/GMT+1", "Etc/GMT-14",    NULL};
    const char *const bad[] = {"",
                               "/etc/shadow",
                               "../../etc/shadow",
                               "Europe/../../x",
                               "Europe/",
                               "Europe//Berlin",
                               "Europe/Ber lin",
                               "UTC\n",
                               "$(id)",
                               "+1",
                               ".",
                               "a;b",
                               "-x",
                               NULL};
    all_are(vd_check_timezone, TRUE, good);
    all_are(vd_check_timezone, FALSE, bad);
    assert_false(vd_check_timezone(NULL, NULL));
}

static void test_mask_password(void **state)
{
    (void)state;
    static const struct {
        const char *given, *shown;
    } cases[] = {
        {"qemu+tcp://user:secret@host/system", "qemu+tcp://user:…@host/system"},
        {"qemu+tcp://user:se@cr:et@host:1/system", "qemu+tcp://user:…@host:1/system"},
        {"qemu+ssh://user@host:22/system?socket=/a:b@c",
         "qemu+ssh://user@host:22/system?socket=/a:b@c"},
        {"http://:secret@", "http://:…@"},
        {"qemu:///system", "qemu:///system"},
        {"a:b@c", "a:b@c"},
        {"", ""},
        {NULL, ""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = vd_text_mask_password(cases[i].given);
        assert_string_equal(shown, cases[i].shown);
    }
}

static void test_request_ids(void **state)
{
    (void)state;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < 1000; i++) {
        char *id = vd_request_id_new();
        assert_true(vd_request_id_valid(id));
        g_hash_table_add(seen, id);
    }
    /* 2^30 of them: among 1,000 a pair is a chance of one in two thousand, three are none. */
    assert_in_range(g_hash_table_size(seen), 998, 1000);
    const char *const bad[] = {"",         "r-",       "r-7K2M9",  "r-7K2M9QQ",
                               "R-7K2M9Q", "r-7k2m9q", "r-7K2M9I", "r-../../x",
                               "r-7K2M9/", "r 7K2M9Q", "r-7K2M9\n"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_false(vd_request_id_valid(bad[i]));
    assert_false(vd_request_id_valid(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_said),
        cmocka_unit_test(test_said_in_said),
        cmocka_unit_test(test_more),
        cmocka_unit_test(test_clean_name),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_clean_bounds),
        cmocka_unit_test(test_clean_any_bytes),
        cmocka_unit_test(test_width_and_fit),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_parse_size),
        cmocka_unit_test(test_hostname),
        cmocka_unit_test(test_vm_name),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_timezone),
        cmocka_unit_test(test_request_ids),
        cmocka_unit_test(test_mask_password),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
