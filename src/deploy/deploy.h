/* Images and deployments: what the deck submits and what the runner runs. */
#pragma once

#include "src/base/conf.h"
#include "src/deploy/spread.h"
#include "src/jobs/runner.h"
#include "src/model/args.h"
#include "src/model/image.h"
#include "src/model/offer.h"
#include "src/model/script.h"

/* Kinds of jobs of this room, for vd_runner_main(): "deploy", "image.add". Ends with a NULL verb.
 */
extern const VdJobKind vd_deploy_kinds[];

/* The images of the store, by name; those of which a catalogue of sources (VdConfSource; may be
 * NULL) has a newer one say so. Reads files: not on the UI thread. Broken ones are left out with a
 * line in the log. */
GPtrArray *vd_images_list(const GPtrArray *sources, GError **error);
VdImage *vd_image_find(const char *name, GError **error);
/* Whether its file is there as it was added, by its size: a look, cheap enough for each request. */
gboolean vd_image_check_file(const VdImage *image, GError **error);
/* Bytes that its file takes on the disk; 0 if it is gone. */
guint64 vd_image_allocated(const VdImage *image);
/* Refuses one that a disk still stands on. */
gboolean vd_image_remove(const char *name, GError **error);

/* `image add FILE [--name N] [--notes T]`: cheap checks now (name free, a file, no backing file),
 * then a job. */
gboolean vd_image_add_submit(VdJournal *journal, const char *request, const char *author,
                             const VdArgs *args, GError **error);

/* The images that were sent to a host, by whomever; volume: its name there; names: of our images,
 * or NULL; user: what stands on it, or NULL. May wait. */
typedef struct {
    const char *pool, *volume, *names, *user;
    guint64 bytes;
} VdSent;
typedef void (*VdSentFn)(const VdSent *sent, gpointer data);
gboolean vd_sent_each(const char *uri, VdSentFn each, gpointer data, GError **error);
/* Removes one from a host, by the name of an image or of the volume; VD_ERR_BUSY if a disk or a
 * machine stands on it. May wait. */
gboolean vd_sent_recall(const char *uri, const char *what, GError **error);

/* Whether a field of a verb about images, of which value was typed, is right. FALSE with a
 * sentence. May wait: it reads files and asks GnuPG. */
gboolean vd_image_check_field(const char *verb, const char *field, const char *value,
                              GError **error);

/* What the catalogues of sources offered when they were read last (VdOffer). Reads files. */
GPtrArray *vd_offers_list(const GPtrArray *sources, GError **error);
/* When a source was read last (seconds since 1970), and how much it offers; 0: never. */
gint64 vd_source_read(const VdConfSource *source, guint *ret_offers);
/* `image fetch OFFER [--name N] [--source S]`, `image refresh`: jobs. */
gboolean vd_image_fetch_submit(VdJournal *journal, const char *request, const char *author,
                               const GPtrArray *sources, const char *offer, const VdArgs *args,
                               GError **error);
gboolean vd_image_refresh_submit(VdJournal *journal, const char *request, const char *author,
                                 const GPtrArray *sources, const VdArgs *args, GError **error);

/* `image make VM --name N` (uuid on the host host_id, by uri), `image publish FOLDER`,
 * `image export IMAGE FILE`: jobs. */
gboolean vd_image_make_submit(VdJournal *journal, const char *request, const char *author,
                              const char *host_id, const char *uri, const char *uuid,
                              const VdArgs *args, GError **error);
gboolean vd_image_publish_submit(VdJournal *journal, const char *request, const char *author,
                                 const VdArgs *args, GError **error);
gboolean vd_image_export_submit(VdJournal *journal, const char *request, const char *author,
                                const char *name, const VdArgs *args, GError **error);

/* The library of first-boot scripts (VdScript), by name. Reads files, as do the others. */
GPtrArray *vd_scripts_list(void);
VdScript *vd_script_find(const char *name, GError **error);
/* Free with vd_secret_free(). */
char *vd_script_text(const char *name, GError **error);
gboolean vd_script_add(const VdArgs *args, GError **error);
gboolean vd_script_edit(const char *name, const VdArgs *args, GError **error);
gboolean vd_script_remove(const char *name, GError **error);
/* What was taken away of a script when it was read. */
typedef enum {
    VD_SCRIPT_CRLF = 1 << 0, /* CR LF lines are LF lines now */
    VD_SCRIPT_BOM = 1 << 1,  /* a byte order mark in front of it */
} VdScriptMended;
/* The text of value, a script of the library that suits the image (may be NULL), or a file's path;
 * *ret_mended (VdScriptMended) says what was taken away. Free with vd_secret_free(). */
char *vd_script_take(const char *value, const VdImage *image, guint *ret_mended, GError **error);
/* A sentence about what is taken away of that script, or NULL for nothing. The caller frees. */
char *vd_script_mended(const char *value);

/* `image prepare IMAGE [--name N]`: cheap checks now, then a job that puts our first-boot agent
 * into a copy of the image, so that it deploys by a seed medium. */
gboolean vd_image_prepare_submit(VdJournal *journal, const char *request, const char *author,
                                 const char *image_name, const VdArgs *args, GError **error);
extern const VdArgSpec vd_image_prepare_args[];

/* `deploy NAME… …`: checks all that is cheap (image there, disk not smaller; of several, whether
 * the names are free), hashes the passwords, writes spec and secrets, starts the runner: that of
 * the machine, or of the job that makes several. hosts: where to, at least one; of several each
 * machine goes to the one that is used least. needs_all: it is an error if one of them does not
 * answer. May wait. */
gboolean vd_deploy_submit(VdJournal *journal, const char *request, const char *author,
                          const VdDeployHost *hosts, guint n_hosts, gboolean needs_all,
                          const VdArgs *args, GError **error);
/* A job that makes the disks of a running machine independent of their bases. May wait. */
gboolean vd_whole_submit(VdJournal *journal, const char *request, const char *author,
                         const char *host_id, const char *uri, const char *uuid, const char *name,
                         GError **error);
/* Checks one field as it is left: TRUE with *ret_hint (may be NULL: nothing to say), or FALSE with
 * a sentence. May wait (reads images, asks the host). */
gboolean vd_deploy_check_field(const char *uri, const VdArgs *args, const char *field,
                               char **ret_hint, GError **error);
/* "overlay, offline: about 25 s here, then the first boot" – what this deployment will do. The
 * caller frees. */
char *vd_deploy_summary(const VdArgs *args);
/* A sentence about what people may not have meant: nobody could log in. NULL: nothing. May wait
 * (reads images). The caller frees. */
char *vd_deploy_warning(const VdArgs *args);
/* The words `deploy` takes. Ends with a NULL name. */
extern const VdArgSpec vd_deploy_args[];
extern const VdArgSpec vd_image_add_args[];
extern const VdArgSpec vd_image_fetch_args[];
extern const VdArgSpec vd_image_refresh_args[];
extern const VdArgSpec vd_image_make_args[];
extern const VdArgSpec vd_image_publish_args[];
extern const VdArgSpec vd_image_export_args[];
extern const VdArgSpec vd_script_add_args[];
extern const VdArgSpec vd_script_edit_args[];

/* The operating systems that libosinfo knows or templates declare, read when somebody asks for the
 * first time, which takes about a second; libosinfo that hangs is given up after ten, or when
 * cancel (may be NULL) is triggered. Any thread. */
typedef struct _VdSystems VdSystems;
VdSystems *vd_systems_new(GCancellable *cancel);
VdSystems *vd_systems_ref(VdSystems *systems);
void vd_systems_unref(VdSystems *systems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdSystems, vd_systems_unref)

typedef struct {
    const char *short_id, *name;
    const char *template; /* with which `install` can install it; NULL: with none */
    gboolean tree;        /* it is known where its installer is */
    gboolean ended;       /* its makers care for it no more */
    guint64 memory, disk; /* least, bytes; 0: not told */
} VdSystemFacts;
typedef void (*VdSystemFn)(const VdSystemFacts *facts, gpointer data);
/* On the architecture of the host with this URI (see vd_install_fill). By name. *why (may be NULL)
 * is set where libosinfo cannot be asked: then only those are there that templates declare. May
 * wait. */
void vd_systems_each(VdSystems *systems, const char *uri, gboolean away, VdSystemFn each,
                     gpointer data, GError **why);

/* `install NAME …`: the same for a machine that an installer fills, from a tree, with the answers
 * of a template; both may be those of a system. */
gboolean vd_install_submit(VdJournal *journal, const char *request, const char *author,
                           const char *host_id, const char *uri, VdSystems *systems,
                           const VdArgs *args, GError **error);
/* What the system that args name comes to on a host (away: it cannot be asked): gives args
 * template, tree, memory and disk where they have none. Does nothing if no system is named. FALSE
 * with a sentence if it is not known. *ret_hint (may be NULL): about it, in a few words; the caller
 * frees. May wait. */
gboolean vd_install_fill(VdSystems *systems, const char *uri, gboolean away, VdArgs *args,
                         char **ret_hint, GError **error);
/* Whether a field of its form, of which value was typed, is right as far as this host alone can
 * tell. FALSE with a sentence. Reads files: not on the UI thread. */
gboolean vd_install_check_field(const char *field, const char *value, GError **error);
extern const VdArgSpec vd_install_args[];

/* Templates of answer files. Each reads files: not on the UI thread. */
typedef struct {
    const char *name, *title, *kind;
    gboolean own;         /* not shipped */
    guint64 memory, disk; /* least, bytes; 0: not told */
    const char *mistake;  /* why it cannot be used, or NULL */
    gboolean hides;       /* it stands in the place of a shipped one */
} VdTemplateFacts;
typedef void (*VdTemplateFn)(const VdTemplateFacts *facts, gpointer data);
void vd_templates_each(VdTemplateFn each, gpointer data);
/* The text of one, to read and to edit. The caller frees. */
char *vd_template_source(const char *name, GError **error);
/* Takes a file into the administrator's own; refused if it has a mistake. name NULL: the file's.
 * *ret_word: a sentence if it stands in the place of a shipped one now, or NULL; the caller frees.
 */
gboolean vd_template_add(const char *file, const char *name, gboolean replace, char **ret_word,
                         GError **error);
/* Gives one that there is the text of a file; a shipped one stays as it is, hidden by this one. */
gboolean vd_template_edit(const char *name, const char *from, char **ret_word, GError **error);
/* *ret_word: a sentence if a shipped one is back in its place. */
gboolean vd_template_remove(const char *name, char **ret_word, GError **error);
/* Sorted; free with g_strfreev(). */
char **vd_template_names(void);
