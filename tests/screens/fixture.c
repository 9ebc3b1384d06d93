/* Jobs are written to the journal without a runner; the fixture holds the runner's lock, so that
 * nobody takes the job for interrupted. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/paths.h"
#include "src/deploy/store.h"
#include "tests/screens/fixture.h"

/* Long ago: with the clock standing still, spans are drawn as nothing. */
#define STARTED (G_GINT64_CONSTANT(1699999959) * G_USEC_PER_SEC)

VdFixture *vd_fixture_new(void)
{
    static const char *const places[][2] = {{"VMDECK_STATE_DIR", "state"},
                                            {"VMDECK_IMAGE_DIR", "images"}};
    VdFixture *fixture = g_new0(VdFixture, 1);
    g_autoptr(GError) error = NULL;
    fixture->lock = -1;
    fixture->folder = g_dir_make_tmp("vmdeck-state-XXXXXX", &error);
    assert_non_null(fixture->folder);
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_build_filename(fixture->folder, places[i][1], NULL);
        assert_int_equal(g_mkdir_with_parents(path, 0700), 0);
        g_setenv(places[i][0], path, TRUE);
    }
    g_autofree char *path = vd_path_journal();
    fixture->journal = vd_journal_open(path, &error);
    if (!fixture->journal)
        fail_msg("%s", error->message);
    return fixture;
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void vd_fixture_free(VdFixture *fixture)
{
    if (!fixture)
        return;
    vd_journal_close(fixture->journal);
    if (fixture->lock >= 0)
        close(fixture->lock);
    nftw(fixture->folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    g_free(fixture->folder);
    g_free(fixture);
}

void vd_fixture_image(VdFixture *fixture, const char *name, gboolean growable)
{
    (void)fixture;
    g_autoptr(VdImage) image = vd_image_new();
    g_autoptr(GError) error = NULL;
    image->name = g_strdup(name);
    image->sha256 = g_strnfill(64, growable ? 'a' : 'b');
    image->format = g_strdup("qcow2");
    image->virtual_size = G_GUINT64_CONSTANT(3) << 30;
    image->file_size = G_GUINT64_CONSTANT(300) << 20;
    image->added = 1699990000;
    image->growable = growable;
    if (growable) {
        image->os = g_strdup("Debian GNU/Linux 12 (bookworm)");
        image->distro = g_strdup("debian");
        image->root = g_strdup("partition 1, ext4");
        image->layout =
            g_strdup("{\"grow\":{\"possible\":true},\"customise\":{\"possible\":true}}");
    } else {
        image->why_not = g_strdup("No root file system was found in it.");
    }
    if (!vd_store_save(image, "r-000000", &error))
        fail_msg("%s", error->message);
    /* A disk of that size, without a byte in it. */
    g_autoptr(VdImage) there = vd_store_load(name, &error);
    assert_non_null(there);
    int fd = open(there->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)image->file_size), 0);
    close(fd);
}

static void log_write(const char *id)
{
    g_autofree char *folder = vd_path_job(id);
    g_autofree char *log = g_build_filename(folder, "log", NULL);
    assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
    assert_true(g_file_set_contents(log,
                                    "resize2fs 1.47.0 (5-Feb-2023)\n"
                                    "a name in red: \033[31mroot\033[0m\n"
                                    "growing /dev/sda1\n",
                                    -1, NULL));
}

/* As a runner holds it: an open file description lock on the whole of <job folder>/lock. */
static int lock_take(const char *id)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    g_autofree char *folder = vd_path_job(id);
    g_autofree char *path = g_build_filename(folder, "lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
    return fd;
}

static void step_write(VdFixture *fixture, const char *id, const char *step_id, VdStepState state,
                       double fraction, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdJob) job = vd_journal_job(fixture->journal, id, &error);
    assert_non_null(job);
    VdStep *step = vd_job_step(job, step_id);
    assert_non_null(step);
    step->state = state;
    step->fraction = fraction;
    step->started = STARTED;
    step->ended = state == VD_STEP_RUNNING ? 0 : STARTED + 200000;
    g_free(step->text);
    step->text = g_strdup(text);
    if (!vd_journal_step(fixture->journal, id, step, &error))
        fail_msg("%s", error->message);
}

void vd_fixture_job(VdFixture *fixture, const char *id, const char *name)
{
    static const char *const steps[][2] = {{"check", "check"}, {"disk", "disk"},
                                           {"grow", "grow"},   {"customise", "customise"},
                                           {"start", "start"}, {"boot", "first boot"}};
    g_autoptr(GError) error = NULL;
    g_autoptr(VdJob) job = vd_job_new(id);
    job->verb = g_strdup("deploy");
    job->title = g_strdup_printf("deploy %s", name);
    job->target = g_strdup(name);
    job->host = g_strdup("kvm1");
    job->author = g_strdup("root");
    job->created = job->started = STARTED;
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        vd_job_add_step(job, steps[i][0], steps[i][1], i == 2 ? 20 : 2);
    log_write(id);
    fixture->lock = lock_take(id);
    if (!vd_journal_job_create(fixture->journal, job, "{}", &error) ||
        !vd_journal_job_state(fixture->journal, id, VD_JOB_RUNNING, NULL, NULL, NULL, &error) ||
        !vd_journal_job_note(fixture->journal, id, "No KVM here: emulated, slow.", &error))
        fail_msg("%s", error->message);
    step_write(fixture, id, "check", VD_STEP_DONE, 1, "room, name, image digest");
    step_write(fixture, id, "disk", VD_STEP_DONE, 1, "overlay on debian-12 at 20 GiB");
    vd_fixture_progress(fixture, id, 0.44, "partition 1, ext4, to 20 GiB");
}

void vd_fixture_progress(VdFixture *fixture, const char *id, double fraction, const char *text)
{
    step_write(fixture, id, "grow", VD_STEP_RUNNING, fraction, text);
}

void vd_fixture_fail(VdFixture *fixture, const char *id)
{
    g_autoptr(GError) error = NULL;
    step_write(fixture, id, "grow", VD_STEP_FAILED, 0.5, "partition 1, ext4, to 20 GiB");
    if (!vd_journal_job_finish(fixture->journal, id, VD_JOB_FAILED, "The file system is damaged.",
                               "resize2fs: run e2fsck first", "disk db-07.qcow2 removed", &error))
        fail_msg("%s", error->message);
}
