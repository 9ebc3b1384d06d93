/* Configuration: /etc/vmdeck/vmdeck.conf, then the user's ($XDG_CONFIG_HOME/vmdeck/vmdeck.conf),
 * by libconfig; what the later one says wins. A mistake in it is kept as a problem with file, line
 * and what was expected, and the rest counts. Immutable once loaded. */
#pragma once

#include <glib.h>

typedef struct {
    char *name; /* shown; unique */
    char *uri;  /* libvirt's; NULL: libvirt's default */
    char *file; /* where it stands */
} VdConfHost;

/* A catalogue of images. */
typedef struct {
    char *name;        /* shown; unique */
    char *kind;        /* "virt-builder" | "simplestreams" | "vmmanager" */
    char *url;         /* of the index: http, https or file */
    char *fingerprint; /* hex, upper case: who must have signed it; NULL: nobody */
    char *keyring;     /* with a fingerprint: the file with that key */
} VdConfSource;

typedef struct {
    char *file;
    int line;      /* 0: the file as a whole */
    char *message; /* one sentence */
} VdConfProblem;

typedef struct {
    GPtrArray *hosts;    /* VdConfHost */
    GPtrArray *sources;  /* VdConfSource */
    GPtrArray *problems; /* VdConfProblem */
    char *theme;         /* "default" */
    gboolean mouse;      /* TRUE */
    gboolean ascii;      /* FALSE: decided by the locale */
    gboolean flat;       /* FALSE: the tree */
    int interval_ms;     /* sampling, 1000; 250 to 60000 */
    int escape_ms;       /* how long Esc waits for more, 25; 5 to 1000 */
    int parallel;        /* machines made at the same time by one request, 4; 1 to 64 */
    GHashTable *keys;    /* action or verb id (char*) → char** of key names */
    char **columns;      /* NULL: the usual ones */
    GHashTable *roles;   /* user name → "view" | "operate" | "admin" */
    gboolean roles_lost; /* some may be missing: the system's file was not read to its end */
    GHashTable *places; /* "theme", "columns", "keys.vm.start" → "FILE:LINE": who reads them later
                           can say where a mistake stands */
} VdConf;

/* Reads both files, or only file if it is given. Never NULL; a file that is missing is no problem
 * unless it was named. May wait on a disk. */
VdConf *vd_conf_load(const char *file);
void vd_conf_free(VdConf *conf);
/* By its name, or NULL. Borrowed. */
const VdConfHost *vd_conf_host(const VdConf *conf, const char *name);
/* A source's name, kind, URL, fingerprint (blanks are dropped) and keyring, checked: NULL with a
 * phrase in *ret_why (static) that says what was expected. unsigned_ok: a plain http URL without a
 * fingerprint is meant. Any may be NULL. */
VdConfSource *vd_conf_source_new(const char *name, const char *kind, const char *url,
                                 const char *fingerprint, const char *keyring, gboolean unsigned_ok,
                                 const char **ret_why);
void vd_conf_source_free(VdConfSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdConfSource, vd_conf_source_free)
/* The user's own file. The caller frees. */
char *vd_conf_own_file(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdConf, vd_conf_free)
/* "vmdeck.conf:12: interval: expected 250 to 60000 milliseconds". The caller frees. */
char *vd_conf_problem_text(const VdConfProblem *problem);
/* A mistake in a setting of conf->places, found by who uses it: "vmdeck.conf:12: message"; only the
 * message where no file set it, or conf is NULL. The caller frees. */
char *vd_conf_mistake(const VdConf *conf, const char *setting, const char *message);
