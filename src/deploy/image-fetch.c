/* `image fetch` and `image refresh`: jobs on the catalogues. An index is read anew by the job
 * itself if what was kept of it is older than an hour, so that a fetch never takes an outdated
 * file. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/deploy/catalogue.h"
#include "src/deploy/copy.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/fetch.h"
#include "src/deploy/guest.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"
#include "src/deploy/words.h"

#define FRESH_SECONDS 3600
#define LARGEST_DISK  (G_GUINT64_CONSTANT(1) << 40) /* unpacked, where the index says no size */
#define DISK_SLACK    (G_GUINT64_CONSTANT(64) << 20)

const VdArgSpec vd_image_fetch_args[] = {
    {.name = "name",
     .label = N_("Name"),
     .help = N_("What the image is called here; as in the catalogue if left out."),
     .type = VD_ARG_NAME},
    {.name = "source",
     .label = N_("Source"),
     .help = N_("The catalogue to take it from; the first that has it if left out."),
     .type = VD_ARG_TEXT},
    VD_WORD_TAGS,
    {.name = NULL},
};

const VdArgSpec vd_image_refresh_args[] = {
    {.name = "source",
     .label = N_("Source"),
     .help = N_("The catalogue to read; all if left out."),
     .type = VD_ARG_TEXT},
    {.name = "accept-older",
     .label = N_("Accept older revisions"),
     .help = N_("Takes a catalogue that goes back to lower revisions, which is otherwise refused."),
     .type = VD_ARG_FLAG},
    {.name = NULL},
};

/* ---- which ---- */

static VdOffer *find_offer(const VdCatalogue *catalogue, const char *name)
{
    for (guint i = 0; i < catalogue->offers->len; i++) {
        VdOffer *offer = g_ptr_array_index(catalogue->offers, i);

        if (g_str_equal(offer->name, name))
            return vd_offer_ref(offer);
    }
    return NULL;
}

/* The name may be that of an older one from the same place: that one then gives way,
 * and *ret_away is what it will be called; else it is NULL. The caller frees. */
static gboolean check_place(const VdOffer *offer, const char *name, char **ret_away, GError **error)
{
    g_autoptr(VdImage) there = vd_store_has(name) ? vd_store_load(name, NULL) : NULL;
    g_autofree char *joined = NULL;

    *ret_away = NULL;
    if (!there)
        return vd_image_check_name(name, error);
    if (g_strcmp0(there->source, offer->source) != 0 || g_strcmp0(there->offer, offer->name) != 0)
        return vd_image_check_name(name, error);
    if (vd_revision_compare(there->revision, offer->revision) >= 0)
        return vd_fail(error, VD_ERR_EXISTS, NULL,
                       _("The image %s is there already, in the newest revision (%s)."), name,
                       there->revision);
    joined = g_strdup_printf("%.50s-%s", name, there->revision);
    *ret_away = vd_catalogue_name(joined);
    return TRUE;
}

static gboolean check_room(const VdOffer *offer, GError **error)
{
    g_autofree char *folder = vd_path_images();
    guint64 room = vd_free_bytes(folder), needs = offer->file_size * 2;
    g_autofree char *wanted = vd_format_size(needs);
    g_autofree char *there = vd_format_size(room);

    return room > needs ||
           vd_fail(error, VD_ERR_NO_SPACE, NULL,
                   _("The download and what is made of it take %s, and there are %s free in the "
                     "image folder %s."),
                   wanted, there, folder);
}

static gboolean is_fresh(const VdCatalogue *kept)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;

    return kept && kept->read <= now && now - kept->read < FRESH_SECONDS;
}

/* Before there is a job: whether the image can take that name, and has room, as far as the
 * catalogues that were read lately tell. Where one must be read, the job finds out. */
static gboolean check_before(const GPtrArray *sources, const char *offer, const char *name,
                             GError **error)
{
    for (guint i = 0; i < sources->len; i++) {
        const VdConfSource *source = g_ptr_array_index(sources, i);
        g_autoptr(VdCatalogue) kept = vd_catalogue_load(source->name, NULL);
        g_autoptr(VdOffer) found = is_fresh(kept) ? find_offer(kept, offer) : NULL;
        g_autofree char *away = NULL;

        if (found)
            return check_place(found, name, &away, error) && check_room(found, error);
        if (!is_fresh(kept))
            return TRUE;
    }
    return TRUE;
}

/* ---- submitting ---- */

static gboolean pick_sources(const GPtrArray *all, const char *only, GPtrArray *picked,
                             GError **error)
{
    for (guint i = 0; i < all->len; i++) {
        VdConfSource *source = g_ptr_array_index(all, i);

        if (!only || g_str_equal(source->name, only))
            g_ptr_array_add(picked, source);
    }
    if (picked->len > 0)
        return TRUE;
    if (only)
        return vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                       _("There is no catalogue %s in the configuration; `vmdeck image sources` "
                         "lists them."),
                       only);
    return vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                   _("No catalogue is configured: name one under `sources` in vmdeck.conf (see "
                     "vmdeck.conf.example)."));
}

/* members: pairs of a name and a value, ending with NULL. */
static char *make_spec(const GPtrArray *sources, const char *const *members, gboolean accept_older)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *list = vd_sources_to_json(sources);

    json_builder_begin_object(builder);
    for (; *members; members += 2)
        vd_json_text(builder, members[0], members[1]);
    vd_json_text(builder, "sources", list);
    vd_json_text(builder, "accept_older", accept_older ? "yes" : NULL);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

gboolean vd_image_fetch_submit(VdJournal *journal, const char *request, const char *author,
                               const GPtrArray *sources, const char *offer, const VdArgs *args,
                               GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autoptr(GPtrArray) picked = g_ptr_array_new();
    g_autoptr(VdJob) job = NULL;
    g_autofree char *tags = NULL, *spec = NULL;
    const char *name;

    if (!vd_args_check(checked, vd_image_fetch_args, error) ||
        !pick_sources(sources, vd_args_get(checked, "source"), picked, error))
        return FALSE;
    name = vd_args_get(checked, "name") ? vd_args_get(checked, "name") : offer;
    if (!vd_check_vm_name(name, error) || !vd_guest_there(error) ||
        !check_before(picked, offer, name, error))
        return FALSE;
    tags = vd_image_tags(checked);
    job = vd_deploy_job_new(request, "image.fetch", author, name);
    job->title = g_strdup_printf("fetch image %s", name);
    spec = make_spec(
        picked, (const char *const[]){"offer", offer, "name", name, "tags", tags, NULL}, FALSE);
    return vd_deploy_start_named(journal, job, spec, FALSE, error);
}

gboolean vd_image_refresh_submit(VdJournal *journal, const char *request, const char *author,
                                 const GPtrArray *sources, const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autoptr(GPtrArray) picked = g_ptr_array_new();
    g_autoptr(VdJob) job = NULL;
    g_autofree char *spec = NULL;

    if (!vd_args_check(checked, vd_image_refresh_args, error) ||
        !pick_sources(sources, vd_args_get(checked, "source"), picked, error))
        return FALSE;
    job = vd_deploy_job_new(request, "image.refresh", author, "catalogues");
    job->title = g_strdup("refresh catalogues");
    spec = make_spec(picked, (const char *const[]){NULL}, vd_args_flag(checked, "accept-older"));
    return vd_deploy_start_named(journal, job, spec, FALSE, error);
}

/* ---- catalogues ---- */

static GPtrArray *sources_of(VdRun *run)
{
    g_autofree char *list = vd_spec_text(run, "sources");

    return vd_sources_from_json(list);
}

static VdCatalogue *read_source(VdRun *run, const VdConfSource *source, GError **error)
{
    g_autofree char *older = vd_spec_text(run, "accept_older");
    VdCatalogue *catalogue =
        vd_catalogue_refresh(source, older != NULL, vd_run_cancellable(run), error);

    if (!catalogue)
        return NULL;
    vd_run_log(run, "%s: %u offers, %s %s", source->name, catalogue->offers->len,
               catalogue->signer ? "signed by" : "not signed",
               catalogue->signer ? catalogue->signer : "");
    for (guint i = 0; i < catalogue->left_out->len; i++)
        vd_run_log(run, "%s left out: %s", source->name,
                   (const char *)g_ptr_array_index(catalogue->left_out, i));
    if (catalogue->n_left_out > catalogue->left_out->len)
        vd_run_log(run, "%s left out: %u in all", source->name, catalogue->n_left_out);
    return catalogue;
}

/* "debian: 12 (3 left out)", in any language. */
static void add_source(GString *summary, const char *name, const VdCatalogue *catalogue)
{
    g_autofree char *count = vd_said("%s: %u", name, catalogue->offers->len);
    guint n = catalogue->n_left_out;

    g_string_append_printf(summary, "%s%s", summary->len ? ", " : "", count);
    if (n > 0) {
        g_autofree char *out = vd_said_n(" (%u left out)", " (%u left out)", n, n);

        g_string_append(summary, out);
    }
}

/* first: what is wrong with the first one that cannot be read; others: the names of the rest. */
static gboolean not_all(const GError *first, const GString *others, GError **error)
{
    if (others->len == 0 || vd_error_code(first) == VD_ERR_CANCELLED) {
        if (error)
            *error = g_error_copy(first);
        return FALSE;
    }
    vd_error_set(error, vd_error_code(first), vd_error_detail(first),
                 _("%s Nor could these be read: %s; the job's log says why."), first->message,
                 others->str);
    vd_error_quote(error, first);
    return FALSE;
}

static gboolean step_refresh(VdRun *run, GError **error)
{
    g_autoptr(GPtrArray) sources = sources_of(run);
    g_autoptr(GString) summary = g_string_new(NULL), others = g_string_new(NULL);
    g_autoptr(GError) first = NULL;

    for (guint i = 0; i < sources->len; i++) {
        const VdConfSource *source = g_ptr_array_index(sources, i);
        g_autoptr(GError) why = NULL;
        g_autoptr(VdCatalogue) catalogue = NULL;

        vd_run_text(run, "%s", source->name);
        catalogue = read_source(run, source, &why);
        vd_run_progress(run, (i + 1.0) / sources->len);
        if (catalogue) {
            add_source(summary, source->name, catalogue);
            continue;
        }
        vd_run_log(run, "%s: %s", source->name, why->message);
        if (first)
            g_string_append_printf(others, "%s%s", others->len > 0 ? ", " : "", source->name);
        if (vd_error_code(why) == VD_ERR_CANCELLED || !first) {
            g_clear_error(&first);
            first = g_steal_pointer(&why);
        }
        if (vd_error_code(first) == VD_ERR_CANCELLED)
            break;
    }
    if (first)
        return not_all(first, others, error);
    vd_run_said(run, summary->str);
    return TRUE;
}

/* ---- fetching: which ---- */

/* An entry of that name which was left out has its reason. */
static gboolean check_left_out(const VdCatalogue *catalogue, const char *source, const char *name,
                               GError **error)
{
    g_autofree char *prefix = g_strdup_printf("%s: ", name);

    for (guint i = 0; i < catalogue->left_out->len; i++) {
        const char *entry = g_ptr_array_index(catalogue->left_out, i);

        if (g_str_has_prefix(entry, prefix))
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("The image %s of the catalogue %s is not taken: %s."), name, source,
                           entry + strlen(prefix));
    }
    return TRUE;
}

static VdOffer *ask_source(VdRun *run, const VdConfSource *source, const char *name, GError **error)
{
    g_autoptr(VdCatalogue) kept = vd_catalogue_load(source->name, NULL);
    g_autoptr(VdCatalogue) fresh = NULL;
    VdOffer *offer;

    if (is_fresh(kept)) {
        offer = find_offer(kept, name);
        if (offer)
            return offer;
    }
    vd_run_text(run, _("reading the catalogue %s"), source->name);
    fresh = read_source(run, source, error);
    offer = fresh ? find_offer(fresh, name) : NULL;
    if (fresh && !offer)
        check_left_out(fresh, source->name, name, error);
    return offer;
}

/* From the first source that has it; a source that cannot be asked is only told about if no other
 * has it. */
static VdOffer *look_up(VdRun *run, const char *name, GError **error)
{
    g_autoptr(GPtrArray) sources = sources_of(run);
    g_autoptr(GError) first = NULL;

    for (guint i = 0; i < sources->len; i++) {
        const VdConfSource *source = g_ptr_array_index(sources, i);
        g_autoptr(GError) why = NULL;
        VdOffer *offer = ask_source(run, source, name, &why);

        if (offer)
            return offer;
        if (why)
            vd_run_log(run, "%s: %s", source->name, why->message);
        if (why && !first)
            first = g_steal_pointer(&why);
    }
    if (first)
        g_propagate_error(error, g_steal_pointer(&first));
    else
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                     _("No catalogue has an image %s; `vmdeck image search` lists what there is."),
                     name);
    return NULL;
}

static void set_size(VdRun *run, const char *name, guint64 value)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

    vd_run_set(run, name, text);
}

static gboolean step_find(VdRun *run, GError **error)
{
    g_autofree char *wanted = vd_spec_text(run, "offer");
    g_autofree char *name = vd_spec_text(run, "name");
    g_autoptr(VdOffer) offer = NULL;
    g_autofree char *size = NULL, *away = NULL;

    if (!vd_store_prepare(error))
        return FALSE;
    offer = look_up(run, wanted, error);
    if (!offer || !check_place(offer, name, &away, error) || !check_room(offer, error))
        return FALSE;
    if (away) {
        vd_run_set(run, "give-way", away);
        vd_run_log(run, "the image %s that is there will be called %s", name, away);
    }
    vd_run_set(run, "url", offer->url);
    vd_run_set(run, "digest", offer->digest);
    vd_run_set(run, "digest_kind", offer->digest_kind);
    vd_run_set(run, "offer_format", offer->format);
    vd_run_set(run, "source", offer->source);
    vd_run_set(run, "offer", offer->name);
    vd_run_set(run, "revision", offer->revision);
    vd_run_set(run, "notes", offer->title);
    set_size(run, "file_size", offer->file_size);
    set_size(run, "wanted_size", offer->virtual_size);
    size = vd_format_size(offer->file_size);
    vd_run_text(run, _("%s revision %s from %s, %s"), offer->name, offer->revision, offer->source,
                offer->file_size ? size : "?");
    if (!offer->digest)
        vd_run_note(run, _("the catalogue tells no digest: what arrives cannot be proved"));
    else if (!offer->is_signed)
        vd_run_note(run, _("the catalogue is not signed"));
    return TRUE;
}

/* ---- fetching: the file ---- */

typedef struct {
    VdRun *run;
    gint64 begun, told; /* monotonic */
    guint64 first;      /* bytes that were there at the beginning */
} Bar;

static void on_bytes(guint64 done, guint64 total, gpointer user)
{
    Bar *bar = user;
    gint64 now = g_get_monotonic_time();
    double seconds = (double)(now - bar->begun) / G_USEC_PER_SEC;
    double rate = seconds > 0.5 ? (double)(done - MIN(done, bar->first)) / seconds : 0;
    g_autofree char *is = vd_format_size(done);
    g_autofree char *all = vd_format_size(total);
    g_autofree char *speed = vd_format_size((guint64)rate);
    g_autofree char *left = NULL;

    if (now - bar->told < G_USEC_PER_SEC / 4 && done < total)
        return;
    bar->told = now;
    vd_run_progress(bar->run, total ? MIN((double)done / (double)total, 1) : -1);
    if (!total) {
        vd_run_text(bar->run, _("%s, %s/s"), is, speed);
        return;
    }
    if (rate > 0 && total > done)
        left = vd_format_duration((gint64)((double)(total - done) / rate * G_USEC_PER_SEC));
    if (left) /* TRANSLATORS: 12 MiB of 300 MiB, 4.0 MiB/s, 1m12s left */
        vd_run_text(bar->run, _("%s of %s, %s/s, %s left"), is, all, speed, left);
    else
        vd_run_text(bar->run, _("%s of %s, %s/s"), is, all, speed);
}

static guint64 number(VdRun *run, const char *name)
{
    const char *text = vd_run_get(run, name);

    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

/* A qcow2 file is a little larger than what is in it. */
static guint64 limit_of(VdRun *run)
{
    guint64 size = number(run, "wanted_size");

    return size ? size + size / 16 + DISK_SLACK : LARGEST_DISK;
}

/* The place of a download: by what it is, so that the next job finds what this one left. */
static char *part_path(VdRun *run, const char *folder)
{
    g_autofree char *what =
        g_strjoin(" ", vd_run_get(run, "url"),
                  vd_run_get(run, "digest") ? vd_run_get(run, "digest") : "", NULL);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
    g_autofree char *file = g_strdup_printf("%.32s.part", digest);

    return g_build_filename(folder, file, NULL);
}

static gboolean judge(VdRun *run, const char *temporary, GError **error)
{
    const char *wanted = vd_run_get(run, "offer_format");
    guint64 size = number(run, "wanted_size");
    const char *name = vd_run_get(run, "offer");
    VdDiskFile look;

    if (!vd_diskfile_look_as(temporary, vd_run_get(run, "url"), &look, error) ||
        !vd_image_ask_qemu(run, temporary, name, &look, error))
        return FALSE;
    if (wanted && !g_str_equal(wanted, look.format))
        return vd_fail(error, VD_ERR_DAMAGED, NULL,
                       _("The catalogue says that %s is %s, and it is %s."), name, wanted,
                       look.format);
    if (size && size != look.virtual_size)
        return vd_fail(error, VD_ERR_DAMAGED, NULL,
                       _("The catalogue says that %s has a disk of %llu bytes, and it has %llu."),
                       name, (unsigned long long)size, (unsigned long long)look.virtual_size);
    vd_run_set(run, "file", temporary);
    vd_run_set(run, "format", look.format);
    set_size(run, "virtual_size", look.virtual_size);
    return TRUE;
}

static gboolean fetch_into(VdRun *run, int out, const char *temporary, GError **error)
{
    g_autofree char *images = vd_path_images();
    g_autofree char *parts = g_build_filename(images, ".fetch", NULL);
    g_autofree char *refused = g_build_filename(images, ".refused", NULL);
    g_autofree char *part = part_path(run, parts);
    g_autofree char *aside = g_build_filename(refused, vd_run_get(run, "offer"), NULL);
    struct stat st;
    Bar bar = {.run = run, .begun = g_get_monotonic_time()};
    VdFetch fetch = {.url = vd_run_get(run, "url"),
                     .digest_kind = vd_run_get(run, "digest"),
                     .digest = vd_run_get(run, "digest"),
                     .size = number(run, "file_size"),
                     .size_is_rough = !vd_run_get(run, "digest"),
                     .limit = limit_of(run),
                     .part = part,
                     .aside = aside,
                     .out = out,
                     .out_name = temporary,
                     .tell = on_bytes,
                     .user = &bar,
                     .cancel = vd_run_cancellable(run)};
    VdFetched fetched;
    g_autofree char *size = NULL;

    fetch.digest_kind = fetch.digest ? vd_run_get(run, "digest_kind") : NULL;
    if (!vd_mkdirs(parts, 0700, error) || !vd_mkdirs(refused, 0700, error))
        return FALSE;
    if (stat(part, &st) == 0)
        bar.first = (guint64)st.st_size;
    if (bar.first > 0)
        vd_run_log(run, "going on after %" G_GUINT64_FORMAT " bytes", bar.first);
    if (!vd_fetch(&fetch, &fetched, error)) {
        if (g_cancellable_is_cancelled(vd_run_cancellable(run)))
            unlink(part); /* what was cancelled leaves nothing */
        return FALSE;
    }
    size = vd_format_size(fetched.bytes);
    vd_run_set(run, "sha256", fetched.sha256);
    set_size(run, "bytes", fetched.bytes);
    vd_run_log(run,
               "loaded %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT
               " were there; unpacked sha256 %s",
               fetched.loaded, fetched.resumed, fetched.sha256);
    vd_run_text(run, fetch.digest ? _("%s, its digest is right") : "%s", size);
    g_free(fetched.sha256);
    return TRUE;
}

static gboolean step_download(VdRun *run, GError **error)
{
    g_autofree char *hidden = g_strdup_printf(".add-%s.part", vd_run_id(run));
    g_autofree char *folder = vd_path_images();
    g_autofree char *temporary = g_build_filename(folder, hidden, NULL);
    g_autoptr(GError) why = NULL;
    gboolean ok;
    int out;

    if (!vd_run_undo(run, "file", temporary, error))
        return FALSE;
    out = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0)
        return vd_fail(error, errno == EACCES || errno == EROFS ? VD_ERR_DENIED : VD_ERR_FAILED,
                       NULL, "%s: %s.", temporary, g_strerror(errno));
    ok = fetch_into(run, out, temporary, &why) ||
         vd_image_no_room_here(run, g_steal_pointer(&why), error);
    if (ok && fchmod(out, 0444) < 0)
        ok = vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", temporary, g_strerror(errno));
    close(out);
    vd_file_sync_folder(temporary);
    return ok && judge(run, temporary, error);
}

const VdStepSpec vd_image_fetch_steps[] = {
    {"find", N_("look it up"), 2, step_find},
    {"download", N_("download"), 60, step_download},
    {"inspect", N_("look inside"), 30, vd_image_step_inspect},
    {"record", N_("record"), 1, vd_image_step_record},
    {NULL, NULL, 0, NULL},
};

const VdStepSpec vd_image_refresh_steps[] = {
    {"refresh", N_("read the catalogues"), 5, step_refresh},
    {NULL, NULL, 0, NULL},
};

const VdUndoSpec vd_image_no_undos[] = {
    {NULL, NULL, NULL, FALSE},
};
