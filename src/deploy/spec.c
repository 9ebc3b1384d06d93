/* Reading a job's spec and running qemu-img for it: what both kinds of jobs of this room need. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/diskfile.h"
#include "src/deploy/spec.h"

char *vd_spec_text(VdRun *run, const char *member)
{
    g_autoptr(JsonNode) node = json_from_string(vd_run_spec(run), NULL);

    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    return g_strdup(
        json_object_get_string_member_with_default(json_node_get_object(node), member, NULL));
}

void vd_spec_gather(VdRun *run, const char *line, gpointer data)
{
    GString *text = data;

    (void)run;
    if (text->len < 1024 * 1024)
        g_string_append_printf(text, "%s\n", line);
}

gboolean vd_spec_qemu_img(VdRun *run, const char *const *words, char **ret_output, GError **error)
{
    g_auto(GStrv) argv = vd_qemu_img_argv(words);
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean ok = vd_run_child(run, (const char *const *)argv, NULL, vd_spec_gather, text, error);

    if (ret_output)
        *ret_output = g_string_free(g_steal_pointer(&text), FALSE);
    return ok;
}

/* "    (12.34/100%)" */
gboolean vd_spec_qemu_fraction(const char *line, double *ret)
{
    const char *bracket = strchr(line, '(');

    if (!bracket || !strstr(bracket, "/100%)"))
        return FALSE;
    *ret = CLAMP(g_ascii_strtod(bracket + 1, NULL) / 100, 0, 1);
    return TRUE;
}

void vd_spec_tell_rate(VdRun *run, gint64 since, guint64 first, guint64 done, guint64 all)
{
    gint64 took = g_get_monotonic_time() - since;
    double bytes = (double)(done - MIN(first, done));
    guint64 a_second = took > 0 ? (guint64)(bytes * G_USEC_PER_SEC / (double)took) : 0;
    g_autofree char *have = vd_format_size(done);
    g_autofree char *of = vd_format_size(all);
    g_autofree char *rate = vd_format_size(a_second);

    vd_run_text(run, _("%s of %s, %s a second"), have, of, rate);
}

void vd_json_text(JsonBuilder *builder, const char *member, const char *value)
{
    if (!value)
        return;
    json_builder_set_member_name(builder, member);
    json_builder_add_string_value(builder, value);
}

void vd_json_int(JsonBuilder *builder, const char *member, gint64 value)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_int_value(builder, value);
}

void vd_json_bool(JsonBuilder *builder, const char *member, gboolean value)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_boolean_value(builder, value);
}
