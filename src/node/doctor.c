/* `vmdeck doctor`: what a host needs, one line each. A check looks and says what it found and what
 * to type; it changes nothing. What a deployment puts right by itself (a network that is not
 * started) or can do without (KVM) is a note, what it fails on is bad. */
#include "config.h"

#include <sys/stat.h>

#include "src/base/i18n.h"
#include "src/node/checks.h"
#include "src/node/doctor.h"

static const VdColumn columns[] = {
    {"check", N_("Check"), VD_COL_TEXT},
    {"state", N_("State"), VD_COL_TEXT},
    {"finding", N_("Finding"), VD_COL_TEXT},
    {"advice", N_("What to do"), VD_COL_TEXT},
};

/* Of this machine alone, when the host is another one. */
static const struct {
    void (*check)(VdCheckup *checkup);
    gboolean local_only;
} checks[] = {
    {vd_check_libvirt, FALSE},  {vd_check_kvm, TRUE},    {vd_check_groups, TRUE},
    {vd_check_qemu_img, TRUE},  {vd_check_kernel, TRUE}, {vd_check_helper, TRUE},
    {vd_check_appliance, TRUE}, {vd_check_state, FALSE}, {vd_check_images, FALSE},
    {vd_check_journal, FALSE},  {vd_check_pool, FALSE},  {vd_check_network, FALSE},
    {vd_check_locale, FALSE},
};

void vd_checkup_say(VdCheckup *checkup, const char *check, VdCheckState state, const char *finding,
                    const char *advice)
{
    static const char *const words[] = {"ok", "note", "bad"};
    char **row = vd_section_row(checkup->section);

    vd_row_text(row, 0, check);
    vd_row_text(row, 1, words[state]);
    vd_row_text(row, 2, finding);
    vd_row_text(row, 3, advice);
    if (state == VD_CHECK_BAD)
        checkup->bad++;
}

void vd_checkup_take(VdCheckup *checkup, const char *check, VdCheckState state, char *finding,
                     char *advice)
{
    vd_checkup_say(checkup, check, state, finding, advice);
    g_free(finding);
    g_free(advice);
}

/* sd_booted(3) looks at the same folder. */
gboolean vd_checkup_has_systemd(void)
{
    struct stat info;

    return lstat("/run/systemd/system", &info) == 0 && S_ISDIR(info.st_mode);
}

VdDoc *vd_doctor_run(const char *uri, gboolean deep, const GError *journal, int *ret_bad)
{
    VdDoc *doc = vd_doc_new();
    g_autofree char *effective = NULL;
    VdCheckup checkup = {.uri = uri, .deep = deep, .journal = journal};

    effective = vd_survey_uri(uri, &checkup.local);
    checkup.section = vd_doc_section(doc, VD_SECTION_TABLE, "checks", N_("Checks"), columns,
                                     G_N_ELEMENTS(columns));
    for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
        if (checkup.local || !checks[i].local_only)
            checks[i].check(&checkup);
    }
    vd_survey_clear(&checkup.survey);
    if (ret_bad != NULL)
        *ret_bad = checkup.bad;
    return doc;
}
