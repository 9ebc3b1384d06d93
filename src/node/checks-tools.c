/* The doctor's look at the programs that a deployment uses: QEMU with or without KVM, qemu-img, the
 * guest helper, and what libguestfs builds its appliance from. The deep check launches one. */
#include "config.h"

#include <glob.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#include "src/base/child.h"
#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/kvm.h"
#include "src/base/locale.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/node/checks.h"

#define TOOL_MS 10000
/* A cold launch took 27 s under emulation on two cores (lab); a slow disk may take longer. */
#define APPLIANCE_MS 240000

/* ---- programs ---- */

/* A KVM that opens but gives QEMU no machine: libvirt remembers that QEMU came without KVM, finds
 * that KVM is there, and asks QEMU anew each time it needs to know what it can do (some fifteen
 * times to define a machine: 10 s and more, libvirt 9.0). It looks whether QEMU's user may open the
 * device. Of one that this user may not open nothing is known, and a session's libvirt, which may
 * not either, is slow for no such reason. */
static void check_kvm_probing(VdCheckup *checkup)
{
    if (!checkup->answers || checkup->survey.kvm || checkup->survey.session ||
        g_strcmp0(checkup->survey.driver, "QEMU") != 0 || !vd_kvm_open_to_others() ||
        !vd_kvm_opens())
        return;
    checkup->no_kvm = TRUE;
    vd_checkup_say(checkup, _("KVM"), VD_CHECK_NOTE,
                   _("libvirt takes /dev/kvm for usable and asks QEMU anew at every step, so that "
                     "making a machine takes 10 seconds and more; closing the device ends that "
                     "until this computer is started again."),
                   _("Type as root: chmod 600 /dev/kvm"));
}

void vd_check_kvm(VdCheckup *checkup)
{
    g_autofree char *qemu = vd_kvm_qemu();
    g_autofree char *why = NULL;

    if (qemu == NULL) {
        vd_checkup_say(checkup, _("KVM"), VD_CHECK_BAD, _("QEMU is not installed."),
                       _("Type: apt install qemu-system-x86 (Fedora: dnf install qemu-kvm)."));
        return;
    }
    checkup->kvm = vd_kvm_usable(&why);
    if (checkup->kvm)
        vd_checkup_say(checkup, _("KVM"), VD_CHECK_OK, _("KVM works: a guest's code ran on it."),
                       NULL);
    else
        vd_checkup_say(checkup, _("KVM"), VD_CHECK_NOTE, why,
                       _("Machines run without it, emulated and slow."));
    if (!checkup->kvm)
        check_kvm_probing(checkup);
}

void vd_check_qemu_img(VdCheckup *checkup)
{
    static const char *const argv[] = {"qemu-img", "--version", NULL};
    g_auto(VdChild) child = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *line = NULL;

    if (!vd_child_run(argv, NULL, TOOL_MS, &child, &error) || child.status != 0) {
        vd_checkup_say(checkup, "qemu-img", VD_CHECK_BAD,
                       error != NULL ? error->message : _("qemu-img does not run."),
                       _("Type: apt install qemu-utils (Fedora: dnf install qemu-img)."));
        return;
    }
    child.out[strcspn(child.out, "\n(")] = '\0';
    line = vd_text_clean(g_strchomp(child.out), 80, FALSE);
    vd_checkup_take(checkup, "qemu-img", VD_CHECK_OK, g_strdup_printf(_("There is %s."), line),
                    NULL);
}

/* ---- the appliance ---- */

/* supermin takes a kernel from here whose modules are there too (its ext2_kernel.ml). */
static const char *const kernel_patterns[] = {"/boot/vmlinu?-*", "/lib/modules/*/vmlinuz"};

static gboolean has_modules(const char *kernel)
{
    const char *name = strrchr(kernel, '/') + 1;
    const char *version = strchr(name, '-');
    g_autofree char *modules = NULL;

    if (version == NULL) /* /lib/modules/VERSION/vmlinuz */
        return TRUE;
    modules = g_build_filename("/lib/modules", version + 1, NULL);
    return access(modules, R_OK | X_OK) == 0;
}

/* The first kernel that can be read and has modules; *ret_any gets one that is there at all. The
 * caller frees both. */
static char *find_kernel(char **ret_any)
{
    const char *given = g_getenv("SUPERMIN_KERNEL");
    char *found = NULL;

    *ret_any = NULL;
    if (given != NULL && *given != '\0' && access(given, R_OK) == 0)
        return g_strdup(given);
    for (guint i = 0; i < G_N_ELEMENTS(kernel_patterns) && found == NULL; i++) {
        glob_t matches;

        if (glob(kernel_patterns[i], 0, NULL, &matches) != 0)
            continue;
        for (gsize j = 0; j < matches.gl_pathc && found == NULL; j++) {
            const char *path = matches.gl_pathv[j];

            if (!has_modules(path))
                continue;
            if (access(path, R_OK) == 0)
                found = g_strdup(path);
            else if (*ret_any == NULL)
                *ret_any = g_strdup(path);
        }
        globfree(&matches);
    }
    return found;
}

void vd_check_kernel(VdCheckup *checkup)
{
    g_autofree char *any = NULL;
    g_autofree char *kernel = find_kernel(&any);
    const char *name = _("kernel");

    if (kernel != NULL)
        vd_checkup_take(checkup, name, VD_CHECK_OK,
                        g_strdup_printf(_("%s can be read for the appliance."), kernel), NULL);
    else if (any != NULL)
        vd_checkup_take(checkup, name, VD_CHECK_BAD,
                        g_strdup_printf(_("The kernel %s cannot be read by this user, so no "
                                          "appliance can be built."),
                                        any),
                        g_strdup_printf(_("Type: sudo chmod 0644 %s"), any));
    else
        vd_checkup_say(checkup, name, VD_CHECK_BAD,
                       _("There is no kernel with its modules in /boot to build the appliance "
                         "from."),
                       _("Type: apt install linux-image-cloud-amd64 (Fedora: dnf install "
                         "kernel-core)."));
}

void vd_check_helper(VdCheckup *checkup)
{
    g_autofree char *path = vd_path_guest();

    if (access(path, X_OK) == 0)
        vd_checkup_take(checkup, _("guest helper"), VD_CHECK_OK,
                        g_strdup_printf(_("The guest helper is %s."), path), NULL);
    else
        vd_checkup_take(checkup, _("guest helper"), VD_CHECK_BAD,
                        g_strdup_printf(_("The guest helper %s is missing, so images can be "
                                          "neither inspected nor customised."),
                                        path),
                        g_strdup(_("Install vmdeck anew: make install.")));
}

/* The last line of the helper's output that is a JSON object (doc/guest-protocol.md): its result or
 * its error. NULL: it said nothing. The caller frees. */
static JsonNode *last_event(const char *output)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", 4096);
    JsonNode *last = NULL;

    for (char **line = lines; *line != NULL; line++) {
        JsonNode *node = **line == '{' ? json_from_string(*line, NULL) : NULL;

        if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
            g_clear_pointer(&node, json_node_unref);
            continue;
        }
        g_clear_pointer(&last, json_node_unref);
        last = node;
    }
    return last;
}

static void say_launched(VdCheckup *checkup, JsonObject *result)
{
    gint64 ms = json_object_get_int_member_with_default(result, "launch_ms", 0);
    g_autofree char *time = vd_format_duration(ms * 1000);
    JsonNode *node = json_object_get_member(result, "features");
    gboolean xfs = TRUE;

    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        xfs = json_object_get_boolean_member_with_default(json_node_get_object(node), "xfs", TRUE);
    vd_checkup_take(checkup, _("appliance"), VD_CHECK_OK,
                    json_object_get_boolean_member_with_default(result, "tcg", FALSE)
                        ? g_strdup_printf(_("The appliance launches in %s, emulated."), time)
                        : g_strdup_printf(_("The appliance launches in %s."), time),
                    NULL);
    if (!xfs)
        vd_checkup_say(checkup, _("appliance"), VD_CHECK_NOTE,
                       _("The appliance cannot grow XFS, so images with an XFS root cannot be "
                         "grown."),
                       _("Type: apt install libguestfs-xfs"));
}

static void say_not_launched(VdCheckup *checkup, const VdChild *child, const JsonNode *event)
{
    const char *message = NULL;
    g_autofree char *clean = NULL;

    if (child->late) {
        vd_checkup_take(checkup, _("appliance"), VD_CHECK_BAD,
                        g_strdup_printf(_("The appliance did not launch within %d seconds."),
                                        APPLIANCE_MS / 1000),
                        g_strdup(_("Type: libguestfs-test-tool — to see where it stops.")));
        return;
    }
    if (event != NULL)
        message = json_object_get_string_member_with_default(
            json_node_get_object((JsonNode *)event), "message", NULL);
    clean = message != NULL ? vd_text_clean(message, 300, FALSE)
                            : g_strdup(_("The guest helper ended without a word."));
    vd_checkup_say(checkup, _("appliance"), VD_CHECK_BAD, clean,
                   _("Type: libguestfs-test-tool — to see where it stops."));
}

void vd_check_appliance(VdCheckup *checkup)
{
    g_autofree char *helper = vd_path_guest(), *id = vd_request_id_new();
    g_autofree char *request =
        g_strdup_printf("{\"action\":\"probe\",\"request\":\"%s\",\"tcg\":%s}", id,
                        checkup->kvm ? "false" : "true");
    const char *const argv[] = {helper, NULL};
    g_auto(VdChild) child = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) event = NULL;

    if (!checkup->deep) {
        vd_checkup_say(checkup, _("appliance"), VD_CHECK_NOTE, _("The appliance was not launched."),
                       _("Type: vmdeck doctor --deep — to launch it, which takes up to a minute."));
        return;
    }
    if (!vd_child_run(argv, request, APPLIANCE_MS, &child, &error)) {
        vd_checkup_say(checkup, _("appliance"), VD_CHECK_BAD, error->message,
                       _("See the guest helper above."));
        return;
    }
    event = last_event(child.out);
    if (!child.late && child.status == 0 && event != NULL)
        say_launched(checkup, json_node_get_object(event));
    else
        say_not_launched(checkup, &child, event);
}

/* ---- the person's language ---- */

/* "ru" of "ru_RU.UTF-8". The caller frees. */
static char *language_of(const char *locale)
{
    g_autofree char *code = g_strndup(locale, strcspn(locale, "_.@"));

    return vd_text_clean(code, 12, FALSE);
}

void vd_check_locale(VdCheckup *checkup)
{
    const char *name = _("locale"), *missing = vd_locale_missing();
    g_autofree char *clean = vd_text_clean(missing, 60, FALSE);
    g_autofree char *language = missing != NULL ? language_of(missing) : NULL;

    if (missing == NULL) {
        vd_checkup_take(checkup, name, VD_CHECK_OK,
                        g_strdup_printf(_("The locale is %s."), setlocale(LC_CTYPE, NULL)), NULL);
        return;
    }
    vd_checkup_take(
        checkup, name, VD_CHECK_NOTE,
        g_strdup_printf(_("The locale %s is not installed, so texts are English."), clean),
        g_strdup_printf(_("Type: apt install locales-all (Fedora: dnf install "
                          "glibc-langpack-%s), or: export LANG=C.UTF-8"),
                        language));
}
