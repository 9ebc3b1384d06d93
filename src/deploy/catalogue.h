/* Catalogues of images that others publish: three formats of index read into one kind of offer.
 * What an index says is foreign: every member is bounded and checked, an entry that is wrong is
 * left out and named, an index that is wrong as a whole is refused. Inside the deploy room. */
#pragma once

#include <gio/gio.h>

#include "src/base/conf.h"
#include "src/model/offer.h"

#define VD_INDEX_BYTES   (16 * 1024 * 1024)            /* of an index, at most */
#define VD_INDEX_OFFERS  10000                         /* entries, at most */
#define VD_OFFER_LARGEST (G_GUINT64_CONSTANT(1) << 46) /* 64 TiB: no disk is larger */

typedef struct {
    char *source;
    gint64 read;         /* seconds since 1970 */
    char *signer;        /* the fingerprint that signed the index, or NULL */
    GPtrArray *offers;   /* VdOffer, by name */
    GHashTable *highest; /* name → the highest revision ever seen there, kept for good */
    GPtrArray *left_out; /* char *: sentences about entries that were left out, at most 20 */
    guint n_left_out;
} VdCatalogue;

VdCatalogue *vd_catalogue_new(const char *source);
void vd_catalogue_free(VdCatalogue *catalogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdCatalogue, vd_catalogue_free)

/* ---- reading an index (pure) ---- */

/* Each adds what text (length bytes, any bytes) offers to catalogue; base is the URL of the folder
 * that its paths start from. FALSE with a sentence if it is no index of that kind. */
gboolean vd_index_parse(VdCatalogue *catalogue, const char *text, gsize length, const char *base,
                        GError **error);
gboolean vd_vmmanager_parse(VdCatalogue *catalogue, const char *text, gsize length,
                            const char *base, GError **error);
/* simplestreams has an index of indexes: first the paths of those that list images (at most 16; the
 * caller frees with g_strfreev()), then each of them. */
char **vd_streams_paths(const char *text, gsize length, GError **error);
gboolean vd_streams_parse(VdCatalogue *catalogue, const char *text, gsize length, const char *base,
                          GError **error);

/* The URL of a path below base: safe characters, relative, without `..`; or NULL. */
char *vd_catalogue_url(const char *base, const char *path);
/* Takes offer over: adds it, or leaves it out if the name is no name or is there already. */
void vd_catalogue_add(VdCatalogue *catalogue, VdOffer *offer);
/* Notes that an entry was left out. */
void vd_catalogue_leave_out(VdCatalogue *catalogue, const char *name, const char *why);
/* A digest of that kind in hex, lower case; or NULL. The caller frees. */
char *vd_catalogue_digest(const char *kind, const char *text);
/* JSON that is parsed without fear: not nested deeply, not of too many values. */
gboolean vd_json_is_tame(const char *text, gsize length);
/* Less than, equal or greater than 0, as revisions go: 9 comes before 10. */
int vd_revision_compare(const char *a, const char *b);
/* The name with all characters that an image's name cannot have replaced. The caller frees; "" if
 * nothing is left. */
char *vd_catalogue_name(const char *text);

/* ---- what was read, kept ---- */

/* The kept catalogue of a source; VD_ERR_NOT_FOUND if it was never read. */
VdCatalogue *vd_catalogue_load(const char *source, GError **error);
gboolean vd_catalogue_save(const VdCatalogue *catalogue, GError **error);
/* Takes over from what was kept which revisions have been seen; FALSE if the new one goes back to a
 * lower one (the sentence names it). */
gboolean vd_catalogue_follow(VdCatalogue *catalogue, const VdCatalogue *kept, GError **error);
/* All kept offers of these sources (VdConfSource), marked by what is among the images. The caller
 * unrefs. */
GPtrArray *vd_catalogue_offers(const GPtrArray *sources);

/* ---- asking the source ---- */

/* Downloads the index, checks its signature, reads it, compares it with what was kept and keeps it.
 * accept_older: a lower revision is no reason to refuse. May wait for a network. */
VdCatalogue *vd_catalogue_refresh(const VdConfSource *source, gboolean accept_older,
                                  GCancellable *cancel, GError **error);
/* Sources as JSON for a job's spec, and back. */
char *vd_sources_to_json(const GPtrArray *sources);
GPtrArray *vd_sources_from_json(const char *json);
