#include "config.h"

#include "tests/screens/fake-form.h"

#include "tests/screens/fake-app.h"
#include "ui/forms.h"

static const VdArgSpec deploy_args[] = {
    {.name = "name",
     .label = "Name",
     .help = "What it is called.",
     .type = VD_ARG_NAME,
     .required = TRUE,
     .positional = TRUE},
    {.name = "image",
     .label = "Image",
     .help = "From which image.",
     .type = VD_ARG_IMAGE,
     .required = TRUE},
    {.name = "disk", .label = "Disk", .help = "How large.", .type = VD_ARG_SIZE},
    {.name = "cpus", .label = "CPUs", .help = "How many.", .type = VD_ARG_INT, .value = "2"},
    {.name = "memory", .label = "Memory", .help = "How much.", .type = VD_ARG_SIZE, .value = "2G"},
    {.name = "network",
     .label = "Network",
     .help = "Which.",
     .type = VD_ARG_NETWORK,
     .value = "default"},
    {.name = "password", .label = "Root password", .help = "Of root.", .type = VD_ARG_SECRET},
    {.name = "locked", .label = "Lock root", .help = "No password.", .type = VD_ARG_FLAG},
    {.name = "ssh-key", .label = "SSH keys", .help = "Keys.", .type = VD_ARG_TEXT, .many = TRUE},
    {.name = "timezone", .label = "Timezone", .help = "Where.", .type = VD_ARG_TIMEZONE},
    {.name = "address", .label = "Address", .help = "A fixed one.", .type = VD_ARG_ADDRESS},
    {.name = "gateway", .label = "Gateway", .help = "The way out.", .type = VD_ARG_IP},
    {.name = "dns", .label = "DNS", .help = "Name servers.", .type = VD_ARG_IP, .many = TRUE},
    {.name = "no-grow", .label = "Do not grow", .help = "As it is.", .type = VD_ARG_FLAG},
    {.name = "no-customise", .label = "Do not customise", .help = "As it is.", .type = VD_ARG_FLAG},
    {.name = "whole", .label = "Whole copy", .help = "No overlay.", .type = VD_ARG_FLAG},
    {0},
};
const VdVerb vd_fake_deploy = {.id = "deploy",
                               .command = "deploy",
                               .label = "Deploy",
                               .target = VD_TARGET_HOST,
                               .kind = VD_VERB_JOB,
                               .args = deploy_args};

VdHost *vd_fake_host_up(const char *id)
{
    VdHost *host = vd_host_new(id, "test:///default");
    host->state = VD_HOST_UP;
    return host;
}

VdForm *vd_fake_form(int width, int height, gboolean ascii)
{
    static const char *const choices[] = {"alpine", "debian-12", "Europe/Berlin", "default", "kvm1",
                                          "kvm2",   NULL};
    VdApp *app = vd_fake_new(width, height, ascii);
    vd_fake()->choices = choices;
    vd_fake()->summary = "overlay, offline: about 25 s here, then the first boot";
    g_ptr_array_add(vd_fake()->fleet->hosts, vd_fake_host_up("kvm1"));
    VdDialog *form = vd_form_new(app, &vd_fake_deploy, NULL, NULL);
    vd_app_push(app, form);
    vd_fake_answer();
    return (VdForm *)form;
}
