/* From words to a plan. Everything that can be judged without the host is judged here, on
 * submission, so that a job that starts can only fail for reasons of its host or its image. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/check.h"
#include "src/deploy/plan.h"
#include "src/deploy/store.h"
#include "src/virt/provision.h"
#include "src/virt/uri.h"

#define GIB        (G_GUINT64_CONSTANT(1) << 30)
#define USUAL_DISK (10 * GIB)
#define DISK_UNIT  (1024 * 1024)

void vd_plan_free(VdPlan *plan)
{
    if (!plan)
        return;
    g_free(plan->name);
    g_free(plan->title);
    g_free(plan->uri);
    g_free(plan->parent);
    g_free(plan->image);
    g_free(plan->sha256);
    g_free(plan->image_format);
    g_free(plan->pool);
    g_free(plan->files_pool);
    g_free(plan->network);
    g_free(plan->volume);
    g_free(plan->uuid);
    g_free(plan->mac);
    g_free(plan->reader);
    g_free(plan->medium);
    g_free(plan->why_no_grow);
    g_free(plan->user);
    g_strfreev(plan->keys);
    g_free(plan->hostname);
    g_free(plan->timezone);
    g_free(plan->address);
    g_free(plan->gateway);
    g_strfreev(plan->dns);
    g_free(plan->tree);
    g_free(plan->template);
    g_free(plan->system);
    g_free(plan->kernel);
    g_free(plan->initrd);
    g_free(plan->kernel_line);
    g_free(plan->answer_file);
    g_free(plan->cdrom);
    g_free(plan);
}

guint64 vd_plan_disk_size(const VdArgs *args, const VdImage *image)
{
    gboolean by_itself = FALSE, unknown = FALSE;
    g_autofree char *reader = vd_image_reader(image, &by_itself, &unknown);
    /* What cannot grow gains nothing from a larger disk. */
    gboolean grows = (image->growable || (reader && by_itself)) && !vd_args_flag(args, "no-grow");
    guint64 usual = grows ? MAX(image->virtual_size, USUAL_DISK) : image->virtual_size;
    guint64 wanted = vd_args_size(args, "disk", usual);

    if (wanted == image->virtual_size)
        return wanted;
    return (wanted + DISK_UNIT - 1) / DISK_UNIT * DISK_UNIT;
}

gboolean vd_plan_check_disk(const VdArgs *args, const VdImage *image, GError **error)
{
    guint64 size = vd_plan_disk_size(args, image);
    g_autofree char *mine = vd_format_size(size);
    g_autofree char *least = vd_format_size(image->virtual_size);

    if (size >= image->virtual_size)
        return TRUE;
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("A disk of %s is smaller than the image %s, which needs %s (%llu bytes)."),
                   mine, image->name, least, (unsigned long long)image->virtual_size);
}

/* The first word given that needs the image's files to be changed, or NULL. */
static const char *customising_word(const VdArgs *args)
{
    static const char *const words[] = {"password",  "locked",   "user",     "user-password",
                                        "ssh-key",   "hostname", "timezone", "address",
                                        "firstboot", NULL};

    for (int i = 0; words[i]; i++) {
        const char *value = vd_args_get(args, words[i]);

        if (value && *value && (!g_str_equal(words[i], "locked") || vd_args_flag(args, "locked")))
            return words[i];
    }
    return NULL;
}

/* What the appliance cannot do although it is wanted; *ret_why (to be freed) has a reason. */
static void lacks_offline(const VdArgs *args, const VdImage *image, gboolean *ret_grow,
                          gboolean *ret_customise, char **ret_why)
{
    *ret_why = NULL;
    *ret_grow = vd_plan_disk_size(args, image) > image->virtual_size &&
                !vd_args_flag(args, "no-grow") && !image->growable;
    *ret_customise = !vd_args_flag(args, "no-customise") && !vd_image_customisable(image, ret_why);
    if (*ret_grow && !*ret_customise) {
        g_free(*ret_why);
        *ret_why = g_strdup(image->why_not ? image->why_not : _("Its root was not found."));
    }
}

gboolean vd_plan_lacks(const VdArgs *args, const VdImage *image, gboolean *ret_grow,
                       gboolean *ret_customise, char **ret_why)
{
    g_autofree char *reader = NULL;

    *ret_grow = *ret_customise = FALSE;
    *ret_why = NULL;
    /* A wrong choice of the engine has words of its own; and a reader does it all. */
    if (vd_plan_choose_engine(args, image, &reader, NULL) && !reader)
        lacks_offline(args, image, ret_grow, ret_customise, ret_why);
    return *ret_grow || *ret_customise;
}

/* Whether the appliance can do what is wanted, or the user agreed to do without it. */
static gboolean check_offline(const VdArgs *args, const VdImage *image, GError **error)
{
    gboolean needs_grow = FALSE, needs_customise = FALSE;
    const char *word = customising_word(args);
    g_autofree char *why = NULL;

    lacks_offline(args, image, &needs_grow, &needs_customise, &why);
    if (vd_args_flag(args, "no-customise") && word)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("--no-customise leaves the image's files as they are, so --%s%s cannot be "
                         "done; leave one of the two out."),
                       word, g_str_has_suffix(word, "password") ? "-file" : "");
    if (needs_grow && needs_customise)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The image %s can neither be grown nor customised: %s To go on without, "
                         "give --no-grow --no-customise."),
                       image->name, why);
    if (needs_grow)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The image %s cannot be grown: %s To go on without, give --no-grow."),
                       image->name, why);
    if (needs_customise)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The image %s cannot be customised: %s To go on without, give "
                         "--no-customise."),
                       image->name, why);
    return TRUE;
}

static gboolean refuse_seed(const VdImage *image, GError **error)
{
    return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                   _("The image %s has nothing that reads a seed medium at its first boot; make it "
                     "one that has by `vmdeck image prepare %s`, or give --engine offline."),
                   image->name, image->name);
}

gboolean vd_plan_choose_engine(const VdArgs *args, const VdImage *image, char **ret_reader,
                               GError **error)
{
    const char *engine = vd_args_get(args, "engine");
    gboolean forced = g_strcmp0(engine, "seed") == 0;
    gboolean by_itself = FALSE, unknown = FALSE;
    g_autofree char *reader = vd_image_reader(image, &by_itself, &unknown);
    gboolean grow = !vd_args_flag(args, "no-grow");

    *ret_reader = NULL;
    if (forced && vd_args_flag(args, "no-customise"))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("A seed medium sets the machine up, and --no-customise leaves it as it "
                         "is; leave one of the two out."));
    if (g_strcmp0(engine, "offline") == 0 || vd_args_flag(args, "no-customise"))
        return TRUE;
    /* The user may know better than an inspection that found nothing. */
    if (forced && !reader && (unknown || vd_image_is_freebsd(image)))
        reader = g_strdup(vd_image_is_freebsd(image) ? "nuageinit" : "cloud-init");
    if (forced && !reader)
        return refuse_seed(image, error);
    if (!forced && reader && grow && !by_itself && !image->growable)
        return TRUE;
    *ret_reader = g_steal_pointer(&reader);
    return TRUE;
}

gboolean vd_plan_check_able(const VdArgs *args, const VdImage *image, GError **error)
{
    g_autofree char *reader = NULL;

    if (!vd_plan_choose_engine(args, image, &reader, error))
        return FALSE;
    /* The guest does it all by itself. */
    return reader || check_offline(args, image, error);
}

char *vd_plan_hostname(const char *name)
{
    g_autofree char *host = g_strdup(name);
    gsize length;

    for (char *c = host; *c; c++) {
        if (!g_ascii_isalnum(*c) && *c != '.' && *c != '-')
            *c = '-';
    }
    while (*host == '-' || *host == '.')
        memmove(host, host + 1, strlen(host));
    if (strlen(host) > 63 && !strchr(host, '.'))
        host[63] = '\0';
    length = strlen(host);
    while (length > 0 && (host[length - 1] == '-' || host[length - 1] == '.'))
        host[--length] = '\0';
    return vd_check_hostname(host, NULL) ? g_steal_pointer(&host) : g_strdup("localhost");
}

static char *copy_arg(const VdArgs *args, const char *name)
{
    const char *value = vd_args_get(args, name);

    return value && *value ? g_strdup(value) : NULL;
}

/* All values that are not empty: a form gives a field that was left empty as "". */
static char **copy_all(const VdArgs *args, const char *name)
{
    g_auto(GStrv) given = vd_args_all(args, name);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (gsize i = 0; given[i]; i++) {
        if (*given[i])
            g_strv_builder_add(builder, given[i]);
    }
    return g_strv_builder_end(builder);
}

static gboolean read_keys(VdPlan *plan, const VdArgs *args, GError **error)
{
    g_auto(GStrv) given = copy_all(args, "ssh-key");
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (gsize i = 0; given[i]; i++) {
        g_auto(GStrv) keys = vd_read_ssh_keys(given[i], error);

        if (!keys)
            return FALSE;
        g_strv_builder_addv(builder, (const char **)keys);
    }
    plan->keys = g_strv_builder_end(builder);
    return TRUE;
}

/* Who can log in, and how. */
static gboolean read_logins(VdPlan *plan, const VdArgs *args, const VdImage *image, GError **error)
{
    plan->user = copy_arg(args, "user");
    plan->locked = vd_args_flag(args, "locked");
    plan->password = vd_args_get(args, "password") != NULL;
    plan->user_password = vd_args_get(args, "user-password") != NULL;
    if (plan->user && !vd_plan_check_user(plan->user, image, error))
        return FALSE;
    if (plan->locked && plan->password)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("Root cannot both have a password and be locked; leave one of the two "
                         "out."));
    if (plan->user_password && !plan->user)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("A user's password needs a user's name; give --user."));
    if (plan->locked && plan->user && !plan->user_password &&
        !(vd_args_get(args, "ssh-key") && *vd_args_get(args, "ssh-key")))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("Nobody could log in: root is locked, and the user %s has neither a "
                         "password nor a key."),
                       plan->user);
    return read_keys(plan, args, error);
}

/* Whether these args let somebody in, or may: a script can do anything. */
static gboolean lets_in(const VdArgs *args)
{
    static const char *const ways[] = {"password", "user-password", "ssh-key", "firstboot"};

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        const char *value = vd_args_get(args, ways[i]);

        if (value && *value)
            return TRUE;
    }
    return FALSE;
}

gboolean vd_plan_shuts_out(const VdArgs *args, const VdImage *image)
{
    return !lets_in(args) && !vd_image_has_login(image, vd_args_flag(args, "locked"));
}

gboolean vd_plan_may_shut_out(const VdArgs *args, const VdImage *image)
{
    return !lets_in(args) && !vd_image_logins_known(image);
}

gboolean vd_plan_check_user(const char *name, const VdImage *image, GError **error)
{
    if (!vd_check_user_name(name, error))
        return FALSE;
    if (!image || !vd_image_is_system_user(image, name))
        return TRUE;
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("%s is an account of the system's own in the image %s, which nobody logs in "
                     "to; choose another name for the user."),
                   name, image->name);
}

/* image NULL: none, so any timezone passes. */
static gboolean read_system(VdPlan *plan, const VdArgs *args, const VdImage *image, GError **error)
{
    g_auto(GStrv) zones = image ? vd_image_timezones(image) : NULL;

    plan->hostname = copy_arg(args, "hostname");
    if (!plan->hostname)
        plan->hostname = vd_plan_hostname(plan->name);
    plan->timezone = copy_arg(args, "timezone");
    plan->address = copy_arg(args, "address");
    plan->gateway = copy_arg(args, "gateway");
    plan->dns = copy_all(args, "dns");
    plan->script = vd_args_get(args, "firstboot") && *vd_args_get(args, "firstboot");
    if (plan->timezone &&
        !vd_check_zone_there(plan->timezone, zones, image ? image->name : NULL, error))
        return FALSE;
    return vd_check_static(plan->address, plan->gateway, plan->dns, error);
}

gboolean vd_plan_wants_raw(const VdArgs *args)
{
    return g_strcmp0(vd_args_get(args, "disk-format"), "raw") == 0;
}

gboolean vd_plan_leaves_format(const VdArgs *args)
{
    const char *format = vd_args_get(args, "disk-format");

    return !format || !*format || g_str_equal(format, "auto");
}

gboolean vd_plan_wants_copy(const VdArgs *args)
{
    return vd_args_flag(args, "whole") || vd_plan_wants_raw(args);
}

const char *vd_plan_format(const VdPlan *plan)
{
    return plan->raw || plan->rbd ? "raw" : "qcow2";
}

/* Identities that the host has not given to anybody: random, so no need to ask. MAC addresses of
 * QEMU and libvirt begin with 52:54:00. */
static void choose_identity(VdPlan *plan, const char *request)
{
    g_autofree char *tail = g_ascii_strdown(strchr(request, '-') ? request + 2 : request, -1);

    plan->uuid = g_uuid_string_random();
    plan->mac =
        g_strdup_printf("52:54:00:%.2s:%.2s:%.2s", plan->uuid, plan->uuid + 2, plan->uuid + 4);
    /* With the request's id, so that taking it back can never hit a disk of somebody else. */
    plan->volume = g_strdup_printf("%s-%s.%s", plan->name, tail, vd_plan_format(plan));
}

static void decide_grow(VdPlan *plan, const VdArgs *args, const VdImage *image)
{
    plan->customise = !vd_args_flag(args, "no-customise");
    if (vd_args_flag(args, "no-grow"))
        plan->why_no_grow = g_strdup(N_("not wanted"));
    else if (plan->disk == image->virtual_size)
        plan->why_no_grow = g_strdup(N_("the disk is as large as the image"));
    plan->grow = !plan->why_no_grow;
}

static gboolean choose_engine(VdPlan *plan, const VdArgs *args, const VdImage *image,
                              const char *request, GError **error)
{
    g_autofree char *tail = g_ascii_strdown(strchr(request, '-') ? request + 2 : request, -1);
    gboolean by_itself = FALSE, unknown = FALSE;
    g_autofree char *known = vd_image_reader(image, &by_itself, &unknown);

    if (!vd_plan_choose_engine(args, image, &plan->reader, error))
        return FALSE;
    if (!plan->reader)
        return TRUE;
    plan->medium = g_strdup_printf("%s-%s-seed.iso", plan->name, tail);
    plan->table = plan->grow && known && !by_itself && image->growable;
    return TRUE;
}

char *vd_plan_base_name(const VdPlan *plan)
{
    return g_strdup_printf(VD_BASE_PREFIX "%s.%s", plan->sha256, plan->image_format);
}

gboolean vd_plan_is_elsewhere(const char *uri)
{
    g_autofree char *effective = vd_uri_effective(uri);

    return !vd_uri_is_here(effective);
}

/* What has to be done to the disk as a file is done here; so is a copy, which needs no image there.
 */
static void place_work(VdPlan *plan)
{
    gboolean changed = plan->reader ? plan->table : plan->grow || plan->customise;

    /* In RBD nobody but QEMU gets at it. */
    plan->near = plan->rbd ? changed : plan->elsewhere && (plan->whole || changed);
}

void vd_plan_take_rbd(VdPlan *plan)
{
    g_autofree char *volume = g_steal_pointer(&plan->volume);
    const char *dot = strrchr(volume, '.');

    plan->rbd = TRUE;
    plan->volume = g_strdup_printf("%.*s.raw", (int)(dot - volume), volume);
    if (plan->image)
        place_work(plan);
}

void vd_plan_take_raw(VdPlan *plan)
{
    g_autofree char *volume = g_steal_pointer(&plan->volume);
    const char *dot = strrchr(volume, '.');

    plan->raw = TRUE;
    plan->whole = plan->image != NULL;
    plan->volume = g_strdup_printf("%.*s.raw", (int)(dot - volume), volume);
    place_work(plan);
}

/* What a plan has with an image or without. image NULL: none. */
static gboolean read_machine(VdPlan *plan, const VdArgs *args, const VdImage *image,
                             const char *uri, const char *request, GError **error)
{
    const char *title = vd_args_get(args, "title");

    if (!read_logins(plan, args, image, error) || !read_system(plan, args, image, error))
        return FALSE;
    plan->title = title && *title ? vd_text_clean(title, 200, FALSE) : NULL;
    plan->uri = g_strdup(uri);
    plan->elsewhere = vd_plan_is_elsewhere(uri);
    plan->overcommit = vd_args_flag(args, "overcommit");
    plan->cpus = (guint)vd_args_int(args, "cpus", 2);
    plan->memory = vd_args_size(args, "memory", 2 * GIB);
    plan->pool = copy_arg(args, "pool");
    plan->network = copy_arg(args, "network");
    plan->start = !vd_args_flag(args, "no-start");
    plan->autostart = vd_args_flag(args, "autostart");
    plan->wait_minutes = (int)vd_args_int(args, "wait", 15);
    plan->raw = vd_plan_wants_raw(args);
    plan->format_open = vd_plan_leaves_format(args);
    choose_identity(plan, request);
    return TRUE;
}

static VdPlan *named_plan(const VdArgs *args, GError **error)
{
    g_autoptr(VdPlan) plan = g_new0(VdPlan, 1);

    plan->name = copy_arg(args, "name");
    return plan->name && vd_check_vm_name(plan->name, error) ? g_steal_pointer(&plan) : NULL;
}

VdPlan *vd_plan_new_empty(const VdArgs *args, const char *uri, const char *request, GError **error)
{
    g_autoptr(VdPlan) plan = named_plan(args, error);

    if (!plan || !read_machine(plan, args, NULL, uri, request, error))
        return NULL;
    plan->disk = vd_args_size(args, "disk", USUAL_DISK);
    return g_steal_pointer(&plan);
}

VdPlan *vd_plan_new(const VdArgs *args, const VdImage *image, const char *uri, const char *request,
                    GError **error)
{
    g_autoptr(VdPlan) plan = named_plan(args, error);

    if (!plan || !vd_plan_check_disk(args, image, error) ||
        !vd_plan_check_able(args, image, error) ||
        !read_machine(plan, args, image, uri, request, error))
        return NULL;
    plan->image = g_strdup(image->name);
    plan->sha256 = g_strdup(image->sha256);
    plan->image_format = g_strdup(image->format);
    plan->image_size = image->virtual_size;
    plan->disk = vd_plan_disk_size(args, image);
    plan->whole = vd_plan_wants_copy(args);
    plan->whole_later = vd_args_flag(args, "whole-later");
    if (plan->whole_later && (plan->whole || vd_args_flag(args, "no-start"))) {
        vd_error_set(
            error, VD_ERR_INVALID, NULL,
            _("--whole-later makes an overlay whole while its machine runs; leave --whole, "
              "--disk-format raw and --no-start out."));
        return NULL;
    }
    decide_grow(plan, args, image);
    if (!choose_engine(plan, args, image, request, error))
        return NULL;
    place_work(plan);
    return g_steal_pointer(&plan);
}
