/* One source asked: its index comes, is checked by whose signature it has, read, and compared with
 * what was kept. An index that is refused is kept beside, for whoever wants to know why. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/deploy/catalogue.h"
#include "src/deploy/signature.h"
#include "src/deploy/transfer.h"

typedef struct {
    const VdConfSource *source;
    VdCatalogue *catalogue;
    GCancellable *cancel;
} Work;

/* "http://host/dir/index.asc" → "http://host/dir": where the index's paths begin. */
static char *folder_of(const char *url)
{
    const char *slash = strrchr(url, '/');

    return slash ? g_strndup(url, (gsize)(slash - url)) : g_strdup(url);
}

/* simplestreams' paths begin at the folder that holds streams/v1. */
static char *streams_base(const char *url)
{
    const char *streams = strstr(url, "/streams/v1/");

    return streams ? g_strndup(url, (gsize)(streams - url)) : folder_of(url);
}

static void keep_refused(const Work *work, const char *text, gsize length)
{
    g_autofree char *state = vd_path_state();
    g_autofree char *folder = g_build_filename(state, "catalogues", NULL);
    g_autofree char *name = g_strconcat(work->source->name, ".refused", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);

    if (vd_mkdirs(folder, 0755, NULL))
        (void)vd_file_replace(path, text, (gssize)length, 0600, NULL);
}

/* The text of a URL of the source, its signature checked. */
static char *load_text(Work *work, const char *url, gsize *ret_length, GError **error)
{
    const VdConfSource *source = work->source;
    g_autoptr(GError) why = NULL;
    gsize length = 0;
    g_autofree char *raw = vd_transfer_text(url, VD_INDEX_BYTES, work->cancel, &length, error);
    char *text;

    if (!raw)
        return NULL;
    if (!source->fingerprint)
        return vd_signed_strip(raw, length, ret_length);
    text = vd_signed_text(raw, length, source->keyring, source->fingerprint, ret_length, &why);
    if (text)
        return text;
    if (vd_error_code(why) == VD_ERR_DAMAGED) {
        keep_refused(work, raw, length);
        vd_error_set(error, VD_ERR_DAMAGED, vd_error_detail(why),
                     _("The catalogue %s is refused: %s. What was known of it stays."),
                     source->name, why->message);
        vd_error_quote(error, why);
    } else
        g_propagate_error(error, g_steal_pointer(&why));
    return NULL;
}

static gboolean bad_index(const Work *work, const char *text, gsize length, const GError *why,
                          GError **error)
{
    keep_refused(work, text, length);
    vd_error_set(error, VD_ERR_INVALID, vd_error_detail(why),
                 _("The catalogue %s cannot be read: %s. What was known of it stays."),
                 work->source->name, why->message);
    vd_error_quote(error, why);
    return FALSE;
}

static gboolean read_flat(Work *work, GError **error)
{
    g_autofree char *base = folder_of(work->source->url);
    g_autoptr(GError) why = NULL;
    gsize length = 0;
    g_autofree char *text = load_text(work, work->source->url, &length, error);
    gboolean ok;

    if (!text)
        return FALSE;
    if (g_str_equal(work->source->kind, "vmmanager"))
        ok = vd_vmmanager_parse(work->catalogue, text, length, base, &why);
    else
        ok = vd_index_parse(work->catalogue, text, length, base, &why);
    return ok || bad_index(work, text, length, why, error);
}

static gboolean read_products(Work *work, const char *base, const char *path, GError **error)
{
    g_autofree char *url = vd_catalogue_url(base, path);
    g_autoptr(GError) why = NULL;
    g_autofree char *text = NULL;
    gsize length = 0;

    if (!url) {
        vd_catalogue_leave_out(work->catalogue, path, _("its file is not below the index"));
        return TRUE;
    }
    text = load_text(work, url, &length, error);
    if (!text)
        return FALSE;
    return vd_streams_parse(work->catalogue, text, length, base, &why) ||
           bad_index(work, text, length, why, error);
}

static gboolean read_streams(Work *work, GError **error)
{
    g_autofree char *base = streams_base(work->source->url);
    g_autoptr(GError) why = NULL;
    gsize length = 0;
    g_autofree char *text = load_text(work, work->source->url, &length, error);
    g_auto(GStrv) paths = NULL;

    if (!text)
        return FALSE;
    paths = vd_streams_paths(text, length, &why);
    if (!paths)
        return bad_index(work, text, length, why, error);
    for (char **path = paths; *path; path++) {
        if (!read_products(work, base, *path, error))
            return FALSE;
    }
    return TRUE;
}

VdCatalogue *vd_catalogue_refresh(const VdConfSource *source, gboolean accept_older,
                                  GCancellable *cancel, GError **error)
{
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_new(source->name);
    g_autoptr(VdCatalogue) kept = vd_catalogue_load(source->name, NULL);
    Work work = {.source = source, .catalogue = catalogue, .cancel = cancel};
    gboolean ok = g_str_equal(source->kind, "simplestreams") ? read_streams(&work, error)
                                                             : read_flat(&work, error);

    if (!ok)
        return NULL;
    catalogue->read = g_get_real_time() / G_USEC_PER_SEC;
    catalogue->signer = g_strdup(source->fingerprint);
    for (guint i = 0; i < catalogue->offers->len; i++)
        ((VdOffer *)g_ptr_array_index(catalogue->offers, i))->is_signed =
            source->fingerprint != NULL;
    if (kept && !accept_older && !vd_catalogue_follow(catalogue, kept, error))
        return NULL;
    return vd_catalogue_save(catalogue, error) ? g_steal_pointer(&catalogue) : NULL;
}
