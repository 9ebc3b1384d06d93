/* What qemu-img is told of volumes in ceph, and what it answers. Pure. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/deploy/rbd.h"
#include "src/deploy/spec.h"

#define USUAL_PORT "6789"
/* Seconds that ceph's library tries to get through, which would be five minutes, and to have
 * something written, which would be for ever. */
#define PATIENCE       15
#define WRITE_PATIENCE 300

static void begin(JsonBuilder *builder, const char *member)
{
    if (member)
        json_builder_set_member_name(builder, member);
    json_builder_begin_object(builder);
}

static char *end(JsonBuilder *builder)
{
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    return g_strconcat("json:", text, NULL);
}

static void add_window(JsonBuilder *builder, guint64 offset, guint64 size)
{
    vd_json_text(builder, "driver", "raw");
    if (size == 0)
        return;
    vd_json_int(builder, "offset", (gint64)offset);
    vd_json_int(builder, "size", (gint64)size);
}

static void add_servers(JsonBuilder *builder, const VdRbd *rbd)
{
    if (!rbd->hosts || !rbd->hosts[0])
        return;
    json_builder_set_member_name(builder, "server");
    json_builder_begin_array(builder);
    for (gsize i = 0; rbd->hosts[i]; i++) {
        begin(builder, NULL);
        vd_json_text(builder, "host", rbd->hosts[i]);
        vd_json_text(builder, "port", *rbd->ports[i] ? rbd->ports[i] : USUAL_PORT);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void add_volume(JsonBuilder *builder, const VdRbd *rbd, const char *conf, const char *volume)
{
    begin(builder, "file");
    vd_json_text(builder, "driver", "rbd");
    vd_json_text(builder, "pool", rbd->pool);
    vd_json_text(builder, "image", volume);
    vd_json_text(builder, "conf", conf);
    vd_json_text(builder, "user", rbd->user);
    if (rbd->key)
        vd_json_text(builder, "key-secret", "key");
    json_builder_set_member_name(builder, "auth-client-required");
    json_builder_begin_array(builder);
    json_builder_add_string_value(builder, rbd->user ? "cephx" : "none");
    json_builder_end_array(builder);
    add_servers(builder, rbd);
    json_builder_end_object(builder);
}

static void add_file(JsonBuilder *builder, const char *path)
{
    begin(builder, "file");
    vd_json_text(builder, "driver", "file");
    vd_json_text(builder, "filename", path);
    json_builder_end_object(builder);
}

char *vd_rbd_name(const VdRbd *rbd, const char *conf, const char *volume, guint64 offset,
                  guint64 size)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    begin(builder, NULL);
    add_window(builder, offset, size);
    add_volume(builder, rbd, conf, volume);
    return end(builder);
}

char *vd_rbd_file_name(const char *path, const char *format, guint64 offset, guint64 size)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    begin(builder, NULL);
    add_window(builder, offset, size);
    begin(builder, "file");
    vd_json_text(builder, "driver", format);
    add_file(builder, path);
    json_builder_end_object(builder);
    return end(builder);
}

char *vd_rbd_overlay_name(const VdRbd *rbd, const char *conf, const char *volume, const char *path)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    begin(builder, NULL);
    vd_json_text(builder, "driver", "qcow2");
    add_file(builder, path);
    begin(builder, "backing");
    vd_json_text(builder, "driver", "raw");
    add_volume(builder, rbd, conf, volume);
    json_builder_end_object(builder);
    return end(builder);
}

/* One line for each, whatever the definition has in it. */
static void add_option(GString *text, const char *name, const char *value)
{
    if (!strpbrk(name, "=[]#;\r\n") && !strpbrk(value, "\r\n"))
        g_string_append_printf(text, "%s = %s\n", name, value);
}

char *vd_rbd_conf(const VdRbd *rbd)
{
    GString *text = g_string_new("[global]\n");

    g_string_append_printf(text,
                           "client_mount_timeout = %d\nrados_mon_op_timeout = %d\n"
                           "rados_osd_op_timeout = %d\n",
                           PATIENCE, PATIENCE, WRITE_PATIENCE);
    for (gsize i = 0; rbd->names && rbd->names[i]; i++)
        add_option(text, rbd->names[i], rbd->values[i]);
    return g_string_free(text, FALSE);
}

const char *vd_rbd_reason(const char *words)
{
    static const struct {
        const char *words, *reason;
    } known[] = {
        /* It was asked for a volume that is not there. */
        {"error reading header", NULL},
        {"Unknown driver", N_("qemu-img here has no driver for ceph: install qemu-block-extra "
                              "(Debian, Ubuntu) or qemu-block-rbd (Fedora)")},
        {"Unknown protocol", N_("qemu-img here has no driver for ceph: install qemu-block-extra "
                                "(Debian, Ubuntu) or qemu-block-rbd (Fedora)")},
        {"timed out", N_("ceph's monitors cannot be reached from this machine: open the way to "
                         "them, or deploy from a machine that has one")},
        {"error connecting", N_("ceph refuses the user or the key that the pool has")},
        {"error opening pool", N_("ceph does not let the user into the pool, or has none of that "
                                  "name")},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (words && strstr(words, known[i].words))
            return known[i].reason;
    }
    return N_("qemu-img cannot write there; the job's log says why");
}
