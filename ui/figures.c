/* Four cells hold any amount of bytes: two digits and a point below ten, three digits above. The
 * short figures are for columns; dialogs use vd_format_size(). */
#include "config.h"

#include "ui/figures.h"

#include <string.h>
#include <time.h>

static const char units[] = "\0KMGTPE";

/* The unit in which value has at most three digits, as an index of units. */
static guint unit_of(double value)
{
    guint unit = 0;
    while (unit < 6 && value >= 999.5) {
        value /= 1024;
        unit++;
    }
    return unit;
}

static double in_unit(double value, guint unit)
{
    for (guint i = 0; i < unit; i++)
        value /= 1024;
    return value;
}

static void print_in(char *buffer, double value, guint unit, gboolean with_unit)
{
    double scaled = in_unit(value, unit);
    char letter[2] = {with_unit ? units[unit] : '\0', '\0'};
    g_snprintf(buffer, VD_FIGURE_SIZE, unit > 0 && scaled < 9.95 ? "%.1f%s" : "%.0f%s", scaled,
               letter);
}

const char *vd_figure_bytes(char *buffer, double bytes)
{
    if (bytes < 0)
        return strcpy(buffer, "–");
    print_in(buffer, bytes, unit_of(bytes), TRUE);
    return buffer;
}

const char *vd_figure_percent(char *buffer, double percent)
{
    if (percent < 0)
        return strcpy(buffer, "–");
    g_snprintf(buffer, VD_FIGURE_SIZE, "%.0f", MIN(percent, 999.0));
    return buffer;
}

const char *vd_figure_share(char *buffer, double used, double total)
{
    if (total <= 0)
        return vd_figure_bytes(buffer, used);
    if (used < 0)
        return vd_figure_bytes(buffer, total);
    guint unit = unit_of(total);
    char left[VD_FIGURE_SIZE], right[VD_FIGURE_SIZE];
    print_in(left, used, unit, FALSE);
    print_in(right, total, unit, TRUE);
    g_snprintf(buffer, VD_FIGURE_SIZE, "%.12s/%.12s", left, right);
    return buffer;
}

/* printf() counts bytes; the dash has three of them in one cell. */
static int pad(const char *text)
{
    int cells = (int)g_utf8_strlen(text, -1);
    return MAX(0, 4 - cells);
}

const char *vd_figure_pair(char *buffer, double left, double right)
{
    if (left < 0 && right < 0)
        return strcpy(buffer, "–");
    char a[VD_FIGURE_SIZE], b[VD_FIGURE_SIZE];
    vd_figure_bytes(a, left);
    vd_figure_bytes(b, right);
    g_snprintf(buffer, VD_FIGURE_SIZE, "%*s%.12s/%*s%.12s", pad(a), "", a, pad(b), "", b);
    return buffer;
}

const char *vd_figure_time(char *buffer, gint64 time, gboolean seconds)
{
    time_t since = (time_t)(time / G_USEC_PER_SEC);
    struct tm parts;
    buffer[0] = '\0';
    if (localtime_r(&since, &parts))
        (void)strftime(buffer, VD_FIGURE_SIZE, seconds ? "%H:%M:%S" : "%H:%M", &parts);
    return buffer;
}

VdRole vd_vm_role(const VdVm *vm)
{
    if (vm->stuck_since)
        return VD_ROLE_STATE_BAD;
    if (vm->pending)
        return VD_ROLE_STATE_BUSY;
    switch (vm->state) {
    case VD_VM_RUNNING:
    case VD_VM_BLOCKED:
        return VD_ROLE_STATE_GOOD;
    case VD_VM_PAUSED:
    case VD_VM_SUSPENDED:
        return VD_ROLE_STATE_WARN;
    case VD_VM_SHUTDOWN:
        return VD_ROLE_STATE_BUSY;
    case VD_VM_CRASHED:
        return VD_ROLE_STATE_BAD;
    case VD_VM_NOSTATE:
    case VD_VM_OFF:
    default:
        return VD_ROLE_STATE_OFF;
    }
}

VdRole vd_host_role(const VdHost *host)
{
    switch (host->state) {
    case VD_HOST_UP:
        return VD_ROLE_STATE_GOOD;
    case VD_HOST_CONNECTING:
        return VD_ROLE_STATE_BUSY;
    case VD_HOST_SLOW:
        return VD_ROLE_STATE_WARN;
    case VD_HOST_DOWN:
        return VD_ROLE_STATE_BAD;
    case VD_HOST_OFF:
    default:
        return VD_ROLE_STATE_OFF;
    }
}
