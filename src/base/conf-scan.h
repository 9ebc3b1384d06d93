/* Where in the text of a configuration the hosts stand: libconfig knows lines, an editor needs
 * bytes. Pure. */
#pragma once

#include <glib.h>

typedef struct {
    gsize from, to; /* bytes; to is behind the last one */
} VdSpan;

/* One host of the list. */
typedef struct {
    VdSpan all;                  /* { to } */
    gsize comma;                 /* of the comma behind it, 0: none */
    char *name, *uri;            /* decoded; NULL: it has none */
    VdSpan name_value;           /* the strings in their quotes */
    VdSpan uri_value, uri_whole; /* uri_whole: with its name and what ends it */
    gsize name_end;              /* behind the setting, its end included */
    gboolean name_ended;         /* it has such an end */
} VdScannedHost;

typedef struct {
    gboolean found;    /* the setting `hosts` stands in this text, as a list */
    gboolean included; /* parts of the list come from another file */
    gsize open, close; /* its parentheses */
    GArray *hosts;     /* VdScannedHost */
} VdScannedHosts;

/* Where in the text a comma is missing, behind one group of a list and before the next: appends the
 * places (gsize) behind the first. How many. */
guint vd_conf_missing_commas(const char *text, GArray *places);

/* FALSE: the text is not what libconfig would read; then nothing is to be cleared. */
gboolean vd_conf_scan(const char *text, VdScannedHosts *ret);
void vd_conf_scan_clear(VdScannedHosts *hosts);

typedef struct {
    VdSpan all; /* @include "name", with the blanks before it */
    char *name; /* decoded */
} VdConfInclude;

/* What the text includes, in order: VdConfInclude. The caller unrefs. */
GArray *vd_conf_scan_includes(const char *text);
