/* The table of verbs. Everything that names, offers, checks, documents or runs an operation reads
 * it: a new operation is one row here, one function in its room and one test. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/deck/row.h"
#include "src/deploy/deploy.h"
#include "src/virt/ops.h"

#define MENU_VM    N_("Machine")
#define MENU_HOST  N_("Host")
#define MENU_IMAGE N_("Image")
#define MENU_JOB   N_("Job")

#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

static const char *const on_off[] = {"on", "off", "toggle", NULL};
static const char *const states[] = {"any", "running", "off", "paused", NULL};

static const VdArgSpec args_list[] = {
    {.name = "state",
     .label = N_("State"),
     .help = N_("Only machines in this state: any, running, off or paused."),
     .type = VD_ARG_CHOICE,
     .value = "any",
     .choices = states},
    {.name = "on-host",
     .label = N_("Host"),
     .help = N_("Only machines of this host."),
     .type = VD_ARG_HOST},
    END,
};

static const VdArgSpec args_autostart[] = {
    {.name = "state",
     .label = N_("Autostart"),
     .help = N_("on, off or toggle."),
     .type = VD_ARG_CHOICE,
     .value = "toggle",
     .choices = on_off},
    END,
};

static const VdArgSpec args_rename[] = {
    {.name = "new-name",
     .label = N_("New name"),
     .help = N_("The new name: letters, digits, _ - . and +."),
     .type = VD_ARG_NAME,
     .required = TRUE,
     .positional = TRUE},
    END,
};

static const VdArgSpec args_delete[] = {
    {.name = "volumes",
     .label = N_("Its volumes too"),
     .help = N_("Delete the machine's own disks as well."),
     .type = VD_ARG_FLAG},
    END,
};

static const VdArgSpec args_search[] = {
    {.name = "words",
     .label = N_("Words"),
     .help = N_("Only offers that mention all of these."),
     .type = VD_ARG_TEXT,
     .positional = TRUE,
     .many = TRUE},
    END,
};

static const VdArgSpec args_doctor[] = {
    {.name = "deep",
     .label = N_("Launch the appliance"),
     .help = N_("Launch libguestfs' appliance once, which takes a while."),
     .type = VD_ARG_FLAG},
    END,
};

static const VdArgSpec args_host_add[] = {
    {.name = "name",
     .label = N_("Name"),
     .help = N_("What the host is called here: kvm1."),
     .type = VD_ARG_TEXT,
     .required = TRUE,
     .positional = TRUE},
    {.name = "uri",
     .label = N_("URI"),
     .help = N_("libvirt's address of it: qemu+ssh://root@kvm1/system."),
     .type = VD_ARG_TEXT,
     .required = TRUE,
     .positional = TRUE},
    END,
};

static const VdArgSpec args_host_edit[] = {
    {.name = "name", .label = N_("Name"), .help = N_("Another name."), .type = VD_ARG_TEXT},
    {.name = "uri",
     .label = N_("URI"),
     .help = N_("Another address: qemu+ssh://root@kvm1/system."),
     .type = VD_ARG_TEXT},
    END,
};

static const VdArgSpec args_host_test[] = {
    {.name = "uri",
     .label = N_("URI"),
     .help = N_("libvirt's address of a host, or the name of one."),
     .type = VD_ARG_TEXT,
     .required = TRUE,
     .positional = TRUE},
    END,
};

#define VM_ROW(id_, command_, label_, help_)                                                       \
    .id = id_, .command = command_, .menu = MENU_VM, .label = label_, .help = help_,               \
    .target = VD_TARGET_VM, .many = TRUE

const VdVerbRow vd_verb_rows[] = {
    {.verb = {.id = "host.list",
              .command = "hosts",
              .label = N_("Hosts"),
              .help = N_("List the hosts and how they are."),
              .kind = VD_VERB_QUERY},
     .fleet = vd_fleet_doc_hosts},
    {.verb = {.id = "vm.list",
              .command = "list",
              .label = N_("Machines"),
              .help = N_("List the machines of all hosts."),
              .kind = VD_VERB_QUERY,
              .args = args_list},
     .fleet = vd_fleet_doc_vms},
    {.verb = {VM_ROW("vm.show", "show", N_("Details"),
                     N_("Show a machine's hardware and settings.")),
              .kind = VD_VERB_QUERY, .when = VD_WHEN_ANY, .keys = "Enter F3"},
     .virt = vd_op_vm_show},
    {.verb = {VM_ROW("vm.xml", "xml", N_("XML"), N_("Show a machine's XML.")),
              .kind = VD_VERB_QUERY, .when = VD_WHEN_ANY, .keys = "x"},
     .virt = vd_op_vm_xml},
    {.verb = {VM_ROW("vm.volumes", "volumes", N_("Volumes"),
                     N_("Show the disks that deleting with volumes would remove.")),
              .kind = VD_VERB_QUERY, .when = VD_WHEN_ANY},
     .virt = vd_op_vm_volumes},
    {.verb = {VM_ROW("vm.start", "start", N_("Start"), N_("Start machines that are off.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_OFF | VD_WHEN_SAVED,
              .pending = N_("starting…"), .keys = "s"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_start},
    {.verb = {VM_ROW("vm.shutdown", "shutdown", N_("Shut down"),
                     N_("Ask the guest to shut down by itself.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_RUNNING, .danger = TRUE,
              .question = N_("Shut down %s?"), .pending = N_("stopping…"), .keys = "S"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_shutdown},
    {.verb = {VM_ROW("vm.poweroff", "poweroff", N_("Power off"),
                     N_("Take the power away: what is not written is lost.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_RUNNING | VD_WHEN_PAUSED, .danger = TRUE,
              .question = N_("Power off %s? What it has not written is lost."),
              .pending = N_("powering off…"), .keys = "P"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_poweroff},
    {.verb = {VM_ROW("vm.reboot", "reboot", N_("Reboot"), N_("Ask the guest to reboot.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_RUNNING, .danger = TRUE,
              .question = N_("Reboot %s?"), .pending = N_("rebooting…"), .keys = "B"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_reboot},
    {.verb = {VM_ROW("vm.reset", "reset", N_("Reset"),
                     N_("Press the reset button: what is not written is lost.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_RUNNING | VD_WHEN_PAUSED, .danger = TRUE,
              .question = N_("Reset %s? What it has not written is lost."),
              .pending = N_("resetting…"), .keys = "T"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_reset},
    {.verb = {VM_ROW("vm.suspend", "suspend", N_("Suspend"),
                     N_("Pause a machine; it stays in memory.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_RUNNING, .pending = N_("suspending…"),
              .keys = "p"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_suspend},
    {.verb = {VM_ROW("vm.resume", "resume", N_("Resume"), N_("Let a paused machine go on.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_PAUSED, .pending = N_("resuming…"),
              .keys = "r"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_resume},
    {.verb = {VM_ROW("vm.save", "save", N_("Save"),
                     N_("Write a machine's memory to disk and stop it (managed save).")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_RUNNING | VD_WHEN_PAUSED,
              .pending = N_("saving…"), .keys = "m"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_save},
    {.verb = {VM_ROW("vm.restore", "restore", N_("Restore"), N_("Go on from the managed save.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_SAVED, .pending = N_("restoring…"),
              .keys = "M"},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_restore},
    {.verb = {VM_ROW("vm.autostart", "autostart", N_("Autostart"),
                     N_("Start the machine with its host, or not.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_ANY, .keys = "a", .args = args_autostart},
     .role = VD_ROLE_OPERATE,
     .virt = vd_op_vm_autostart},
    {.verb = {.id = "vm.rename",
              .command = "rename",
              .menu = MENU_VM,
              .label = N_("Rename"),
              .help = N_("Give a machine that is off another name."),
              .target = VD_TARGET_VM,
              .kind = VD_VERB_QUICK,
              .when = VD_WHEN_OFF,
              .pending = N_("renaming…"),
              .keys = "n",
              .args = args_rename},
     .role = VD_ROLE_ADMIN,
     .virt = vd_op_vm_rename},
    {.verb = {VM_ROW("vm.delete", "delete", N_("Delete"),
                     N_("Delete machines that are off, with or without their volumes.")),
              .kind = VD_VERB_QUICK, .when = VD_WHEN_OFF | VD_WHEN_SAVED, .danger = TRUE,
              .question = N_("Delete %s?"), .pending = N_("deleting…"), .keys = "F8 D",
              .args = args_delete},
     .role = VD_ROLE_ADMIN,
     .virt = vd_op_vm_delete},
    {.verb = {.id = "deploy",
              .command = "deploy",
              .menu = MENU_VM,
              .label = N_("Deploy"),
              .help = N_("Make a machine from an image."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_JOB,
              .keys = "F2 d",
              .args = vd_deploy_args},
     .role = VD_ROLE_ADMIN,
     .local = vd_local_deploy},
    {.verb = {.id = "host.show",
              .command = "host show",
              .menu = MENU_HOST,
              .label = N_("Host details"),
              .help = N_("Show a host's hardware and versions."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_QUERY},
     .virt = vd_op_host_show},
    {.verb = {.id = "host.pools",
              .command = "pools",
              .menu = MENU_HOST,
              .label = N_("Storage pools"),
              .help = N_("List a host's storage pools and their room."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_QUERY},
     .virt = vd_op_host_pools},
    {.verb = {.id = "host.networks",
              .command = "networks",
              .menu = MENU_HOST,
              .label = N_("Networks"),
              .help = N_("List a host's networks."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_QUERY},
     .virt = vd_op_host_networks},
    {.verb = {.id = "host.retry",
              .command = "host connect",
              .menu = MENU_HOST,
              .label = N_("Connect now"),
              .help = N_("Try a host that is down or disconnected again, now."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_QUERY,
              .console = TRUE},
     .deck = vd_deck_host_retry},
    {.verb = {.id = "host.disconnect",
              .command = "host disconnect",
              .menu = MENU_HOST,
              .label = N_("Disconnect"),
              .help = N_("Let go of a host until told; its machines go on."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_QUERY,
              .console = TRUE},
     .deck = vd_deck_host_disconnect},
    {.verb = {.id = "host.add",
              .command = "host add",
              .menu = MENU_HOST,
              .label = N_("Add a host"),
              .help = N_("Write a host into the configuration and connect to it."),
              .kind = VD_VERB_QUICK,
              .args = args_host_add,
              .form = TRUE},
     .role = VD_ROLE_OPERATE,
     .local = vd_local_host_add},
    {.verb = {.id = "host.edit",
              .command = "host edit",
              .menu = MENU_HOST,
              .label = N_("Edit a host"),
              .help = N_("Change a host's name or address in the configuration."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_QUICK,
              .args = args_host_edit,
              .form = TRUE},
     .role = VD_ROLE_OPERATE,
     .local = vd_local_host_edit},
    {.verb = {.id = "host.remove",
              .command = "host remove",
              .menu = MENU_HOST,
              .label = N_("Remove a host"),
              .help = N_("Take a host out of the configuration; its machines go on."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_QUICK,
              .danger = TRUE,
              .question = N_("Take the host %s out of the configuration? Its machines go on.")},
     .role = VD_ROLE_OPERATE,
     .local = vd_local_host_remove},
    {.verb = {.id = "host.test",
              .command = "host test",
              .menu = MENU_HOST,
              .label = N_("Test an address"),
              .help = N_("Connect to a host once and say what is there."),
              .kind = VD_VERB_QUERY,
              .args = args_host_test,
              .form = TRUE},
     .deck = vd_deck_host_test},
    {.verb = {.id = "doctor",
              .command = "doctor",
              .menu = MENU_HOST,
              .label = N_("Doctor"),
              .help = N_("Check what this host needs to run and deploy machines."),
              .target = VD_TARGET_HOST,
              .kind = VD_VERB_QUERY,
              .args = args_doctor},
     .local = vd_local_doctor},
    {.verb = {.id = "image.list",
              .command = "image list",
              .label = N_("Images"),
              .help = N_("List the images machines are deployed from."),
              .kind = VD_VERB_QUERY},
     .local = vd_local_image_list},
    {.verb = {.id = "image.show",
              .command = "image show",
              .menu = MENU_IMAGE,
              .label = N_("Image details"),
              .help = N_("Show what is known of an image."),
              .target = VD_TARGET_IMAGE,
              .kind = VD_VERB_QUERY},
     .local = vd_local_image_show},
    {.verb = {.id = "image.add",
              .command = "image add",
              .menu = MENU_IMAGE,
              .label = N_("Add an image"),
              .help = N_("Take a qcow2 or raw file into the images and inspect it once."),
              .kind = VD_VERB_JOB,
              .args = vd_image_add_args},
     .role = VD_ROLE_ADMIN,
     .local = vd_local_image_add},
    {.verb = {.id = "image.search",
              .command = "image search",
              .menu = MENU_IMAGE,
              .label = N_("Search the catalogues"),
              .help = N_("List what the configured catalogues offer, as they were read last."),
              .kind = VD_VERB_QUERY,
              .args = args_search},
     .local = vd_local_image_search},
    {.verb = {.id = "image.sources",
              .command = "image sources",
              .menu = MENU_IMAGE,
              .label = N_("Catalogues"),
              .help = N_("List the configured catalogues and when they were read."),
              .kind = VD_VERB_QUERY},
     .local = vd_local_image_sources},
    {.verb = {.id = "image.refresh",
              .command = "image refresh",
              .menu = MENU_IMAGE,
              .label = N_("Refresh the catalogues"),
              .help = N_("Read the configured catalogues anew and check their signatures."),
              .kind = VD_VERB_JOB,
              .args = vd_image_refresh_args},
     .role = VD_ROLE_ADMIN,
     .local = vd_local_image_refresh},
    {.verb = {.id = "image.fetch",
              .command = "image fetch",
              .menu = MENU_IMAGE,
              .label = N_("Fetch an image"),
              .help = N_("Download an image of a catalogue, check it and add it."),
              .target = VD_TARGET_OFFER,
              .kind = VD_VERB_JOB,
              .args = vd_image_fetch_args},
     .role = VD_ROLE_ADMIN,
     .local = vd_local_image_fetch},
    {.verb = {.id = "image.remove",
              .command = "image remove",
              .menu = MENU_IMAGE,
              .label = N_("Remove an image"),
              .help = N_("Remove an image that no disk stands on."),
              .target = VD_TARGET_IMAGE,
              .many = TRUE,
              .kind = VD_VERB_QUICK,
              .danger = TRUE,
              .question = N_("Remove the image %s?")},
     .role = VD_ROLE_ADMIN,
     .local = vd_local_image_remove},
    {.verb = {.id = "job.list",
              .command = "jobs",
              .label = N_("Jobs"),
              .help = N_("List the jobs that run and the last that ended."),
              .kind = VD_VERB_QUERY},
     .local = vd_local_job_list},
    {.verb = {.id = "job.show",
              .command = "job show",
              .menu = MENU_JOB,
              .label = N_("Job details"),
              .help = N_("Show a job with its steps."),
              .target = VD_TARGET_JOB,
              .kind = VD_VERB_QUERY},
     .local = vd_local_job_show},
    {.verb = {.id = "job.log",
              .command = "job log",
              .menu = MENU_JOB,
              .label = N_("Job log"),
              .help = N_("Show a job's log."),
              .target = VD_TARGET_JOB,
              .kind = VD_VERB_QUERY},
     .local = vd_local_job_log},
    {.verb = {.id = "job.follow",
              .command = "job follow",
              .label = N_("Follow a job"),
              .help = N_("Print a job's steps until it ends; its end is the exit status."),
              .target = VD_TARGET_JOB,
              .kind = VD_VERB_QUERY},
     .local = vd_local_job_show},
    {.verb = {.id = "job.cancel",
              .command = "job cancel",
              .menu = MENU_JOB,
              .label = N_("Cancel a job"),
              .help = N_("Stop a job and undo what it did."),
              .target = VD_TARGET_JOB,
              .many = TRUE,
              .kind = VD_VERB_QUICK,
              .danger = TRUE,
              .question = N_("Cancel %s? What it made is removed.")},
     .role = VD_ROLE_OPERATE,
     .local = vd_local_job_cancel},
    {.verb = {.id = "job.resume",
              .command = "job resume",
              .menu = MENU_JOB,
              .label = N_("Resume a job"),
              .help = N_("Go on with a job whose process was killed, from the step it was in."),
              .target = VD_TARGET_JOB,
              .many = TRUE,
              .kind = VD_VERB_QUICK},
     .role = VD_ROLE_OPERATE,
     .local = vd_local_job_resume},
    {.verb = {.id = "request.trace",
              .command = "trace",
              .menu = MENU_JOB,
              .label = N_("Trace"),
              .help = N_("Tell the whole story of a request across processes."),
              .target = VD_TARGET_REQUEST,
              .kind = VD_VERB_QUERY},
     .local = vd_local_trace},
};

const guint vd_verb_rows_count = G_N_ELEMENTS(vd_verb_rows);

const VdVerb *const *vd_deck_verbs(guint *n)
{
    static const VdVerb *all[G_N_ELEMENTS(vd_verb_rows)];
    static gsize once;
    if (g_once_init_enter(&once)) {
        for (guint i = 0; i < vd_verb_rows_count; i++)
            all[i] = &vd_verb_rows[i].verb;
        g_once_init_leave(&once, 1);
    }
    *n = vd_verb_rows_count;
    return all;
}

const VdVerb *vd_deck_verb(const char *id)
{
    for (guint i = 0; i < vd_verb_rows_count; i++) {
        const VdVerb *verb = &vd_verb_rows[i].verb;
        if (g_strcmp0(verb->id, id) == 0 || g_strcmp0(verb->command, id) == 0)
            return verb;
    }
    return NULL;
}

const VdVerbRow *vd_verb_row(const VdVerb *verb)
{
    for (guint i = 0; i < vd_verb_rows_count; i++)
        if (verb == &vd_verb_rows[i].verb)
            return &vd_verb_rows[i];
    return NULL;
}

gboolean vd_verb_applies(const VdVerb *verb, const VdVm *vm)
{
    guint now = VD_WHEN_RUNNING;
    if (vm->state == VD_VM_PAUSED || vm->state == VD_VM_SUSPENDED)
        now = VD_WHEN_PAUSED;
    else if (!vd_vm_active(vm))
        now = vm->managed_save ? VD_WHEN_SAVED : VD_WHEN_OFF;
    return (verb->when & now) != 0;
}
