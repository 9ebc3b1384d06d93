/* Documents as tables, JSON and CSV. */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/cli/private.h"

static const VdColumn columns[] = {
    {"name", "Name", VD_COL_TEXT},
    {"size", "Size", VD_COL_SIZE},
    {"why", "Why", VD_COL_TEXT},
};

static char *text_for(const char *name, const char *why, VdFormat format, int width)
{
    VdDoc *doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TABLE, "rows", "Rows", columns, 3);
    char **row = vd_section_row(section);
    vd_row_text(row, 0, name);
    vd_row_size(row, 1, 1536 * 1024);
    vd_row_text(row, 2, why);
    g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_doc_unref);
    g_ptr_array_add(docs, doc);
    return vd_docs_text(docs, format, width);
}

static char *text_of(const char *name, const char *why, VdFormat format)
{
    return text_for(name, why, format, 0);
}

static void tables_align_by_cells(void **state)
{
    (void)state;
    g_autofree char *text = text_of("日本", NULL, VD_FORMAT_TABLE);
    /* Four cells wide; the column that says nothing is left out. */
    assert_string_equal(text, "Name     Size\n日本  1.5 MiB\n");
}

static void csv_quotes(void **state)
{
    (void)state;
    g_autofree char *text = text_of("a,\"b\"", "x\ny", VD_FORMAT_CSV);
    assert_string_equal(text, "name,size,why\r\n\"a,\"\"b\"\"\",1572864,\"x\ny\"\r\n");
}

static void json_has_types(void **state)
{
    (void)state;
    g_autofree char *text = text_of("a\"\\", NULL, VD_FORMAT_JSON);
    assert_non_null(strstr(text, "\"size\" : 1572864"));
    assert_non_null(strstr(text, "\"why\" : null"));
    assert_non_null(strstr(text, "\"a\\\"\\\\\""));
}

/* A table that is too wide for the terminal is continued below, column by column; nothing is lost,
 * and no line is longer. For a pipe it is whole. */
static void tables_fit_the_terminal(void **state)
{
    (void)state;
    g_autofree char *whole =
        text_for("web-01", "It is not so, as everybody knows.", VD_FORMAT_TABLE, 0);
    g_autofree char *narrow =
        text_for("web-01", "It is not so, as everybody knows.", VD_FORMAT_TABLE, 35);
    assert_string_equal(whole, "Name       Size  Why\n"
                               "web-01  1.5 MiB  It is not so, as everybody knows.\n");
    assert_string_equal(narrow, "Name       Size  Why\n"
                                "web-01  1.5 MiB  It is not so, as\n"
                                "                 everybody knows.\n");
    g_autofree char *below =
        text_for("web-01-of-a-long-name", "It is not so, as everybody knows.", VD_FORMAT_TABLE, 34);
    assert_string_equal(below, "Name                      Size\n"
                               "web-01-of-a-long-name  1.5 MiB\n"
                               "    Why: It is not so, as\n"
                               "    everybody knows.\n");
    g_autofree char *long_name = text_for("日本日本日本日本日本", NULL, VD_FORMAT_TABLE, 20);
    assert_string_equal(long_name, "Name            Size\n"
                                   "日本日本日   1.5 MiB\n"
                                   "本日本日本\n");
    g_autofree char *tiny = text_for("web-01", "x", VD_FORMAT_TABLE, 1);
    assert_non_null(strstr(tiny, "1.5 MiB"));
}

/* Longer than forty cells, in a row that is not the last column's: the others still stand below
 * each other. */
static void tables_align_beyond_any_width(void **state)
{
    (void)state;
    g_autofree char *name = g_strnfill(60, 'n');
    g_autofree char *text = text_for(name, "why", VD_FORMAT_TABLE, 0);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    assert_int_equal(strstr(lines[0], "Why") - lines[0], strstr(lines[1], "why") - lines[1]);
}

/* One name beyond all measure among many does not push their columns off the screen: it sticks out
 * by itself, whole, in a file or a pipe as well. */
static void one_name_widens_no_table(void **state)
{
    (void)state;
    VdDoc *doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TABLE, "rows", "Rows", columns, 3);
    g_autofree char *name = g_strnfill(200, 'n');
    for (int i = 0; i < 3; i++) {
        char **row = vd_section_row(section);
        vd_row_text(row, 0, i == 1 ? name : "web");
        vd_row_size(row, 1, 1024);
        vd_row_text(row, 2, "why");
    }
    g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_doc_unref);
    g_ptr_array_add(docs, doc);
    g_autofree char *text = vd_docs_text(docs, VD_FORMAT_TABLE, 0);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    assert_true(strlen(lines[1]) < 90);
    assert_int_equal(strlen(lines[1]), strlen(lines[3]));
    assert_int_equal(strstr(lines[0], "Why") - lines[0], strstr(lines[1], "why") - lines[1]);
    assert_true(g_str_has_prefix(lines[2], name));
}

/* A column of each kind that is a number, in its form for programs. */
static char *figures_of(double percent, gint64 usec, VdFormat format)
{
    static const VdColumn kinds[] = {{"done", "Done", VD_COL_PERCENT},
                                     {"took", "Took", VD_COL_DURATION},
                                     {"at", "At", VD_COL_TIME},
                                     {"name", "Name", VD_COL_TEXT}};
    VdDoc *doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_FIELDS, "row", "Row", kinds, 4);
    char **row = vd_section_row(section);
    vd_row_double(row, 0, percent);
    vd_row_int(row, 1, usec);
    vd_row_int(row, 2, 1700000000);
    vd_row_text(row, 3, "1.6399999999999999 \"-2.50\" \\");
    g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_doc_unref);
    g_ptr_array_add(docs, doc);
    return vd_docs_text(docs, format, 0);
}

/* As people would write them; what looks like one within a text is a text. */
static void numbers_are_short_and_times_seconds(void **state)
{
    (void)state;
    g_autofree char *json = figures_of(1.64, 113250000, VD_FORMAT_JSON);
    assert_non_null(strstr(json, "\"done\" : 1.64,"));
    assert_non_null(strstr(json, "\"took\" : 113.25,"));
    assert_non_null(strstr(json, "\"at\" : 1700000000,"));
    assert_non_null(strstr(json, "\"1.6399999999999999 \\\"-2.50\\\" \\\\\""));
    g_autofree char *whole = figures_of(100, 2000000, VD_FORMAT_JSON);
    assert_non_null(strstr(whole, "\"done\" : 100.0,"));
    assert_non_null(strstr(whole, "\"took\" : 2.0,"));
    g_autofree char *csv = figures_of(1.64, 113250000, VD_FORMAT_CSV);
    assert_non_null(strstr(csv, "\r\n1.64,113.250,1700000000,"));
    g_autofree char *table = figures_of(1.64, 113250000, VD_FORMAT_TABLE);
    assert_non_null(strstr(table, "1m53s"));
}

/* What programs get is the text itself: control characters by their numbers in JSON; CSV, which
 * goes on to terminals by many tools, has them replaced, what turns the order of letters round, and
 * bytes that are no text. */
static void programs_get_the_exact_name(void **state)
{
    (void)state;
    static const char name[] = "x\033[31m\u202ey\u200b\U000e0041 ";
    g_autofree char *json = text_of(name, NULL, VD_FORMAT_JSON);
    g_autofree char *csv = text_of(name, NULL, VD_FORMAT_CSV);
    assert_non_null(strstr(json, "\"x\\u001b[31m\\u202ey\\u200b\\udb40\\udc41 \""));
    assert_non_null(strstr(csv, "\r\n\"x\uFFFD[31m\uFFFDy\u200b\U000e0041 \",1572864,\r\n"));
    g_autofree char *odd = text_of("a\xc2\x9b"
                                   "b\x9b"
                                   "c\x7f\xc2\x85"
                                   "d\te",
                                   NULL, VD_FORMAT_CSV);
    assert_non_null(strstr(odd, "\r\n\"a\uFFFDb\uFFFDc\uFFFD\uFFFDd\te\",1572864,\r\n"));
    g_autofree char *bytes = text_of("a\xff", NULL, VD_FORMAT_JSON);
    assert_true(g_utf8_validate(bytes, -1, NULL));
    assert_non_null(strstr(bytes, "\"name\" : \"a\uFFFD\""));
    assert_non_null(strstr(bytes, "\"name_base64\" : \"Yf8=\""));
    assert_null(strstr(json, "base64"));
}

/* People see that something stands there that is not shown, however long the path is. */
static void a_path_hides_nothing(void **state)
{
    static const VdColumn only[] = {{"path", "Path", VD_COL_TEXT}};
    g_autofree char *deep = g_strnfill(600, 'd');
    g_autofree char *path = g_strconcat("/p\xc2\x9b"
                                        "q/",
                                        deep, NULL);
    g_autofree char *expected = g_strconcat("/p\uFFFDq/", deep, NULL);
    g_autoptr(VdDoc) doc = vd_doc_new();
    char **row = vd_section_row(vd_doc_section(doc, VD_SECTION_TABLE, "volumes", "", only, 1));
    (void)state;
    vd_row_path(row, 0, path);
    assert_string_equal(row[0], expected);
    assert_string_equal(vd_row_exact(row, 0), path);
    vd_row_path(row, 0, "");
    assert_null(row[0]);
}

static void escapes_never_reach_the_terminal(void **state)
{
    (void)state;
    for (int format = VD_FORMAT_TABLE; format <= VD_FORMAT_CSV; format++) {
        g_autofree char *text = text_for("x\033[31m\007\u202ey", NULL, (VdFormat)format, 80);
        assert_null(strchr(text, '\033'));
        assert_null(strchr(text, '\007'));
        assert_null(strstr(text, "\u202e"));
    }
}

static VdDoc *doc_of(const char *name)
{
    VdDoc *doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TABLE, "rows", "Rows", columns, 3);
    char **row = vd_section_row(section);
    vd_row_text(row, 0, name);
    vd_row_size(row, 1, 1536 * 1024);
    return doc;
}

/* What comes later has its room from the beginning, where it is known to come. */
static void parts_stand_under_each_other(void **state)
{
    (void)state;
    g_autoptr(VdDoc) first = doc_of("a"), later = doc_of("a-long-name");
    g_autoptr(GString) out = g_string_new(NULL);
    VdTableForm form = {.least = {[0] = 11}};
    vd_table_part(out, first, 30, &form);
    form.begun = TRUE;
    vd_table_part(out, later, 30, &form);
    assert_string_equal(out->str, "Name            Size  Why\n"
                                  "a            1.5 MiB\n"
                                  "a-long-name  1.5 MiB\n");
}

int main(void)
{
    /* Tables are drawn in the locale's characters. */
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_stand_under_each_other),
        cmocka_unit_test(tables_align_by_cells),
        cmocka_unit_test(csv_quotes),
        cmocka_unit_test(json_has_types),
        cmocka_unit_test(tables_fit_the_terminal),
        cmocka_unit_test(tables_align_beyond_any_width),
        cmocka_unit_test(one_name_widens_no_table),
        cmocka_unit_test(numbers_are_short_and_times_seconds),
        cmocka_unit_test(programs_get_the_exact_name),
        cmocka_unit_test(a_path_hides_nothing),
        cmocka_unit_test(escapes_never_reach_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
