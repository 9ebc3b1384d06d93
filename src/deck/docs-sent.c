/* Answers about the images that were sent to hosts. */
#include "config.h"

#include "src/base/i18n.h"
#include "src/deck/row.h"
#include "src/deploy/deploy.h"

static const VdColumn sent_columns[] = {
    {"image", N_("Image"), VD_COL_TEXT},   {"pool", N_("Pool"), VD_COL_TEXT},
    {"size", N_("Size"), VD_COL_SIZE},     {"user", N_("Used by"), VD_COL_TEXT},
    {"volume", N_("Volume"), VD_COL_TEXT},
};

static void add_sent(const VdSent *sent, gpointer data)
{
    char **row = vd_section_row(data);
    vd_row_text(row, 0, sent->names);
    vd_row_text(row, 1, sent->pool);
    vd_row_int(row, 2, (gint64)sent->bytes);
    vd_row_text(row, 3, sent->user);
    vd_row_text(row, 4, sent->volume);
}

gboolean vd_local_image_sent(VdLocalCall *call, GError **error)
{
    call->doc = vd_doc_new();
    VdSection *section = vd_doc_section(call->doc, VD_SECTION_TABLE, "sent", N_("Sent images"),
                                        sent_columns, G_N_ELEMENTS(sent_columns));
    return vd_sent_each(call->uri, add_sent, section, error);
}

gboolean vd_local_image_recall(VdLocalCall *call, GError **error)
{
    return vd_sent_recall(call->uri, vd_args_get(call->args, "image"), error);
}
