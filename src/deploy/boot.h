/* What a machine says on its serial console while it boots for the first time. Pure. Inside the
 * deploy room. */
#pragma once

#include <glib.h>

typedef enum {
    VD_BOOT_OTHER,   /* nothing for us */
    VD_BOOT_START,   /* the unit runs, the network is up */
    VD_BOOT_ADDRESS, /* boot.address */
    VD_BOOT_SETUP,   /* our agent is at work */
    VD_BOOT_WARN,    /* boot.out: what the agent could not do */
    VD_BOOT_SCRIPT,  /* the script begins */
    VD_BOOT_OUT,     /* boot.out: a line that the script wrote */
    VD_BOOT_DONE,    /* boot.done, boot.status */
} VdBootWord;

typedef struct {
    gboolean done;
    gboolean final; /* cloud-init has said its last word as well */
    int status;
    char *address, *out;
} VdBoot;

void vd_boot_clear(VdBoot *boot);
/* Whether a line is that of a getty that asks for a login. */
gboolean vd_boot_is_prompt(const char *line);
/* Whether a line is the kernel's own, with its stamp: "[   12.345678] …". */
gboolean vd_boot_is_kernel(const char *line);
/* Reads one line. marker: of the first-boot unit (doc/guest-protocol.md, "On the serial console");
 * NULL: a login prompt counts as done. cloud-init's
 * own last line counts as done as well, should the unit not have come to its end. */
VdBootWord vd_boot_line(VdBoot *boot, const char *marker, const char *line);
