/* Checking one field of the form as it is left, and saying what the deployment will do. The fields
 * are checked by the very functions that judge the whole on submission, so that a form that is all
 * right gives a job that starts. Nothing is made here: not even the default pool. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/check.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/guest.h"
#include "src/deploy/plan.h"
#include "src/deploy/store.h"
#include "src/model/names.h"
#include "src/virt/provision.h"

/* Seconds on a two-core machine. */
#define LAUNCH_TCG   20
#define LAUNCH_KVM   5
#define PREPARE_TCG  9
#define PREPARE_KVM  3
#define COPY_BYTES_S (150 * 1024 * 1024)

typedef struct {
    const char *uri;
    const VdArgs *args;
    const char *value; /* of the field, never NULL */
    VdImage *image;    /* the chosen one, or NULL */
    char *hint;
} Field;

typedef gboolean (*FieldFunc)(Field *field, GError **error);

/* All that are given, each one that can be. Free with g_strfreev(). */
static char **names_of(const VdArgs *args, GError **error)
{
    g_auto(GStrv) given = vd_args_all(args, "name");
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();

    for (gsize i = 0; given[i]; i++) {
        g_auto(GStrv) names = vd_names_expand(given[i], VD_NAMES_MOST, error);

        if (!names)
            return NULL;
        g_strv_builder_addv(all, (const char **)names);
    }
    return g_strv_builder_end(all);
}

static guint count_of(const VdArgs *args)
{
    g_auto(GStrv) names = names_of(args, NULL);

    return names && names[0] ? g_strv_length(names) : 1;
}

static gboolean field_name(Field *field, GError **error)
{
    g_auto(GStrv) names = names_of(field->args, error);
    g_autoptr(VdConn) conn = NULL;
    guint n = names ? g_strv_length(names) : 0;

    for (guint i = 0; i < n; i++) {
        if (!vd_check_vm_name(names[i], error))
            return FALSE;
    }
    conn = names ? vd_conn_open(field->uri, NULL, NULL, error) : NULL;
    if (!conn)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        if (vd_conn_vm_exists(conn, names[i]))
            return vd_fail(error, VD_ERR_EXISTS, NULL,
                           _("A machine named %s is there already; choose another name."),
                           names[i]);
    }
    if (n > 1)
        field->hint = g_strdup_printf(_("%u machines, %s to %s"), n, names[0], names[n - 1]);
    return TRUE;
}

/* The image has the word on what it cannot have; the size of the disk only where that alone asks
 * for it. */
static gboolean check_lacks(const Field *field, gboolean of_disk, GError **error)
{
    gboolean grow = FALSE, customise = FALSE;
    g_autofree char *why = NULL;

    if (!field->image || !vd_plan_lacks(field->args, field->image, &grow, &customise, &why) ||
        of_disk == customise)
        return TRUE;
    if (customise)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL, "%s", why);
    return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                   _("%s So it cannot be grown: leave the size empty, or choose not to grow it."),
                   why);
}

static gboolean wants_grow(const VdArgs *args, const VdImage *image)
{
    return !vd_args_flag(args, "no-grow") && vd_plan_disk_size(args, image) > image->virtual_size;
}

/* Whether what sets it up here is there. An engine that cannot be is told at its own field. */
static gboolean check_here(const Field *field, GError **error)
{
    g_autofree char *reader = NULL;

    return !vd_plan_choose_engine(field->args, field->image, &reader, NULL) ||
           vd_guest_can(field->image, !reader && wants_grow(field->args, field->image),
                        reader || !vd_args_flag(field->args, "no-customise"), error);
}

static gboolean field_image(Field *field, GError **error)
{
    g_autoptr(VdImage) image = vd_image_find(field->value, error);
    g_autofree char *size = NULL;

    if (!image || !vd_image_check_file(image, error))
        return FALSE;
    if (vd_image_needs_efi(image)) {
        g_autoptr(VdConn) conn = vd_conn_open(field->uri, NULL, NULL, error);

        if (!conn || !vd_conn_efi_check(conn, image->arch, error))
            return FALSE;
    }
    if (!check_lacks(field, FALSE, error) || !check_here(field, error))
        return FALSE;
    size = vd_format_size(image->virtual_size);
    if (image->why_not)
        field->hint = g_strdup_printf("%s, %s. %s", image->os ? image->os : _("unknown system"),
                                      size, image->why_not);
    else
        field->hint = g_strdup_printf("%s, %s", image->os ? image->os : _("unknown system"), size);
    return TRUE;
}

static gboolean look_at_pool(Field *field, const char *name, VdPool *ret, GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(field->uri, NULL, NULL, error);
    g_autoptr(GError) why = NULL;

    *ret = (VdPool){0};
    if (!conn)
        return FALSE;
    if (vd_conn_pool_look(conn, name, ret, &why))
        return TRUE;
    if (vd_error_code(why) == VD_ERR_NOT_FOUND && g_str_equal(name, "default"))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

/* The pool that is chosen. */
static const char *pool_of(const Field *field)
{
    const char *pool = vd_args_get(field->args, "pool");

    return pool && *pool ? pool : "default";
}

static gboolean check_room(Field *field, GError **error)
{
    VdPool pool = {0};
    g_autofree char *there = NULL;
    gboolean ok = look_at_pool(field, pool_of(field), &pool, error);

    /* A pool that is not there yet or not active tells its room when the job starts it. */
    if (ok && pool.active) {
        gboolean devices = vd_plan_leaves_format(field->args) && vd_plan_pool_is_devices(pool.kind);
        guint64 size = field->image ? vd_plan_disk_size(field->args, field->image)
                                    : vd_args_size(field->args, "disk", 0);

        there = vd_format_size(pool.available);
        size *= count_of(field->args);
        ok = vd_plan_check_pool(pool.name, pool.kind, devices || vd_plan_wants_raw(field->args),
                                error) &&
             vd_plan_check_room(pool.name, pool.available, size,
                                devices || vd_plan_wants_copy(field->args),
                                field->image ? field->image->file_size : 0,
                                vd_args_flag(field->args, "overcommit"), error);
        if (ok)
            field->hint = g_strdup_printf(
                devices ? _("there are %s free on %s; the disk will be a full copy, raw")
                        : _("there are %s free on %s"),
                there, pool.name);
    } else if (ok && pool.name) {
        ok = vd_plan_check_pool(pool.name, pool.kind, TRUE, error);
        if (ok)
            field->hint = g_strdup_printf(
                _("%s is not active: it will be started, and tells its room then"), pool.name);
    }
    vd_pool_clear(&pool);
    return ok;
}

/* Of the disk and of all that decides about its room: the value may be a pool's name. */
static gboolean field_disk(Field *field, GError **error)
{
    if (field->image && !vd_plan_check_disk(field->args, field->image, error))
        return FALSE;
    return check_lacks(field, TRUE, error) && check_room(field, error);
}

static gboolean field_engine(Field *field, GError **error)
{
    g_autofree char *reader = NULL;

    return !field->image || vd_plan_choose_engine(field->args, field->image, &reader, error);
}

static gboolean field_cpus(Field *field, GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(field->uri, NULL, NULL, error);

    return conn && vd_conn_cpus_check(conn, (guint)vd_args_int(field->args, "cpus", 1),
                                      field->image ? field->image->arch : NULL,
                                      vd_conn_kvm_usable(conn, NULL),
                                      vd_args_flag(field->args, "overcommit"), error);
}

static gboolean field_memory(Field *field, GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(field->uri, NULL, NULL, error);

    return conn && vd_conn_memory_check(conn, vd_args_size(field->args, "memory", 0), error);
}

static gboolean field_network(Field *field, GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(field->uri, NULL, NULL, error);
    g_autofree char *kind = NULL;

    if (!conn ||
        !vd_conn_network_look(conn, *field->value ? field->value : "default", &kind, error))
        return FALSE;
    if (g_str_equal(kind, "user"))
        field->hint = g_strdup(_("QEMU's own network: the machine gets out, nobody gets in"));
    return TRUE;
}

static gboolean field_password(Field *field, GError **error)
{
    if (!*field->value)
        return TRUE;
    if (!vd_check_password(field->value, error))
        return FALSE;
    if (vd_args_flag(field->args, "locked") && vd_args_get(field->args, "password"))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("Root cannot both have a password and be locked; leave one of the two "
                         "out."));
    return TRUE;
}

static gboolean field_user(Field *field, GError **error)
{
    if (!*field->value)
        return TRUE;
    if (field->image && !vd_image_has_sudo(field->image))
        field->hint = g_strdup(_("The image has no sudo: this user will not become root by it."));
    return vd_plan_check_user(field->value, field->image, error);
}

static gboolean field_key(Field *field, GError **error)
{
    g_auto(GStrv) all = vd_args_all(field->args, "ssh-key");
    guint count = 0;

    for (gsize i = 0; all[i]; i++) {
        g_auto(GStrv) keys = *all[i] ? vd_read_ssh_keys(all[i], error) : g_new0(char *, 1);

        if (!keys)
            return FALSE;
        count += g_strv_length(keys);
    }
    if (count > 0)
        field->hint = g_strdup_printf(ngettext("%u key", "%u keys", count), count);
    return TRUE;
}

static gboolean field_hostname(Field *field, GError **error)
{
    return !*field->value || vd_check_hostname(field->value, error);
}

static gboolean field_timezone(Field *field, GError **error)
{
    g_auto(GStrv) zones = field->image ? vd_image_timezones(field->image) : NULL;

    if (!*field->value)
        return TRUE;
    return vd_check_timezone(field->value, error) &&
           (!field->image || vd_check_zone_there(field->value, zones, field->image->name, error));
}

static gboolean field_address(Field *field, GError **error)
{
    const char *network = vd_args_get(field->args, "network");
    g_autoptr(VdConn) conn = NULL;

    if (!*field->value)
        return TRUE;
    if (!vd_check_address(field->value, error))
        return FALSE;
    conn = vd_conn_open(field->uri, NULL, NULL, error);
    return conn && vd_conn_address_check(conn, network && *network ? network : "default",
                                         field->value, error);
}

/* Of the gateway and the name servers: FALSE if they are given without an address. */
static gboolean has_address(const Field *field, const char **ret_address, GError **error)
{
    const char *address = vd_args_get(field->args, "address");

    *ret_address = address && *address ? address : NULL;
    return *ret_address || vd_fail(error, VD_ERR_INVALID, NULL,
                                   _("A gateway and name servers go with a static address; give "
                                     "--address."));
}

static gboolean field_gateway(Field *field, GError **error)
{
    const char *address = NULL;

    return !*field->value ||
           (has_address(field, &address, error) && vd_check_gateway(address, field->value, error));
}

static gboolean field_dns(Field *field, GError **error)
{
    g_auto(GStrv) dns = vd_args_all(field->args, "dns");
    const char *address = NULL;

    return !*field->value || (has_address(field, &address, error) && vd_check_dns(dns, error));
}

static gboolean field_script(Field *field, GError **error)
{
    guint mended = 0;
    char *script =
        *field->value ? vd_script_take(field->value, field->image, &mended, error) : g_strdup("");

    if (!script)
        return FALSE;
    if (mended & VD_SCRIPT_CRLF)
        field->hint = g_strdup(_("its CR LF lines will become LF lines"));
    else if (mended)
        field->hint = g_strdup(_("its byte order mark will be taken away"));
    vd_secret_free(script);
    return TRUE;
}

static const struct {
    const char *name;
    FieldFunc func;
} fields[] = {
    {"name", field_name},
    {"image", field_image},
    {"disk", field_disk},
    {"whole", field_disk},
    {"disk-format", field_disk},
    {"overcommit", field_disk},
    {"pool", field_disk},
    {"cpus", field_cpus},
    {"memory", field_memory},
    {"network", field_network},
    {"password", field_password},
    {"locked", field_password},
    {"user-password", field_password},
    {"user", field_user},
    {"ssh-key", field_key},
    {"hostname", field_hostname},
    {"timezone", field_timezone},
    {"address", field_address},
    {"gateway", field_gateway},
    {"dns", field_dns},
    {"firstboot", field_script},
    {"engine", field_engine},
};

static const VdArgSpec *spec_of(const char *name)
{
    for (const VdArgSpec *spec = vd_deploy_args; spec->name; spec++) {
        if (g_str_equal(spec->name, name))
            return spec;
    }
    return NULL;
}

static VdImage *chosen_image(const VdArgs *args)
{
    const char *name = vd_args_get(args, "image");

    return name && *name ? vd_image_find(name, NULL) : NULL;
}

gboolean vd_deploy_check_field(const char *uri, const VdArgs *args, const char *field_id,
                               char **ret_hint, GError **error)
{
    const VdArgSpec *spec = spec_of(field_id);
    const char *value = vd_args_get(args, field_id);
    g_autoptr(VdImage) image = chosen_image(args);
    Field field = {.uri = uri, .args = args, .value = value ? value : "", .image = image};
    gboolean ok = TRUE;

    *ret_hint = NULL;
    if (!spec)
        return TRUE;
    if (spec->required && !*field.value)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s must be given."), _(spec->label));
    /* Keys and scripts have better words of their own for what is wrong. */
    if (*field.value && !spec->many && spec->type != VD_ARG_FILE && spec->type != VD_ARG_SCRIPT &&
        !vd_arg_check(spec, field.value, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(fields) && ok; i++) {
        if (g_str_equal(fields[i].name, field_id))
            ok = fields[i].func(&field, error);
    }
    if (ok)
        *ret_hint = g_steal_pointer(&field.hint);
    g_free(field.hint);
    return ok;
}

/* How long the host's part takes, roughly. */
static int expected_seconds(const VdArgs *args, const VdImage *image, gboolean seed)
{
    gboolean tcg = vd_guest_tcg();
    gboolean grow = wants_grow(args, image);
    gboolean customise = !vd_args_flag(args, "no-customise");
    int seconds = 1;

    if (!seed && (grow || customise))
        seconds += tcg ? LAUNCH_TCG + PREPARE_TCG : LAUNCH_KVM + PREPARE_KVM;
    if (vd_plan_wants_copy(args))
        seconds += (int)(image->file_size / COPY_BYTES_S);
    return seconds;
}

static gboolean disk_is_right(const VdArgs *args, const VdImage *image)
{
    const char *disk = vd_args_get(args, "disk");

    return (!disk || !*disk || vd_arg_check(spec_of("disk"), disk, NULL)) &&
           vd_plan_check_disk(args, image, NULL);
}

char *vd_deploy_warning(const VdArgs *args)
{
    g_autoptr(VdImage) image = chosen_image(args);

    if (image && vd_plan_may_shut_out(args, image))
        return g_strdup_printf(_("Whether anybody will be able to log in is not known: neither a "
                                 "password nor a key was given, and the image %s was added by an "
                                 "older vmdeck, which did not look."),
                               image->name);
    if (!image || !vd_plan_shuts_out(args, image))
        return NULL;
    return g_strdup(_("Nobody will be able to log in: root is locked, and there is neither a "
                      "password nor a key."));
}

char *vd_deploy_summary(const VdArgs *args)
{
    g_autoptr(VdImage) image = chosen_image(args);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *size = NULL, *reader = NULL, *why = NULL;
    gboolean lacks, grow = FALSE, customise = FALSE;
    int seconds;

    if (!image)
        return g_strdup(_("Choose an image."));
    if (!disk_is_right(args, image))
        return g_strdup(_("The size of the disk is not right yet."));
    size = vd_format_size(vd_plan_disk_size(args, image));
    if (!vd_plan_choose_engine(args, image, &reader, NULL))
        reader = NULL;
    seconds = expected_seconds(args, image, reader != NULL);
    lacks = vd_plan_lacks(args, image, &grow, &customise, &why);
    if (vd_plan_shuts_out(args, image))
        g_string_append(text, _("nobody can log in (no password, no key); "));
    else if (vd_plan_may_shut_out(args, image))
        g_string_append(text, _("whether anybody can log in is not known; "));
    if (vd_plan_wants_copy(args))
        g_string_append_printf(text, _("a full copy at %s"), size);
    else
        g_string_append_printf(text, _("an overlay at %s"), size);
    if (lacks) /* the image's field says why */
        return g_string_free(g_steal_pointer(&text), FALSE);
    if (reader)
        g_string_append_printf(text, _(", set up by its own %s at the first boot"), reader);
    else if (!vd_args_flag(args, "no-customise"))
        g_string_append(text, _(", set up offline"));
    g_string_append_printf(
        text, ngettext(": about %d second here", ": about %d seconds here", (gulong)seconds),
        seconds);
    if (!vd_args_flag(args, "no-start") && vd_args_int(args, "wait", 15) > 0 &&
        (image->os || !vd_args_flag(args, "no-customise")))
        g_string_append(text, _(", then the first boot"));
    if (vd_guest_tcg())
        g_string_append(text, _(" (no KVM: emulated, slow)"));
    return g_string_free(g_steal_pointer(&text), FALSE);
}
