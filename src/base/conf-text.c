/* See conf-text.h. */
#include "config.h"

#include <string.h>

#include "src/base/conf-scan.h"
#include "src/base/conf-text.h"
#include "src/base/files.h"
#include "src/base/i18n.h"

enum { LARGEST_FILE = 1 << 20, LARGEST_TEXT = 4 << 20, DEEPEST = 10 };

typedef struct {
    VdConfText *to;
    GString *out;
    GPtrArray *open; /* the files that are being read, whole paths */
    gboolean whole;
    VdConfTold told;
    gpointer data;
} Maker;

static gboolean read_into(Maker *maker, const char *file, GError **error);

/* The line it ends in. */
static int put(Maker *maker, guint file, int line, const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (maker->out->len == 0 || maker->out->str[maker->out->len - 1] == '\n') {
            VdConfLine place = {file, line};
            g_array_append_val(maker->to->lines, place);
        }
        /* A NUL would end the text unseen; libconfig takes no such sign. */
        g_string_append_c(maker->out, text[i] ? text[i] : '\001');
        line += text[i] == '\n';
    }
    return line;
}

/* sentence: taken over. */
static void tell(Maker *maker, guint file, int line, char *sentence)
{
    maker->whole = FALSE;
    maker->told(g_ptr_array_index(maker->to->files, file), line, sentence, maker->data);
    g_free(sentence);
}

static void include(Maker *maker, guint from, int line, const char *name)
{
    /* It may have been given as a name in the working directory. */
    g_autofree char *here =
        g_canonicalize_filename(g_ptr_array_index(maker->to->files, from), NULL);
    g_autofree char *folder = g_path_get_dirname(here);
    g_autofree char *path = g_canonicalize_filename(name, folder);
    gboolean again = maker->open->len >= DEEPEST || maker->out->len > LARGEST_TEXT;
    for (guint i = 0; i < maker->open->len; i++)
        again = again || strcmp(g_ptr_array_index(maker->open, i), path) == 0;
    if (again)
        tell(maker, from, line,
             g_strdup_printf(_("@include “%s”: files include each other without end; expected one "
                               "that does not lead back here"),
                             name));
    else if (!read_into(maker, path, NULL))
        tell(maker, from, line,
             g_strdup_printf(_("@include “%s”: the file cannot be read; expected a file beside "
                               "this one, or a whole path"),
                             name));
}

static gboolean read_into(Maker *maker, const char *file, GError **error)
{
    gsize length = 0, at = 0;
    g_autofree char *text = vd_file_read(file, LARGEST_FILE, &length, error);
    g_autoptr(GArray) includes = vd_conf_scan_includes(text ? text : "");
    guint number = maker->to->files->len;
    int line = 1;
    if (!text)
        return FALSE;
    g_ptr_array_add(maker->to->files, g_strdup(file));
    g_ptr_array_add(maker->open, g_canonicalize_filename(file, NULL));
    for (guint i = 0; i < includes->len; i++) {
        const VdConfInclude *found = &g_array_index(includes, VdConfInclude, i);
        line = put(maker, number, line, text + at, found->all.from - at);
        include(maker, number, line, found->name);
        if (maker->out->len > 0 && maker->out->str[maker->out->len - 1] != '\n')
            put(maker, number, line, "\n", 1);
        at = found->all.to;
    }
    put(maker, number, line, text + at, length - at);
    g_ptr_array_set_size(maker->open, (gint)maker->open->len - 1);
    return TRUE;
}

gboolean vd_conf_text_read(const char *file, VdConfText *ret, gboolean *ret_whole, VdConfTold told,
                           gpointer data)
{
    g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func(g_free);
    Maker maker = {.to = ret, .open = open, .whole = TRUE, .told = told, .data = data};
    *ret = (VdConfText){.files = g_ptr_array_new_with_free_func(g_free),
                        .lines = g_array_new(FALSE, FALSE, sizeof(VdConfLine))};
    maker.out = g_string_new(NULL);
    gboolean read = read_into(&maker, file, NULL);
    ret->text = g_string_free(maker.out, !read);
    *ret_whole = maker.whole;
    return read;
}

void vd_conf_text_clear(VdConfText *text)
{
    g_clear_pointer(&text->text, g_free);
    g_clear_pointer(&text->files, g_ptr_array_unref);
    g_clear_pointer(&text->lines, g_array_unref);
}

const char *vd_conf_text_file(const VdConfText *text, int line, int *ret_line)
{
    guint last = text->lines->len;
    *ret_line = 0;
    if (line < 1 || last == 0)
        return text->files->len ? g_ptr_array_index(text->files, 0) : NULL;
    /* What is missing at the end is missed one line behind it. */
    const VdConfLine *found = &g_array_index(text->lines, VdConfLine, MIN((guint)line, last) - 1);
    *ret_line = found->line + ((guint)line > last);
    return g_ptr_array_index(text->files, found->file);
}
