/* What the doctor asks of a host: one connection, a few questions, nothing changed. */
#pragma once

#include <glib.h>

typedef enum {
    VD_THING_UNKNOWN, /* could not be asked */
    VD_THING_MISSING,
    VD_THING_INACTIVE,
    VD_THING_ACTIVE,
    VD_THING_UNSUPPORTED, /* hosts of this kind have none */
} VdThingState;

typedef struct {
    char *uri;      /* as libvirt gives it */
    char *libvirt;  /* "9.0.0": the daemon's, or the library's where there is no daemon */
    char *driver;   /* "QEMU" */
    gboolean local; /* its files are ours */
    gboolean session;
    VdThingState pool, network; /* those called "default" */
    char *pool_path;            /* of a pool of files, or NULL */
    guint64 pool_available;     /* bytes; 0 unless active */
    gboolean kvm;               /* libvirt offers it; whether it works is another question */
} VdSurvey;

/* uri NULL: the usual one. FALSE with an error if the host does not answer. Waits without a
 * deadline, as libvirt does: on a thread that may be left behind. */
gboolean vd_survey(const char *uri, VdSurvey *ret, GError **error);
void vd_survey_clear(VdSurvey *survey);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdSurvey, vd_survey_clear)
/* The URI that NULL stands for, and whether it names this machine. The caller frees. Pure. */
char *vd_survey_uri(const char *uri, gboolean *ret_local);
