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

static char *text_of(const char *name, const char *why, VdFormat format)
{
    VdDoc *doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TABLE, "rows", "Rows", columns, 3);
    char **row = vd_section_row(section);
    vd_row_text(row, 0, name);
    vd_row_size(row, 1, 1536 * 1024);
    vd_row_text(row, 2, why);
    g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_doc_unref);
    g_ptr_array_add(docs, doc);
    return vd_docs_text(docs, format);
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

static void escapes_never_reach_the_terminal(void **state)
{
    (void)state;
    for (int format = VD_FORMAT_TABLE; format <= VD_FORMAT_CSV; format++) {
        g_autofree char *text = text_of("x\033[31m\007\u202ey", NULL, (VdFormat)format);
        assert_null(strchr(text, '\033'));
        assert_null(strchr(text, '\007'));
        assert_null(strstr(text, "\u202e"));
    }
}

int main(void)
{
    /* Tables are drawn in the locale's characters. */
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_align_by_cells),
        cmocka_unit_test(csv_quotes),
        cmocka_unit_test(json_has_types),
        cmocka_unit_test(escapes_never_reach_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
