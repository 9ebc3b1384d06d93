/* The doctor's questions to the host: whether libvirt answers, the default pool and network, and
 * the person's groups.
 *
 * libvirt's calls have no deadline of their own, so they are made on a thread that is left behind
 * when the daemon hangs. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/group.h"
#include "src/base/i18n.h"
#include "src/base/kvm.h"
#include "src/base/patience.h"
#include "src/base/text.h"
#include "src/node/checks.h"

#define ANSWER_MS 10000
/* Below it no image of today fits beside its first changes. */
#define POOL_MIN_BYTES (G_GUINT64_CONSTANT(2) << 30)

/* ---- asking by deadline ---- */

/* Shared by the doctor and the thread that asks; the last one frees it. */
typedef struct {
    gatomicrefcount refs;
    GMutex lock;
    GCond answered;
    char *uri;
    /* under lock */
    gboolean done;
    VdSurvey survey;
    GError *error;
} Question;

static void question_unref(Question *question)
{
    if (!g_atomic_ref_count_dec(&question->refs))
        return;
    g_mutex_clear(&question->lock);
    g_cond_clear(&question->answered);
    g_free(question->uri);
    vd_survey_clear(&question->survey);
    g_clear_error(&question->error);
    g_free(question);
}

static gpointer ask(gpointer data)
{
    Question *question = data;
    VdSurvey survey = {0};
    GError *error = NULL;

    (void)vd_survey(question->uri, &survey, &error);
    g_mutex_lock(&question->lock);
    question->survey = survey;
    question->error = error;
    question->done = TRUE;
    g_cond_signal(&question->answered);
    g_mutex_unlock(&question->lock);
    question_unref(question);
    return NULL;
}

/* TRUE: checkup's survey is filled in. FALSE with an error. */
static gboolean survey_by_deadline(VdCheckup *checkup, GError **error)
{
    int patience = vd_patience_ms(ANSWER_MS);
    gint64 deadline = g_get_monotonic_time() + patience * G_TIME_SPAN_MILLISECOND;
    Question *question = g_new0(Question, 1);
    gboolean ok = FALSE;

    g_atomic_ref_count_init(&question->refs);
    g_atomic_ref_count_inc(&question->refs);
    g_mutex_init(&question->lock);
    g_cond_init(&question->answered);
    question->uri = g_strdup(checkup->uri);
    g_thread_unref(g_thread_new("doctor", ask, question));
    g_mutex_lock(&question->lock);
    while (!question->done && g_cond_wait_until(&question->answered, &question->lock, deadline))
        continue;
    if (!question->done) {
        vd_error_set(error, VD_ERR_TIMEOUT, NULL,
                     ngettext("libvirt did not answer within %d second.",
                              "libvirt did not answer within %d seconds.", (gulong)patience / 1000),
                     patience / 1000);
    } else if (question->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&question->error));
    } else {
        checkup->survey = question->survey;
        question->survey = (VdSurvey){0};
        ok = TRUE;
    }
    g_mutex_unlock(&question->lock);
    question_unref(question);
    return ok;
}

/* ---- the checks ---- */

static gboolean installed(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    g_autofree char *system = g_build_filename("/usr/sbin", program, NULL);

    return path != NULL || access(system, X_OK) == 0;
}

/* How to get an answer from this machine's libvirt. Static, translated. */
static const char *start_advice(const GError *error, gboolean hangs)
{
    gboolean modular = !installed("libvirtd") && installed("virtqemud");

    if (vd_error_code(error) == VD_ERR_DENIED)
        return _("Type: sudo usermod -aG libvirt $USER — and log in again.");
    if (!modular && !installed("libvirtd"))
        return _("Type: apt install libvirt-daemon-system qemu-system-x86 (Fedora: dnf install "
                 "libvirt-daemon-kvm).");
    if (hangs && vd_checkup_has_systemd())
        return modular ? _("Type: systemctl restart virtqemud")
                       : _("Type: systemctl restart libvirtd");
    if (vd_checkup_has_systemd())
        return modular ? _("Type: systemctl enable --now virtqemud.socket virtlogd.socket")
                       : _("Type: systemctl enable --now libvirtd.socket virtlogd.socket");
    return modular ? _("Type as root: virtlogd -d; virtqemud -d")
                   : _("Type as root: virtlogd -d; libvirtd -d");
}

void vd_check_libvirt(VdCheckup *checkup)
{
    g_autoptr(GError) error = NULL;
    gboolean hangs;

    checkup->answers = survey_by_deadline(checkup, &error);
    if (checkup->answers) {
        vd_checkup_take(checkup, _("libvirt"), VD_CHECK_OK,
                        g_strdup_printf(_("libvirt %s answers at %s."), checkup->survey.libvirt,
                                        checkup->survey.uri),
                        NULL);
        return;
    }
    hangs = vd_error_code(error) == VD_ERR_TIMEOUT;
    if (checkup->local)
        vd_checkup_say(checkup, _("libvirt"), VD_CHECK_BAD, error->message,
                       start_advice(error, hangs));
    else
        vd_checkup_say(checkup, _("libvirt"), VD_CHECK_BAD, error->message,
                       _("See that the address is right, that ssh logs in to that host without a "
                         "password, and that libvirt runs there."));
}

static char *free_space(guint64 bytes)
{
    g_autofree char *size = vd_format_size(bytes);

    return g_strdup_printf(_("The pool default is active and has %s free."), size);
}

void vd_check_pool(VdCheckup *checkup)
{
    const VdSurvey *survey = &checkup->survey;
    const char *name = _("default pool");
    gboolean tight;

    if (!checkup->answers)
        return;
    switch (survey->pool) {
    case VD_THING_ACTIVE:
        tight = survey->pool_available < POOL_MIN_BYTES;
        vd_checkup_take(checkup, name, tight ? VD_CHECK_BAD : VD_CHECK_OK,
                        free_space(survey->pool_available),
                        tight ? g_strdup(_("Make room there, or deploy to another pool.")) : NULL);
        return;
    case VD_THING_INACTIVE:
        vd_checkup_say(checkup, name, VD_CHECK_NOTE,
                       _("The pool default is not active; a deployment starts it."),
                       _("Type: virsh pool-start default; virsh pool-autostart default"));
        return;
    case VD_THING_MISSING:
        vd_checkup_say(checkup, name, VD_CHECK_NOTE,
                       _("There is no pool default yet; the first deployment makes it."), NULL);
        return;
    case VD_THING_UNSUPPORTED:
        vd_checkup_say(checkup, name, VD_CHECK_NOTE,
                       _("This kind of host has no storage pools, so nothing can be deployed."),
                       NULL);
        return;
    default:
        vd_checkup_say(checkup, name, VD_CHECK_BAD, _("The storage pools cannot be asked."),
                       _("Type: virsh pool-list --all — to see what libvirt says."));
        return;
    }
}

void vd_check_network(VdCheckup *checkup)
{
    const char *name = _("default network");

    if (!checkup->answers)
        return;
    switch (checkup->survey.network) {
    case VD_THING_ACTIVE:
        vd_checkup_say(checkup, name, VD_CHECK_OK, _("The network default is active."), NULL);
        return;
    case VD_THING_INACTIVE:
        vd_checkup_say(checkup, name, VD_CHECK_NOTE,
                       _("The network default is not active; a deployment starts it."),
                       _("Type: virsh net-start default; virsh net-autostart default"));
        return;
    case VD_THING_MISSING:
        if (checkup->survey.session)
            vd_checkup_say(checkup, name, VD_CHECK_OK,
                           _("An ordinary user's machines use QEMU's own network."), NULL);
        else
            vd_checkup_say(checkup, name, VD_CHECK_BAD, _("There is no network default."),
                           _("Type: virsh net-define /usr/share/libvirt/networks/default.xml; "
                             "virsh net-start default"));
        return;
    case VD_THING_UNSUPPORTED:
        vd_checkup_say(checkup, name, VD_CHECK_NOTE, _("This kind of host has no networks."), NULL);
        return;
    default:
        vd_checkup_say(checkup, name, VD_CHECK_BAD, _("The networks cannot be asked."),
                       _("Type: virsh net-list --all — to see what libvirt says."));
        return;
    }
}

/* Whether this process has the group; TRUE as well where the group does not exist. */
static gboolean in_group(const char *name)
{
    gid_t wanted;
    g_autofree gid_t *groups = NULL;
    int count = getgroups(0, NULL);

    if (!vd_group_id(name, &wanted) || getegid() == wanted)
        return TRUE;
    groups = g_new0(gid_t, (gsize)MAX(count, 1));
    count = getgroups(count, groups);
    for (int i = 0; i < count; i++) {
        if (groups[i] == wanted)
            return TRUE;
    }
    return FALSE;
}

void vd_check_groups(VdCheckup *checkup)
{
    const char *name = _("rights");
    gboolean session = checkup->answers && checkup->survey.session, fine = TRUE;
    g_autofree char *kvm = checkup->kvm || checkup->no_kvm ? NULL : vd_kvm_group_wanted();

    if (geteuid() == 0) {
        vd_checkup_say(checkup, name, VD_CHECK_OK, _("You are root."), NULL);
        return;
    }
    if (kvm != NULL && !in_group(kvm)) {
        fine = FALSE;
        vd_checkup_take(
            checkup, name, VD_CHECK_NOTE, g_strdup_printf(_("You are not in the group %s."), kvm),
            g_strdup_printf(_("Type: sudo usermod -aG %s $USER — and log in again."), kvm));
    }
    if (!session && !in_group("libvirt")) {
        fine = FALSE;
        vd_checkup_say(checkup, name, VD_CHECK_NOTE,
                       _("You are not in the group libvirt: the system's machines are not yours "
                         "to manage."),
                       _("Type: sudo usermod -aG libvirt $USER — and log in again."));
    }
    if (fine)
        vd_checkup_say(checkup, name, VD_CHECK_OK, _("You are in the groups that are needed."),
                       NULL);
}
