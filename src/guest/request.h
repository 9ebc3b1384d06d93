/* One request, read and checked (doc/guest-protocol.md). What can be judged without the guest is
 * judged here, so that nothing is launched for a request that cannot succeed. Pure; any thread. */
#pragma once

#include <glib.h>

#include "src/guest/layout.h"

typedef enum {
    VD_ACTION_INSPECT,
    VD_ACTION_PREPARE,
    VD_ACTION_PROBE,
    VD_ACTION_GENERALISE,
    VD_ACTION_CHECK,
    VD_ACTION_SEED
} VdAction;

typedef struct {
    char *name;
    char *hash;      /* NULL: unchanged, or none for a new user */
    GPtrArray *keys; /* char* */
    gboolean sudo;
} VdUserSpec;

typedef struct {
    gboolean dhcp;
    char *address; /* without the prefix; NULL with DHCP */
    int prefix;
    gboolean ipv6;  /* of address */
    char *gateway;  /* may be NULL */
    GPtrArray *dns; /* char*, checked addresses */
    char *mac;      /* lower case, with colons */
} VdNetSpec;

typedef struct {
    char *root_hash; /* NULL: unchanged */
    gboolean root_locked;
    GPtrArray *root_keys; /* char* */
    GPtrArray *users;     /* VdUserSpec */
    char *hostname;       /* NULL: unchanged */
    char *timezone;       /* NULL: unchanged */
    VdNetSpec *net;       /* NULL: unchanged */
    gboolean firstboot;
    char *script; /* NULL: none */
    char *marker;
} VdCustomise;

typedef struct {
    VdAction action;
    char *id;   /* "r-7K2M9Q" */
    char *disk; /* absolute; NULL for a probe or a check, and for a seed whose guest grows by itself
                 */
    char *format; /* "qcow2" | "raw" */
    gboolean tcg;
    VdLayout *layout; /* prepare, check and seed; NULL for a seed of a system that is not known */
    gboolean grow;
    guint64 size;           /* bytes */
    VdCustomise *customise; /* NULL: leave the files alone; never NULL for a seed */
    GPtrArray *clean;       /* generalise: char*, words of generalise-words.h */
    gboolean agent;         /* prepare: put our first-boot agent in, and nobody's data */
    VdReaderKind reader;    /* seed: who reads the medium */
    char *medium;           /* seed: the file to make */
    char *user_data; /* seed: text in place of the one made of customise, or NULL; a secret */
} VdRequest;

/* Reads a request. NULL with bad-request, bad-layout or no-os. */
VdRequest *vd_request_parse(const char *text, gssize length, GError **error);
/* Secrets in it are overwritten. */
void vd_request_free(VdRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdRequest, vd_request_free)

/* TRUE for "$id$…" of crypt(5)'s characters: what a clear-text password hardly ever is. */
gboolean vd_hash_ok(const char *hash);
/* TRUE for a name that useradd(8) takes: [a-z_][a-z0-9_-]*, at most 32 long. */
gboolean vd_user_name_ok(const char *name);
/* TRUE for relative zone names such as "Europe/Berlin", without ".." or odd characters. */
gboolean vd_zone_name_ok(const char *zone);
