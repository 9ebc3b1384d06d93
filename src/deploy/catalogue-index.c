/* virt-builder's index (virt-builder(1), "Creating your own signed repository"): sections with
 * `key=value` and `key[sub]=value`, lines that begin with a blank go on with the one before. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/catalogue.h"

#define LINE_LONGEST  (64 * 1024)
#define FIELDS_MOST   64
#define VALUE_LONGEST (128 * 1024)

typedef struct {
    VdCatalogue *catalogue;
    const char *base;
    char *section;      /* or NULL: none has begun */
    GHashTable *fields; /* char * → GString */
    GString *last;      /* the value that a continuation goes on with; borrowed */
} Reader;

static void string_free(gpointer data)
{
    g_string_free(data, TRUE);
}

static const char *field(Reader *reader, const char *name)
{
    GString *value = g_hash_table_lookup(reader->fields, name);

    return value && value->len > 0 ? value->str : NULL;
}

/* TRUE if the field is missing or is a size that can be. */
static gboolean read_size(Reader *reader, const char *name, guint64 *ret)
{
    const char *text = field(reader, name);

    *ret = 0;
    return !text || g_ascii_string_to_unsigned(text, 10, 1, VD_OFFER_LARGEST, ret, NULL);
}

static char *clean_field(Reader *reader, const char *name, gsize most)
{
    const char *text = field(reader, name);

    return text ? vd_text_clean(text, most, FALSE) : NULL;
}

/* Fills in what can be wrong; why not, or NULL. */
static const char *fill(Reader *reader, VdOffer *offer)
{
    const char *file = field(reader, "file");
    const char *digest = field(reader, "checksum[sha512]");
    const char *format = field(reader, "format");

    if (!digest)
        digest = field(reader, "checksum");
    if (!file)
        return _("no file is named");
    offer->url = vd_catalogue_url(reader->base, file);
    if (!offer->url)
        return _("its file is not below the index");
    offer->digest_kind = g_strdup("sha512");
    offer->digest = vd_catalogue_digest("sha512", digest);
    if (!offer->digest)
        return _("it has no SHA-512 digest");
    if (!read_size(reader, "size", &offer->virtual_size))
        return _("its disk has a size that no disk has");
    if (!read_size(reader, "compressed_size", &offer->file_size))
        return _("its file has a size that no file has");
    if (format && !g_str_equal(format, "raw") && !g_str_equal(format, "qcow2"))
        return _("its format is neither raw nor qcow2");
    offer->format = g_strdup(format);
    return NULL;
}

static void end_section(Reader *reader)
{
    g_autoptr(VdOffer) offer = NULL;
    const char *why, *hidden;

    if (!reader->section)
        return;
    offer = vd_offer_new();
    offer->name = g_strdup(reader->section);
    hidden = field(reader, "hidden");
    why = fill(reader, offer);
    offer->title = clean_field(reader, "name", 120);
    offer->arch = clean_field(reader, "arch", 20);
    offer->notes = clean_field(reader, "notes", 400);
    offer->tags = clean_field(reader, "aliases", 200);
    offer->revision = clean_field(reader, "revision", 40);
    if (!offer->revision)
        offer->revision = g_strdup("1");
    if (why)
        vd_catalogue_leave_out(reader->catalogue, reader->section, why);
    else if (!hidden || !g_str_equal(hidden, "true"))
        vd_catalogue_add(reader->catalogue, g_steal_pointer(&offer));
    g_clear_pointer(&reader->section, g_free);
    g_hash_table_remove_all(reader->fields);
    reader->last = NULL;
}

static gboolean begin_section(Reader *reader, const char *line, GError **error)
{
    gsize length = strlen(line);

    end_section(reader);
    if (length < 3 || line[length - 1] != ']')
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("it has a line that begins a section and does not end"));
    reader->section = g_strndup(line + 1, MIN(length - 2, 200));
    return TRUE;
}

static gboolean read_field(Reader *reader, const char *line, GError **error)
{
    const char *equals = strchr(line, '=');
    g_autofree char *name = NULL, *text = NULL;
    GString *value;

    if (!equals || equals == line || !reader->section)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("it has a line that is neither a section nor a field"));
    name = g_strstrip(g_strndup(line, (gsize)(equals - line)));
    reader->last = NULL;
    if (g_hash_table_size(reader->fields) >= FIELDS_MOST ||
        g_hash_table_contains(reader->fields, name))
        return TRUE;
    text = g_strdup(equals + 1);
    value = g_string_new(g_strstrip(text));
    g_hash_table_insert(reader->fields, g_steal_pointer(&name), value);
    reader->last = value;
    return TRUE;
}

static gboolean read_line(Reader *reader, char *line, GError **error)
{
    g_strchomp(line);
    if (*line == '#' || *line == '\0')
        return TRUE;
    if (*line == '[')
        return begin_section(reader, line, error);
    if (*line != ' ' && *line != '\t')
        return read_field(reader, line, error);
    if (reader->last && reader->last->len + strlen(line) < VALUE_LONGEST)
        g_string_append_printf(reader->last, "\n%s", line + 1);
    return TRUE;
}

static gboolean read_lines(Reader *reader, const char *text, gsize length, GError **error)
{
    const char *end = text + length;

    while (text < end) {
        const char *stop = memchr(text, '\n', (gsize)(end - text));
        gsize n = (gsize)((stop ? stop : end) - text);
        g_autofree char *line = NULL;

        if (n > LINE_LONGEST || memchr(text, '\0', n))
            return vd_fail(error, VD_ERR_INVALID, NULL, _("it holds what is no text"));
        line = g_strndup(text, n);
        if (!read_line(reader, line, error))
            return FALSE;
        text += n + 1;
    }
    return TRUE;
}

gboolean vd_index_parse(VdCatalogue *catalogue, const char *text, gsize length, const char *base,
                        GError **error)
{
    g_autoptr(GHashTable) fields =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, string_free);
    Reader reader = {.catalogue = catalogue, .base = base, .fields = fields};
    gboolean ok = read_lines(&reader, text, length, error);

    if (ok)
        end_section(&reader);
    g_free(reader.section);
    return ok;
}
