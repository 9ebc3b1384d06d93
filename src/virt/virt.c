/* The door: options with their usual values, and the hosts in the order they were added. */
#include "config.h"

#include <string.h>

#include "src/virt/engine.h"

/* From a prototype with one mute host among healthy ones. */
#define CONNECT_SOFT_MS 3000
#define CONNECT_HARD_MS 20000
#define CALL_SOFT_MS    3000
#define CALL_HARD_MS    30000
#define ACTION_SOFT_MS  5000
#define INTERVAL_MS     1000

const VdTuning vd_tuning_usual = {
    .backoff_ms = 1000,
    .merge_ms = 50,
    .refresh_min_ms = 5000,
    .refresh_max_ms = 30000,
    .rest_max_ms = 2000,
    .max_stuck = 3,
    .dear_soft_ms = 1000,
    .dear_hard_ms = 2500,
    .shard = 16,
    .quarantine_ms = 2000,
    .farewell_ms = 500,
    /* libvirt waits ten seconds for a QEMU to end by itself, and a little more. */
    .hold_ms = 15000,
    /* An sshd turns some away from the tenth on that has not shown its key yet (MaxStartups), and
     * one that answers does so within a second. */
    .ssh_at_once = 8,
    .ssh_hold_ms = 1000,
};

static int usual(int given, int otherwise)
{
    return given > 0 ? given : otherwise;
}

VdVirt *vd_virt_new_on(GMainContext *context, const VdVirtOptions *options,
                       const VdBackend *backend, const VdTuning *tuning, VdVirtHostFn changed,
                       gpointer data)
{
    VdVirt *virt = g_new0(VdVirt, 1);
    virt->options = *options;
    virt->options.interval_ms = usual(options->interval_ms, INTERVAL_MS);
    virt->options.connect_soft_ms = usual(options->connect_soft_ms, CONNECT_SOFT_MS);
    virt->options.connect_hard_ms = usual(options->connect_hard_ms, CONNECT_HARD_MS);
    virt->action_soft_ms = usual(options->call_soft_ms, ACTION_SOFT_MS);
    virt->options.call_soft_ms = usual(options->call_soft_ms, CALL_SOFT_MS);
    virt->options.call_hard_ms = usual(options->call_hard_ms, CALL_HARD_MS);
    virt->tuning = tuning;
    virt->shown = VD_GROUPS_ALL;
    virt->yard = vd_yard_new(context, backend, tuning->ssh_at_once, tuning->ssh_hold_ms);
    virt->changed = changed;
    virt->data = data;
    virt->keepers = g_ptr_array_new_with_free_func((GDestroyNotify)vd_keeper_free);
    virt->trials = g_ptr_array_new_with_free_func(vd_attempt_free);
    return virt;
}

VdVirt *vd_virt_new(GMainContext *context, const VdVirtOptions *options, VdVirtHostFn changed,
                    gpointer data)
{
    return vd_virt_new_on(context, options, &vd_backend_libvirt, &vd_tuning_usual, changed, data);
}

void vd_virt_free(VdVirt *virt)
{
    if (!virt)
        return;
    g_ptr_array_unref(virt->trials);
    g_ptr_array_unref(virt->keepers);
    vd_mailbox_close(virt->yard->box);
    vd_clock_close(virt->yard->clock);
    vd_yard_unref(virt->yard);
    g_free(virt);
}

void vd_virt_ask(VdVirt *virt, VdLane *lane, VdQuestion *question, gboolean begun)
{
    if (begun && !virt->options.ask) {
        vd_question_give(question, NULL);
        return;
    }
    if (lane && begun)
        vd_lane_hold(lane);
    else if (lane)
        vd_lane_go_on(lane);
    if (virt->options.ask)
        virt->options.ask(question, begun, virt->data);
}

void vd_virt_want_groups(VdVirt *virt, guint shown, guint all)
{
    virt->shown = shown;
    virt->all = all;
    for (guint i = 0; i < virt->keepers->len; i++) {
        VdKeeper *keeper = g_ptr_array_index(virt->keepers, i);
        if (keeper->sampler)
            vd_sampler_want_groups(keeper->sampler, shown, all);
    }
}

VdKeeper *vd_virt_keeper(const VdVirt *virt, const char *id)
{
    for (guint i = 0; i < virt->keepers->len; i++) {
        VdKeeper *keeper = g_ptr_array_index(virt->keepers, i);
        if (strcmp(keeper->face->id, id) == 0)
            return keeper;
    }
    return NULL;
}

void vd_virt_add_host(VdVirt *virt, const char *id, const char *uri)
{
    g_return_if_fail(!vd_virt_keeper(virt, id));
    VdKeeper *keeper = vd_keeper_new(virt, id, uri);
    g_ptr_array_add(virt->keepers, keeper);
    vd_keeper_connect(keeper);
}

void vd_virt_remove_host(VdVirt *virt, const char *id)
{
    VdKeeper *keeper = vd_virt_keeper(virt, id);
    if (!keeper)
        return;
    vd_keeper_disconnect(keeper);
    vd_keeper_give_up_calls(keeper);
    g_ptr_array_remove(virt->keepers, keeper);
}

void vd_virt_reconnect(VdVirt *virt, const char *id)
{
    VdKeeper *keeper = vd_virt_keeper(virt, id);
    if (!keeper)
        return;
    if (keeper->face->state == VD_HOST_UP) {
        vd_keeper_list(keeper);
        return;
    }
    if (keeper->face->state == VD_HOST_CONNECTING && !vd_keeper_tries_in_vain(keeper))
        return; /* it is being tried */
    vd_keeper_connect_anew(keeper);
}

void vd_virt_disconnect(VdVirt *virt, const char *id)
{
    VdKeeper *keeper = vd_virt_keeper(virt, id);
    if (keeper)
        vd_keeper_disconnect(keeper);
}

void vd_virt_refresh(VdVirt *virt, const char *id)
{
    VdKeeper *keeper = vd_virt_keeper(virt, id);
    if (keeper)
        vd_keeper_list(keeper);
}

void vd_virt_want(VdVirt *virt, const VdWantRow *rows, guint n_rows)
{
    for (guint i = 0; i < virt->keepers->len; i++) {
        VdKeeper *keeper = g_ptr_array_index(virt->keepers, i);
        if (!keeper->sampler)
            continue;
        vd_sampler_want_none(keeper->sampler);
        for (guint j = 0; j < n_rows; j++) {
            if (rows[j].uuid && g_strcmp0(rows[j].host, keeper->face->id) == 0)
                vd_sampler_want(keeper->sampler, rows[j].uuid);
        }
    }
}
