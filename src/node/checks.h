/* The doctor's checks: shared by the files of the node room alone. */
#pragma once

#include "src/model/doc.h"
#include "src/virt/survey.h"

typedef enum { VD_CHECK_OK, VD_CHECK_NOTE, VD_CHECK_BAD } VdCheckState;

typedef struct {
    VdSection *section;
    int bad;          /* how many are */
    const char *uri;  /* as given; may be NULL */
    gboolean local;   /* the host is this machine */
    gboolean answers; /* survey is filled in */
    gboolean kvm;     /* it works */
    gboolean no_kvm;  /* it was advised to close the device */
    gboolean deep;
    const GError *journal; /* why it cannot be written, or NULL */
    VdSurvey survey;
} VdCheckup;

/* One line. finding and advice are translated; advice may be NULL. Copied. */
void vd_checkup_say(VdCheckup *checkup, const char *check, VdCheckState state, const char *finding,
                    const char *advice);
/* The same; takes ownership of both. */
void vd_checkup_take(VdCheckup *checkup, const char *check, VdCheckState state, char *finding,
                     char *advice);

/* This machine has systemd as its first process. */
gboolean vd_checkup_has_systemd(void);

/* checks-host.c: what the host itself says. The first one fills in the survey. */
void vd_check_libvirt(VdCheckup *checkup);
void vd_check_pool(VdCheckup *checkup);
void vd_check_network(VdCheckup *checkup);
void vd_check_groups(VdCheckup *checkup);

/* checks-tools.c: programs and what they need. */
void vd_check_kvm(VdCheckup *checkup);
void vd_check_qemu_img(VdCheckup *checkup);
void vd_check_kernel(VdCheckup *checkup);
void vd_check_helper(VdCheckup *checkup);
void vd_check_appliance(VdCheckup *checkup);
void vd_check_locale(VdCheckup *checkup);

/* checks-files.c: our own places. */
void vd_check_state(VdCheckup *checkup);
void vd_check_images(VdCheckup *checkup);
void vd_check_journal(VdCheckup *checkup);
