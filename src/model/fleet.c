/* The fleet's values. Strings are GRefStrings: a copy of a machine shares them, so that publishing
 * a new figure for each of a thousand machines costs a thousand small blocks and no text. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/model/fleet.h"

const VdFigures vd_figures_none = {0,       VD_NONE, VD_NONE, VD_NONE,
                                   VD_NONE, VD_NONE, VD_NONE, VD_NONE};

const char *vd_vm_state_word(VdVmState state)
{
    switch (state) {
    case VD_VM_RUNNING:
    case VD_VM_BLOCKED:
        return N_("running");
    case VD_VM_PAUSED:
        return N_("paused");
    case VD_VM_SHUTDOWN:
        return N_("stopping");
    case VD_VM_OFF:
        return N_("off");
    case VD_VM_CRASHED:
        return N_("crashed");
    case VD_VM_SUSPENDED:
        return N_("asleep");
    default:
        return N_("unknown");
    }
}

const char *vd_host_state_word(VdHostState state)
{
    switch (state) {
    case VD_HOST_UP:
        return N_("up");
    case VD_HOST_SLOW:
        return N_("slow");
    case VD_HOST_DOWN:
        return N_("down");
    case VD_HOST_OFF:
        return N_("disconnected");
    default:
        return N_("connecting");
    }
}

gboolean vd_host_state_answers(VdHostState state)
{
    return state == VD_HOST_UP || state == VD_HOST_SLOW;
}

static GRefString *clean_ref(const char *text, gsize max)
{
    g_autofree char *clean = vd_text_clean(text, max, FALSE);
    return g_ref_string_new(*clean ? clean : "?");
}

static GRefString *share(GRefString *text)
{
    return text ? g_ref_string_acquire(text) : NULL;
}

VdVm *vd_vm_new(const char *uuid, const char *raw_name)
{
    VdVm *vm = g_new0(VdVm, 1);
    g_atomic_ref_count_init(&vm->refs);
    g_strlcpy(vm->uuid, uuid, sizeof vm->uuid);
    vm->raw_name = g_ref_string_new(raw_name);
    g_autofree char *name = vd_text_clean_name(raw_name, 256);
    vm->name = g_ref_string_new(name);
    vm->id = -1;
    vm->now = vd_figures_none;
    return vm;
}

/* All of a shared value but its count, which other threads may change meanwhile. */
static gpointer copy_of(gconstpointer value, gsize size)
{
    gatomicrefcount *copy = g_malloc(size);
    g_atomic_ref_count_init(copy);
    memcpy(copy + 1, (const gatomicrefcount *)value + 1, size - sizeof *copy);
    return copy;
}

VdVm *vd_vm_copy(const VdVm *vm)
{
    G_STATIC_ASSERT(G_STRUCT_OFFSET(VdVm, refs) == 0);
    VdVm *copy = copy_of(vm, sizeof *vm);
    copy->name = share(vm->name);
    copy->raw_name = share(vm->raw_name);
    copy->title = share(vm->title);
    copy->address = share(vm->address);
    return copy;
}

VdVm *vd_vm_ref(VdVm *vm)
{
    g_atomic_ref_count_inc(&vm->refs);
    return vm;
}

void vd_vm_unref(VdVm *vm)
{
    if (!vm || !g_atomic_ref_count_dec(&vm->refs))
        return;
    g_clear_pointer(&vm->name, g_ref_string_release);
    g_clear_pointer(&vm->raw_name, g_ref_string_release);
    g_clear_pointer(&vm->title, g_ref_string_release);
    g_clear_pointer(&vm->address, g_ref_string_release);
    g_free(vm);
}

gboolean vd_vm_active(const VdVm *vm)
{
    return vm->state != VD_VM_OFF && vm->state != VD_VM_CRASHED && vm->state != VD_VM_NOSTATE;
}

const char *vd_vm_word(const VdVm *vm)
{
    if (vm->pending)
        return vm->pending;
    if (vm->stuck_since)
        return N_("stuck");
    if (vm->state == VD_VM_OFF && vm->managed_save)
        return N_("saved");
    return vd_vm_state_word(vm->state);
}

int vd_compare_natural(const char *x, const char *y)
{
    while (*x && *y) {
        if (g_ascii_isdigit(*x) && g_ascii_isdigit(*y)) {
            while (*x == '0' && g_ascii_isdigit(x[1]))
                x++;
            while (*y == '0' && g_ascii_isdigit(y[1]))
                y++;
            gsize nx = strspn(x, "0123456789"), ny = strspn(y, "0123456789");
            int order = nx != ny ? (nx < ny ? -1 : 1) : memcmp(x, y, nx);
            if (order != 0)
                return order;
            x += nx;
            y += ny;
            continue;
        }
        /* Case decides only between names that are the same but for it. */
        int left = (unsigned char)g_ascii_tolower(*x), right = (unsigned char)g_ascii_tolower(*y);
        if (left != right)
            return left < right ? -1 : 1;
        x++;
        y++;
    }
    return *x ? 1 : *y ? -1 : 0;
}

int vd_vm_compare(const VdVm *a, const VdVm *b)
{
    int order = vd_compare_natural(a->name, b->name);
    if (order == 0)
        order = strcmp(a->name, b->name);
    return order != 0 ? order : strcmp(a->uuid, b->uuid);
}

VdHost *vd_host_new(const char *id, const char *uri)
{
    VdHost *host = g_new0(VdHost, 1);
    g_atomic_ref_count_init(&host->refs);
    host->id = clean_ref(id, 64);
    g_autofree char *masked = vd_text_mask_password(uri);
    host->uri = clean_ref(masked, 1024);
    host->since = g_get_monotonic_time();
    host->now = vd_figures_none;
    host->vms = vd_roster_new();
    return host;
}

VdHost *vd_host_copy(const VdHost *host)
{
    G_STATIC_ASSERT(G_STRUCT_OFFSET(VdHost, refs) == 0);
    VdHost *copy = copy_of(host, sizeof *host);
    copy->id = share(host->id);
    copy->uri = share(host->uri);
    copy->hostname = share(host->hostname);
    copy->type = share(host->type);
    copy->identity = share(host->identity);
    copy->same_as = share(host->same_as);
    copy->error = share(host->error);
    copy->detail = share(host->detail);
    copy->vms = vd_roster_ref(host->vms);
    return copy;
}

VdHost *vd_host_ref(VdHost *host)
{
    g_atomic_ref_count_inc(&host->refs);
    return host;
}

void vd_host_unref(VdHost *host)
{
    if (!host || !g_atomic_ref_count_dec(&host->refs))
        return;
    g_clear_pointer(&host->id, g_ref_string_release);
    g_clear_pointer(&host->uri, g_ref_string_release);
    g_clear_pointer(&host->hostname, g_ref_string_release);
    g_clear_pointer(&host->type, g_ref_string_release);
    g_clear_pointer(&host->identity, g_ref_string_release);
    g_clear_pointer(&host->same_as, g_ref_string_release);
    g_clear_pointer(&host->error, g_ref_string_release);
    g_clear_pointer(&host->detail, g_ref_string_release);
    vd_roster_unref(host->vms);
    g_free(host);
}

VdVm *vd_host_vm(const VdHost *host, guint i)
{
    return vd_roster_at(host->vms, i);
}

VdVm *vd_host_find(const VdHost *host, const char *uuid)
{
    int at = vd_roster_find(host->vms, uuid);
    return at < 0 ? NULL : vd_roster_at(host->vms, (guint)at);
}

VdFleet *vd_fleet_new(void)
{
    VdFleet *fleet = g_new0(VdFleet, 1);
    g_atomic_ref_count_init(&fleet->refs);
    fleet->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)vd_host_unref);
    return fleet;
}

VdFleet *vd_fleet_ref(VdFleet *fleet)
{
    g_atomic_ref_count_inc(&fleet->refs);
    return fleet;
}

void vd_fleet_unref(VdFleet *fleet)
{
    if (!fleet || !g_atomic_ref_count_dec(&fleet->refs))
        return;
    g_ptr_array_unref(fleet->hosts);
    g_free(fleet);
}

VdHost *vd_fleet_host(const VdFleet *fleet, const char *host_id)
{
    for (guint i = 0; host_id && i < fleet->hosts->len; i++) {
        VdHost *host = g_ptr_array_index(fleet->hosts, i);
        if (strcmp(host->id, host_id) == 0)
            return host;
    }
    return NULL;
}

VdVm *vd_fleet_vm(const VdFleet *fleet, const char *host_id, const char *uuid)
{
    VdHost *host = vd_fleet_host(fleet, host_id);
    return host && uuid ? vd_host_find(host, uuid) : NULL;
}
