/* Whether KVM really works.
 *
 * That /dev/kvm is there and opens says little: below another hypervisor guests may abort, or never
 * run. So QEMU is started with 512 bytes which end it by the debug exit device: its exit status
 * proves that the guest's code ran, through the firmware, on the CPU model that machines get. On
 * other architectures than x86 QEMU is only asked to make a virtual machine. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "src/base/child.h"
#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/group.h"
#include "src/base/i18n.h"
#include "src/base/kvm.h"
#include "src/base/paths.h"

#define DEVICE     "/dev/kvm"
#define CACHE_NAME "kvm-probe"
/* Bump it when the probe changes. */
#define CACHE_VERSION "1"
#define LATE_SECONDS  600

/* QEMU's isa-debug-exit ends it with (value << 1) | 1. */
#define EXIT_VALUE  0x10
#define EXIT_STATUS ((EXIT_VALUE << 1) | 1)

/* cli; mov dx, 0xf4; mov al, EXIT_VALUE; out dx, al; hlt; jmp -3 */
static const unsigned char boot_code[] = {0xfa,       0xba, 0xf4, 0x00, 0xb0,
                                          EXIT_VALUE, 0xee, 0xf4, 0xeb, 0xfd};

typedef enum { PROBE_WORKS, PROBE_DIES, PROBE_LATE } ProbeResult;

typedef struct {
    ProbeResult result;
    char *words; /* QEMU's last ones; may be NULL */
} Probe;

/* ---- the probe ---- */

static gboolean is_x86(void)
{
    struct utsname name;

    return uname(&name) == 0 && strcmp(name.machine, "x86_64") == 0;
}

char *vd_kvm_qemu(void)
{
    struct utsname name;
    g_autofree char *own = NULL;
    char *path;

    if (uname(&name) < 0)
        return NULL;
    own = g_strdup_printf("qemu-system-%s", name.machine);
    path = g_find_program_in_path(own);
    if (path == NULL)
        path = g_find_program_in_path("qemu-kvm");
    /* where Fedora and its kin keep it */
    if (path == NULL && access("/usr/libexec/qemu-kvm", X_OK) == 0)
        path = g_strdup("/usr/libexec/qemu-kvm");
    return path;
}

/* The sector in a file of its own; NULL if there is no room for 512 bytes. The caller unlinks. */
static char *write_sector(void)
{
    unsigned char sector[512] = {0};
    g_autofree char *path = NULL;
    int file = g_file_open_tmp("vmdeck-kvm-XXXXXX", &path, NULL);
    gboolean ok;

    if (file < 0)
        return NULL;
    memcpy(sector, boot_code, sizeof boot_code);
    sector[510] = 0x55;
    sector[511] = 0xaa;
    ok = write(file, sector, sizeof sector) == (gssize)sizeof sector;
    ok = close(file) == 0 && ok;
    if (ok)
        return g_steal_pointer(&path);
    (void)g_unlink(path);
    return NULL;
}

static void run_x86(const char *qemu, VdChild *child, GError **error)
{
    g_autofree char *sector = write_sector();
    g_autofree char *drive = NULL;

    if (sector == NULL) {
        vd_error_set(error, VD_ERR_NO_SPACE, NULL, _("A temporary file could not be written."));
        return;
    }
    drive = g_strdup_printf("file=%s,format=raw,if=ide", sector);
    const char *const argv[] = {qemu,
                                "-machine",
                                "pc,accel=kvm",
                                "-cpu",
                                "host",
                                "-m",
                                "16",
                                "-nodefaults",
                                "-no-user-config",
                                "-no-reboot",
                                "-display",
                                "none",
                                "-device",
                                "isa-debug-exit,iobase=0xf4,iosize=1",
                                "-drive",
                                drive,
                                NULL};
    (void)vd_child_run(argv, NULL, VD_KVM_DEADLINE_MS, child, error);
    (void)g_unlink(sector);
}

static void run_other(const char *qemu, VdChild *child, GError **error)
{
    const char *const argv[] = {
        qemu, "-machine", "none,accel=kvm", "-nodefaults", "-display", "none", "-no-user-config",
        "-S", "-qmp",     "stdio",          NULL};

    (void)vd_child_run(argv, "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"quit\"}\n",
                       VD_KVM_DEADLINE_MS, child, error);
}

static Probe probe(const char *qemu)
{
    g_auto(VdChild) child = {0};
    g_autoptr(GError) error = NULL;
    gboolean x86 = is_x86();

    if (x86)
        run_x86(qemu, &child, &error);
    else
        run_other(qemu, &child, &error);
    if (error != NULL)
        return (Probe){PROBE_DIES, g_strdup(error->message)};
    if (child.late)
        return (Probe){PROBE_LATE, NULL};
    if (child.status == (x86 ? EXIT_STATUS : 0))
        return (Probe){PROBE_WORKS, NULL};
    return (Probe){PROBE_DIES, vd_child_words(&child)};
}

/* ---- the cache ---- */

/* What the answer depends on, as one line; NULL if it cannot be told. The caller frees. */
static char *cache_key(const char *path, const char *qemu)
{
    g_autofree char *boot = vd_file_read("/proc/sys/kernel/random/boot_id", 64, NULL, NULL);
    struct stat binary, device;

    if (boot == NULL || stat(qemu, &binary) < 0 || stat(path, &device) < 0)
        return NULL;
    return g_strdup_printf(CACHE_VERSION " %s %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                                         " %" G_GINT64_FORMAT,
                           g_strstrip(boot), qemu, (gint64)binary.st_mtime, (gint64)binary.st_size,
                           (gint64)device.st_ctime);
}

static char *cache_path(void)
{
    g_autofree char *state = vd_path_state();

    return g_build_filename(state, CACHE_NAME, NULL);
}

static gboolean cache_read(const char *key, Probe *ret)
{
    g_autofree char *path = cache_path();
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *stored = NULL;
    gint64 age;
    int result;

    if (key == NULL || !g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
        return FALSE;
    stored = g_key_file_get_string(file, "kvm", "key", NULL);
    result = g_key_file_get_integer(file, "kvm", "result", NULL);
    age = g_get_real_time() / G_USEC_PER_SEC - g_key_file_get_int64(file, "kvm", "taken", NULL);
    if (g_strcmp0(stored, key) != 0 || result < PROBE_WORKS || result > PROBE_LATE)
        return FALSE;
    if (result == PROBE_LATE && (age < 0 || age > LATE_SECONDS))
        return FALSE;
    ret->result = (ProbeResult)result;
    ret->words = g_key_file_get_string(file, "kvm", "words", NULL);
    return TRUE;
}

/* A state directory that cannot be written costs a probe each time and nothing else. */
static void cache_write(const char *key, const Probe *found)
{
    g_autofree char *state = vd_path_state();
    g_autofree char *path = cache_path();
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL;
    gsize length;

    if (key == NULL || !vd_mkdirs(state, 0755, NULL))
        return;
    g_key_file_set_string(file, "kvm", "key", key);
    g_key_file_set_integer(file, "kvm", "result", (int)found->result);
    g_key_file_set_int64(file, "kvm", "taken", g_get_real_time() / G_USEC_PER_SEC);
    if (found->words != NULL)
        g_key_file_set_string(file, "kvm", "words", found->words);
    text = g_key_file_to_data(file, &length, NULL);
    (void)vd_file_replace(path, text, (gssize)length, 0644, NULL);
}

/* ---- the answer ---- */

static const char *device_path(void)
{
    const char *given = g_getenv("VMDECK_KVM_DEVICE");

    return given != NULL && *given != '\0' ? given : DEVICE;
}

/* The group whose members may use it, NULL if none but root may. The caller frees. */
static char *group_of(const char *path)
{
    struct stat device;

    if (stat(path, &device) < 0 || device.st_gid == 0 || (device.st_mode & S_IWGRP) == 0)
        return NULL;
    return vd_group_name(device.st_gid);
}

/* The caller frees. */
static char *why_denied(const char *path)
{
    g_autofree char *group = group_of(path);

    if (group == NULL)
        return g_strdup_printf(_("This user may not open %s: it is for root alone."), path);
    return g_strdup_printf(_("This user may not open %s: add it to the group %s and log in again."),
                           path, group);
}

/* NULL: it opens. The caller frees the sentence. */
static char *why_closed(const char *path)
{
    int device = open(path, O_RDWR | O_CLOEXEC);
    int number = errno;

    if (device >= 0) {
        close(device);
        return NULL;
    }
    if (number == ENOENT || number == ENXIO || number == ENODEV)
        return g_strdup(_("There is no KVM here: turn virtualization on in the firmware (below a "
                          "hypervisor: nested), or load the module kvm_intel or kvm_amd."));
    if (number == EACCES || number == EPERM)
        return why_denied(path);
    return g_strdup_printf(_("%s cannot be opened: %s."), path, g_strerror(number));
}

static char *why_unusable(const Probe *found)
{
    if (found->result == PROBE_WORKS)
        return NULL;
    if (found->result == PROBE_LATE)
        return g_strdup_printf(
            _("KVM is there, but a guest on it did not run within %d seconds: this machine's own "
              "hypervisor has to allow nested virtualization."),
            VD_KVM_DEADLINE_MS / 1000);
    if (found->words == NULL || *found->words == '\0')
        return g_strdup(_("KVM is there, but QEMU ends at once with it: this machine's own "
                          "hypervisor has to allow nested virtualization."));
    return g_strdup_printf(_("KVM is there, but QEMU ends at once with it (%s)."), found->words);
}

gboolean vd_kvm_usable_with(const char *device, const char *qemu, char **why)
{
    g_autofree char *reason = why_closed(device);
    g_autofree char *key = NULL;
    Probe found = {PROBE_WORKS, NULL};

    if (reason == NULL && qemu == NULL)
        reason = g_strdup(_("QEMU is not installed, so KVM could not be tried."));
    if (reason == NULL) {
        key = cache_key(device, qemu);
        if (!cache_read(key, &found)) {
            found = probe(qemu);
            cache_write(key, &found);
        }
        reason = why_unusable(&found);
        g_free(found.words);
    }
    if (why != NULL)
        *why = g_strdup(reason);
    return reason == NULL;
}

gboolean vd_kvm_usable(char **why)
{
    g_autofree char *qemu = vd_kvm_qemu();

    return vd_kvm_usable_with(device_path(), qemu, why);
}

gboolean vd_kvm_open_to_others(void)
{
    struct stat device;

    return stat(device_path(), &device) == 0 && (device.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

gboolean vd_kvm_opens(void)
{
    g_autofree char *why = why_closed(device_path());

    return why == NULL;
}

char *vd_kvm_group_wanted(void)
{
    return access(device_path(), R_OK | W_OK) < 0 ? group_of(device_path()) : NULL;
}
