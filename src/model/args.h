/* The words a verb takes. VdArgSpec describes one, in the table of verbs; VdArgs holds the values
 * given. The checks here are pure: what needs a host or a disk is checked by the verb. */
#pragma once

#include <glib.h>

typedef enum {
    VD_ARG_TEXT,
    VD_ARG_FLAG, /* present or not */
    VD_ARG_INT,
    VD_ARG_SIZE,   /* "20G" */
    VD_ARG_CHOICE, /* one of choices */
    VD_ARG_NAME,   /* a new machine's or image's name */
    VD_ARG_NAMES,  /* one, or a pattern of many: "web-{01..20}" (src/model/names.h) */
    VD_ARG_HOSTNAME,
    VD_ARG_TIMEZONE,
    VD_ARG_FILE,     /* an existing file's path */
    VD_ARG_SECRET,   /* a password: by --NAME-file on the command line, hidden on the screen */
    VD_ARG_IMAGE,    /* an image's name */
    VD_ARG_TEMPLATE, /* a template's name */
    VD_ARG_SYSTEM,   /* an operating system's name or short id */
    VD_ARG_HOST,     /* a host's id */
    VD_ARG_POOL,
    VD_ARG_NETWORK,
    VD_ARG_ADDRESS, /* 192.0.2.7/24 or 2001:db8::7/64 */
    VD_ARG_IP,      /* without a prefix length */
    VD_ARG_SCRIPT,  /* a first-boot script: a name of the library, or a file's path */
} VdArgType;

typedef struct {
    const char *name;  /* "disk": --disk, JSON key */
    const char *label; /* N_("Disk") on forms */
    const char *help;  /* N_() one sentence */
    VdArgType type;
    gboolean required;
    gboolean positional;        /* a word without --name */
    gboolean many;              /* may be given several times */
    const char *value;          /* default as text, or NULL */
    gint64 min, max;            /* INT and SIZE; both 0: unbounded */
    const char *const *choices; /* CHOICE, NULL-terminated */
} VdArgSpec;

typedef struct _VdArgs VdArgs; /* one owner; several values for `many` */

VdArgs *vd_args_new(void);
VdArgs *vd_args_copy(const VdArgs *args);
void vd_args_free(VdArgs *args); /* secrets are overwritten */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdArgs, vd_args_free)
void vd_args_set(VdArgs *args, const char *name, const char *value); /* replaces; NULL removes */
void vd_args_add(VdArgs *args, const char *name, const char *value); /* one more */
void vd_args_set_secret(VdArgs *args, const char *name, const char *value);
const char *vd_args_get(const VdArgs *args, const char *name); /* first value, or NULL; borrowed */
char **vd_args_all(const VdArgs *args, const char *name);    /* NULL-terminated copy, never NULL */
gboolean vd_args_flag(const VdArgs *args, const char *name); /* present and not "false"/"no" */
gint64 vd_args_int(const VdArgs *args, const char *name, gint64 otherwise);
guint64 vd_args_size(const VdArgs *args, const char *name, guint64 otherwise);
/* Checks one value against its spec: a sentence in error. */
gboolean vd_arg_check(const VdArgSpec *spec, const char *value, GError **error);
/* Fills in defaults, then checks all: unknown names, required ones, each value. specs ends with a
 * NULL name. */
gboolean vd_args_check(VdArgs *args, const VdArgSpec *specs, GError **error);
/* JSON of all that is not secret, for the journal; of a secret, that it was given: null. The caller
 * frees. */
char *vd_args_to_json(const VdArgs *args);
/* What that wrote; the names of the secrets, which are not there, go to *ret_secrets (may be NULL;
 * g_strfreev()). Anything else gives none at all. */
VdArgs *vd_args_from_json(const char *json, char ***ret_secrets);
