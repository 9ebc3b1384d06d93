/* Answers about catalogues, and the jobs on them. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deck/row.h"
#include "src/deploy/deploy.h"

#define SECTION(doc, kind, id, title, columns)                                                     \
    vd_doc_section((doc), (kind), (id), (title), (columns), G_N_ELEMENTS(columns))

static const VdColumn offer_columns[] = {
    {"name", N_("Image"), VD_COL_TEXT},        {"title", N_("What"), VD_COL_TEXT},
    {"source", N_("Source"), VD_COL_TEXT},     {"revision", N_("Revision"), VD_COL_TEXT},
    {"file_size", N_("File"), VD_COL_SIZE},    {"virtual_size", N_("Disk"), VD_COL_SIZE},
    {"arch", N_("Architecture"), VD_COL_TEXT}, {"trust", N_("Trust"), VD_COL_TEXT},
    {"state", N_("State"), VD_COL_TEXT},
};

static const char *trust_word(const VdOffer *offer)
{
    if (offer->is_signed && offer->digest)
        return N_("signed");
    return offer->digest ? N_("digest only") : N_("none");
}

static const char *state_word(const VdOffer *offer)
{
    return offer->here ? N_("here") : offer->newer ? N_("newer") : NULL;
}

static gboolean mentions(const char *text, const char *word)
{
    if (!text)
        return FALSE;
    g_autofree char *plain = g_utf8_casefold(text, -1);
    g_autofree char *sought = g_utf8_casefold(word, -1);
    return strstr(plain, sought) != NULL;
}

static gboolean offer_fits(const VdOffer *offer, char *const *words)
{
    for (; *words; words++)
        if (!mentions(offer->name, *words) && !mentions(offer->title, *words) &&
            !mentions(offer->notes, *words) && !mentions(offer->tags, *words) &&
            !mentions(offer->source, *words) && !mentions(offer->arch, *words))
            return FALSE;
    return TRUE;
}

static void offer_row(VdSection *section, const VdOffer *offer)
{
    const char *state = state_word(offer);
    char **row = vd_section_row(section);
    vd_row_text(row, 0, offer->name);
    vd_row_text(row, 1, offer->title);
    vd_row_text(row, 2, offer->source);
    vd_row_text(row, 3, offer->revision);
    if (offer->file_size)
        vd_row_size(row, 4, offer->file_size);
    if (offer->virtual_size)
        vd_row_size(row, 5, offer->virtual_size);
    vd_row_text(row, 6, offer->arch);
    vd_row_text(row, 7, _(trust_word(offer)));
    vd_row_text(row, 8, state ? _(state) : NULL);
}

/* An empty list would not tell that there is nothing to search in. */
static gboolean have_catalogues(const GPtrArray *sources, GError **error)
{
    gboolean any = FALSE;
    guint offers = 0;
    if (sources->len == 0)
        return vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                       _("No catalogue is configured: name one under `sources` in vmdeck.conf (see "
                         "vmdeck.conf.example)."));
    for (guint i = 0; i < sources->len; i++)
        any = any || vd_source_read(g_ptr_array_index(sources, i), &offers) != 0;
    return any || vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                          _("No catalogue was read yet; type: vmdeck image refresh"));
}

gboolean vd_local_image_search(VdLocalCall *call, GError **error)
{
    if (!have_catalogues(call->conf->sources, error))
        return FALSE;
    g_auto(GStrv) words = vd_args_all(call->args, "words");
    g_autoptr(GPtrArray) offers = vd_offers_list(call->conf->sources, error);
    if (!offers)
        return FALSE;
    call->doc = vd_doc_new();
    VdSection *section =
        SECTION(call->doc, VD_SECTION_TABLE, "offers", N_("Offers"), offer_columns);
    for (guint i = 0; i < offers->len; i++)
        if (offer_fits(g_ptr_array_index(offers, i), words))
            offer_row(section, g_ptr_array_index(offers, i));
    return TRUE;
}

static const VdColumn source_columns[] = {
    {"name", N_("Source"), VD_COL_TEXT},      {"kind", N_("Kind"), VD_COL_TEXT},
    {"offers", N_("Offers"), VD_COL_COUNT},   {"read", N_("Read"), VD_COL_TIME},
    {"signer", N_("Signed by"), VD_COL_TEXT}, {"url", N_("URL"), VD_COL_TEXT},
};

gboolean vd_local_image_sources(VdLocalCall *call, GError **error)
{
    (void)error;
    const GPtrArray *sources = call->conf->sources;
    call->doc = vd_doc_new();
    VdSection *section =
        SECTION(call->doc, VD_SECTION_TABLE, "sources", N_("Catalogues"), source_columns);
    for (guint i = 0; i < sources->len; i++) {
        const VdConfSource *source = g_ptr_array_index(sources, i);
        guint offers = 0;
        gint64 when = vd_source_read(source, &offers);
        char **row = vd_section_row(section);
        vd_row_text(row, 0, source->name);
        vd_row_text(row, 1, source->kind);
        if (when) {
            vd_row_int(row, 2, offers);
            vd_row_int(row, 3, when);
        }
        vd_row_text(row, 4, source->fingerprint ? source->fingerprint : _("not signed"));
        vd_row_text(row, 5, source->url);
    }
    return TRUE;
}

static gboolean with_journal(const VdLocalCall *call, GError **error)
{
    if (call->journal)
        return TRUE;
    if (error && call->journal_error)
        g_propagate_error(error, g_error_copy(call->journal_error));
    return FALSE;
}

gboolean vd_local_image_fetch(VdLocalCall *call, GError **error)
{
    return with_journal(call, error) &&
           vd_image_fetch_submit(call->journal, call->request, call->person, call->conf->sources,
                                 call->id, call->args, error) &&
           vd_local_answer_job(call);
}

gboolean vd_local_image_refresh(VdLocalCall *call, GError **error)
{
    return with_journal(call, error) &&
           vd_image_refresh_submit(call->journal, call->request, call->person, call->conf->sources,
                                   call->args, error) &&
           vd_local_answer_job(call);
}
