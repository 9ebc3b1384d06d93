/* A machine's details as a document: what libvirt says of its state, then its hardware.
 *
 * The hardware is read from the XML, which costs one call that waits for no QEMU. What comes from
 * elsewhere (a volume's size, an address by lease, the number of snapshots) is asked only where
 * that takes no job on the machine either, so that a stuck machine can still be looked at, and is
 * left out where the driver does not know it. */
#include "config.h"

#include "src/base/i18n.h"
#include "src/model/fleet.h"
#include "src/virt/domxml.h"
#include "src/virt/hardware.h"
#include "src/virt/lv.h"
#include "src/virt/ops-util.h"
#include "src/virt/ops.h"

enum {
    GENERAL_NAME,
    GENERAL_UUID,
    GENERAL_TITLE,
    GENERAL_DESCRIPTION,
    GENERAL_STATE,
    GENERAL_REASON,
    GENERAL_ID,
    GENERAL_PERSISTENT,
    GENERAL_AUTOSTART,
    GENERAL_SAVED,
    GENERAL_TYPE,
    GENERAL_OS,
    GENERAL_ARCH,
    GENERAL_MACHINE,
    GENERAL_FIRMWARE,
    GENERAL_KERNEL,
    GENERAL_VCPUS,
    GENERAL_VCPUS_MAX,
    GENERAL_CPU,
    GENERAL_MEMORY,
    GENERAL_MEMORY_MAX,
    GENERAL_BOOT,
    GENERAL_SNAPSHOTS,
    GENERAL_IMAGE,
    GENERAL_AUTHOR,
    GENERAL_REQUEST,
    GENERAL_COLUMNS
};

static const VdColumn general_columns[GENERAL_COLUMNS] = {
    [GENERAL_NAME] = {"name", N_("Name"), VD_COL_TEXT},
    [GENERAL_UUID] = {"uuid", N_("UUID"), VD_COL_TEXT},
    [GENERAL_TITLE] = {"title", N_("Title"), VD_COL_TEXT},
    [GENERAL_DESCRIPTION] = {"description", N_("Description"), VD_COL_TEXT},
    [GENERAL_STATE] = {"state", N_("State"), VD_COL_TEXT},
    [GENERAL_REASON] = {"reason", N_("Reason"), VD_COL_TEXT},
    [GENERAL_ID] = {"id", N_("Id"), VD_COL_COUNT},
    [GENERAL_PERSISTENT] = {"persistent", N_("Persistent"), VD_COL_BOOL},
    [GENERAL_AUTOSTART] = {"autostart", N_("Autostart"), VD_COL_BOOL},
    [GENERAL_SAVED] = {"managed_save", N_("Saved"), VD_COL_BOOL},
    [GENERAL_TYPE] = {"type", N_("Hypervisor"), VD_COL_TEXT},
    [GENERAL_OS] = {"os_type", N_("OS type"), VD_COL_TEXT},
    [GENERAL_ARCH] = {"arch", N_("Architecture"), VD_COL_TEXT},
    [GENERAL_MACHINE] = {"machine", N_("Machine type"), VD_COL_TEXT},
    [GENERAL_FIRMWARE] = {"firmware", N_("Firmware"), VD_COL_TEXT},
    [GENERAL_KERNEL] = {"kernel", N_("Kernel"), VD_COL_TEXT},
    [GENERAL_VCPUS] = {"vcpus", N_("CPUs"), VD_COL_COUNT},
    [GENERAL_VCPUS_MAX] = {"vcpus_max", N_("CPUs at most"), VD_COL_COUNT},
    [GENERAL_CPU] = {"cpu_model", N_("CPU model"), VD_COL_TEXT},
    [GENERAL_MEMORY] = {"memory", N_("Memory"), VD_COL_SIZE},
    [GENERAL_MEMORY_MAX] = {"memory_max", N_("Memory at most"), VD_COL_SIZE},
    [GENERAL_BOOT] = {"boot", N_("Boot order"), VD_COL_TEXT},
    [GENERAL_SNAPSHOTS] = {"snapshots", N_("Snapshots"), VD_COL_COUNT},
    [GENERAL_IMAGE] = {"image", N_("Made from"), VD_COL_TEXT},
    [GENERAL_AUTHOR] = {"author", N_("Made by"), VD_COL_TEXT},
    [GENERAL_REQUEST] = {"request", N_("Request"), VD_COL_TEXT},
};

/* The words of enum virDomainRunningReason and its sisters: stable for programs. */
static const char *const running_reasons[] = {
    [VIR_DOMAIN_RUNNING_BOOTED] = N_("booted"),
    [VIR_DOMAIN_RUNNING_MIGRATED] = N_("migrated"),
    [VIR_DOMAIN_RUNNING_RESTORED] = N_("restored"),
    [VIR_DOMAIN_RUNNING_FROM_SNAPSHOT] = N_("from snapshot"),
    [VIR_DOMAIN_RUNNING_UNPAUSED] = N_("unpaused"),
    [VIR_DOMAIN_RUNNING_MIGRATION_CANCELED] = N_("migration cancelled"),
    [VIR_DOMAIN_RUNNING_SAVE_CANCELED] = N_("save cancelled"),
    [VIR_DOMAIN_RUNNING_WAKEUP] = N_("woken"),
    [VIR_DOMAIN_RUNNING_CRASHED] = N_("crashed"),
    [VIR_DOMAIN_RUNNING_POSTCOPY] = N_("post-copy"),
    [VIR_DOMAIN_RUNNING_POSTCOPY_FAILED] = N_("post-copy failed"),
};

static const char *const paused_reasons[] = {
    [VIR_DOMAIN_PAUSED_USER] = N_("by request"),
    [VIR_DOMAIN_PAUSED_MIGRATION] = N_("migration"),
    [VIR_DOMAIN_PAUSED_SAVE] = N_("save"),
    [VIR_DOMAIN_PAUSED_DUMP] = N_("dump"),
    [VIR_DOMAIN_PAUSED_IOERROR] = N_("disk error"),
    [VIR_DOMAIN_PAUSED_WATCHDOG] = N_("watchdog"),
    [VIR_DOMAIN_PAUSED_FROM_SNAPSHOT] = N_("from snapshot"),
    [VIR_DOMAIN_PAUSED_SHUTTING_DOWN] = N_("shutting down"),
    [VIR_DOMAIN_PAUSED_SNAPSHOT] = N_("snapshot"),
    [VIR_DOMAIN_PAUSED_CRASHED] = N_("crashed"),
    [VIR_DOMAIN_PAUSED_STARTING_UP] = N_("starting"),
    [VIR_DOMAIN_PAUSED_POSTCOPY] = N_("post-copy"),
    [VIR_DOMAIN_PAUSED_POSTCOPY_FAILED] = N_("post-copy failed"),
};

static const char *const off_reasons[] = {
    [VIR_DOMAIN_SHUTOFF_SHUTDOWN] = N_("shut down"),
    [VIR_DOMAIN_SHUTOFF_DESTROYED] = N_("powered off"),
    [VIR_DOMAIN_SHUTOFF_CRASHED] = N_("crashed"),
    [VIR_DOMAIN_SHUTOFF_MIGRATED] = N_("migrated"),
    [VIR_DOMAIN_SHUTOFF_SAVED] = N_("saved"),
    [VIR_DOMAIN_SHUTOFF_FAILED] = N_("failed to start"),
    [VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT] = N_("from snapshot"),
    [VIR_DOMAIN_SHUTOFF_DAEMON] = N_("the daemon dropped it"),
};

/* NULL: unknown, or libvirt's own "unknown" (0). */
static const char *reason_of(int state, int reason)
{
    static const struct {
        int state;
        const char *const *words;
        int count;
    } tables[] = {
        {VIR_DOMAIN_RUNNING, running_reasons, G_N_ELEMENTS(running_reasons)},
        {VIR_DOMAIN_PAUSED, paused_reasons, G_N_ELEMENTS(paused_reasons)},
        {VIR_DOMAIN_SHUTOFF, off_reasons, G_N_ELEMENTS(off_reasons)},
    };

    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (tables[i].state == state && reason >= 0 && reason < tables[i].count)
            return tables[i].words[reason];
    }
    return NULL;
}

static void fill_state(VdVirtCall *call, char **row)
{
    unsigned int id = virDomainGetID(call->domain);
    int state = VIR_DOMAIN_NOSTATE, reason = 0, flag = 0;

    if (virDomainGetState(call->domain, &state, &reason, 0) == 0) {
        vd_row_text(row, GENERAL_STATE, vd_vm_state_word(vd_lv_state(state)));
        vd_row_english(row, GENERAL_REASON, reason_of(state, reason));
    }
    if (id != (unsigned int)-1)
        vd_row_int(row, GENERAL_ID, id);
    flag = virDomainIsPersistent(call->domain);
    if (flag >= 0)
        vd_row_bool(row, GENERAL_PERSISTENT, flag);
    if (virDomainGetAutostart(call->domain, &flag) == 0)
        vd_row_bool(row, GENERAL_AUTOSTART, flag);
    flag = virDomainHasManagedSaveImage(call->domain, 0);
    if (flag >= 0)
        vd_row_bool(row, GENERAL_SAVED, flag);
    flag = virDomainSnapshotNum(call->domain, 0);
    if (flag >= 0)
        vd_row_int(row, GENERAL_SNAPSHOTS, flag);
}

/* 0 is libvirt's or our "not known". */
static void row_size_if_known(char **row, guint column, guint64 value)
{
    if (value > 0)
        vd_row_size(row, column, value);
}

static void fill_hardware(const VdDomXml *dom, char **row)
{
    vd_row_name(row, GENERAL_NAME, dom->name);
    vd_row_text(row, GENERAL_UUID, dom->uuid);
    vd_row_text(row, GENERAL_TITLE, dom->title);
    vd_row_text(row, GENERAL_DESCRIPTION, dom->description);
    vd_row_text(row, GENERAL_TYPE, dom->type);
    vd_row_text(row, GENERAL_OS, dom->os_type);
    vd_row_text(row, GENERAL_ARCH, dom->arch);
    vd_row_text(row, GENERAL_MACHINE, dom->machine);
    vd_row_text(row, GENERAL_FIRMWARE, dom->firmware);
    vd_row_text(row, GENERAL_KERNEL, dom->kernel);
    if (dom->vcpus > 0)
        vd_row_int(row, GENERAL_VCPUS, (gint64)dom->vcpus);
    if (dom->vcpus_max > 0)
        vd_row_int(row, GENERAL_VCPUS_MAX, (gint64)dom->vcpus_max);
    vd_row_text(row, GENERAL_CPU, dom->cpu);
    row_size_if_known(row, GENERAL_MEMORY, dom->memory);
    row_size_if_known(row, GENERAL_MEMORY_MAX, dom->memory_max);
    vd_row_text(row, GENERAL_BOOT, dom->boot);
    vd_row_text(row, GENERAL_IMAGE, dom->image);
    vd_row_text(row, GENERAL_AUTHOR, dom->author);
    vd_row_text(row, GENERAL_REQUEST, dom->request);
}

gboolean vd_op_vm_show(VdVirtCall *call, GError **error)
{
    g_autofree char *xml = vd_op_xml(call, 0, error);
    g_autoptr(VdDomXml) dom = xml == NULL ? NULL : vd_domxml_parse(xml, error);
    g_autoptr(VdDoc) doc = NULL;
    VdSection *general;
    char **row;

    if (dom == NULL)
        return FALSE;
    doc = vd_doc_new();
    general = vd_doc_section(doc, VD_SECTION_FIELDS, "general", N_("General"), general_columns,
                             GENERAL_COLUMNS);
    row = vd_section_row(general);
    fill_hardware(dom, row);
    fill_state(call, row);
    vd_hardware_sections(call, dom, doc);
    vd_call_answer(call, g_steal_pointer(&doc));
    return TRUE;
}

gboolean vd_op_vm_xml(VdVirtCall *call, GError **error)
{
    g_autofree char *xml = vd_op_xml(call, 0, error);

    if (xml == NULL)
        return FALSE;
    vd_call_answer(call, vd_doc_new_text("xml", N_("XML"), xml));
    return TRUE;
}
