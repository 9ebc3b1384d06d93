/* The jobs by which images are made and leave the house. */
#include "config.h"

#include "src/deck/row.h"
#include "src/deploy/deploy.h"

static gboolean with_journal(const VdLocalCall *call, GError **error)
{
    if (call->journal)
        return TRUE;
    if (error && call->journal_error)
        g_propagate_error(error, g_error_copy(call->journal_error));
    return FALSE;
}

gboolean vd_local_image_make(VdLocalCall *call, GError **error)
{
    return with_journal(call, error) &&
           vd_image_make_submit(call->journal, call->request, call->person, call->host, call->uri,
                                call->id, call->args, error) &&
           vd_local_answer_job(call);
}

gboolean vd_local_image_export(VdLocalCall *call, GError **error)
{
    return with_journal(call, error) &&
           vd_image_export_submit(call->journal, call->request, call->person, call->id, call->args,
                                  error) &&
           vd_local_answer_job(call);
}

gboolean vd_local_image_publish(VdLocalCall *call, GError **error)
{
    return with_journal(call, error) &&
           vd_image_publish_submit(call->journal, call->request, call->person, call->args, error) &&
           vd_local_answer_job(call);
}
