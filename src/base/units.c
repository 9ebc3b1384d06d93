/* Figures for people, request ids, and the checks of words that people type. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"

char *vd_format_bytes(guint64 bytes)
{
    static const char units[] = "KMGTPE";
    if (bytes < 1000)
        return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
    double value = (double)bytes / 1024.0;
    gsize unit = 0;
    /* 999.5 and more would round to four digits. */
    while (value >= 999.5 && unit + 1 < sizeof units - 1) {
        value /= 1024.0;
        unit++;
    }
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, value < 9.95 ? "%.1f" : "%.0f", value);
    return g_strdup_printf("%s%c", text, units[unit]);
}

char *vd_format_size(guint64 bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024)
        return g_strdup_printf(_("%llu bytes"), (unsigned long long)bytes);
    double value = (double)bytes / 1024.0;
    gsize unit = 0;
    while (value >= 1023.95 && unit + 1 < G_N_ELEMENTS(units)) {
        value /= 1024.0;
        unit++;
    }
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, "%.1f", value);
    if (g_str_has_suffix(text, ".0"))
        text[strlen(text) - 2] = '\0';
    return g_strdup_printf("%s %s", text, units[unit]);
}

char *vd_format_duration(gint64 usec)
{
    if (usec < 0)
        usec = 0;
    if (usec < 9950000) {
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        g_ascii_formatd(text, sizeof text, "%.1f", (double)usec / G_USEC_PER_SEC);
        return g_strdup_printf(_("%ss"), text);
    }
    int seconds = (int)MIN(usec / G_USEC_PER_SEC, G_MAXINT);
    if (seconds < 100)
        return g_strdup_printf(_("%ds"), seconds);
    if (seconds < 10 * 60 && seconds % 60 != 0)
        return g_strdup_printf(_("%dm%02ds"), seconds / 60, seconds % 60);
    if (seconds < 100 * 60)
        return g_strdup_printf(_("%dm"), seconds / 60);
    if (seconds < 100 * 3600)
        return g_strdup_printf(_("%dh"), seconds / 3600);
    return g_strdup_printf(_("%dd"), MIN(seconds / 86400, 9999));
}

char *vd_format_latency(gint64 usec)
{
    if (usec >= 999500)
        return vd_format_duration(usec);
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, usec < 9950 ? "%.1f" : "%.0f", (double)MAX(usec, 0) / 1000);
    return g_strdup_printf(_("%s ms"), text);
}

gboolean vd_parse_size(const char *text, guint64 *ret_bytes, GError **error)
{
    static const char units[] = "KMGTPE";
    if (!text || !g_ascii_isdigit(*text))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("expected a size such as 20G or 512M"));
    char *end = NULL;
    errno = 0;
    guint64 value = g_ascii_strtoull(text, &end, 10);
    if (errno != 0)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("the size is too large"));
    guint shift = 0;
    const char *unit = *end ? memchr(units, g_ascii_toupper(*end), sizeof units - 1) : NULL;
    if (unit) {
        shift = 10 * (guint)(unit - units + 1);
        end++;
        if (end[0] == 'i' && (end[1] == 'B' || end[1] == 'b'))
            end += 2;
    }
    if (*end == 'B' && unit == NULL)
        end++;
    if (*end != '\0')
        return vd_fail(error, VD_ERR_INVALID, NULL, _("expected a size such as 20G or 512M"));
    if (shift >= 64 || value > ((guint64)G_MAXINT64 >> shift))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("the size is too large"));
    *ret_bytes = value << shift;
    return TRUE;
}

/* Crockford's base 32 leaves out I, L, O and U: ids are read aloud. */
static const char id_letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

char *vd_request_id_new(void)
{
    unsigned char bytes[6];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        for (gsize i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)g_random_int_range(0, 256);
    char id[9] = "r-";
    for (gsize i = 0; i < sizeof bytes; i++)
        id[2 + i] = id_letters[bytes[i] % 32];
    return g_strdup(id);
}

gboolean vd_request_id_valid(const char *id)
{
    if (!id || strlen(id) != 8 || strncmp(id, "r-", 2) != 0)
        return FALSE;
    return strspn(id + 2, id_letters) == 6;
}

gboolean vd_check_hostname(const char *name, GError **error)
{
    gsize length = name ? strlen(name) : 0;
    if (length == 0 || length > 253)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("a hostname has 1 to 253 characters"));
    gsize label = 0;
    for (const char *c = name; *c; c++) {
        if (*c == '.') {
            if (label == 0 || c[-1] == '-')
                return vd_fail(error, VD_ERR_INVALID, NULL,
                               _("a part of the hostname is empty or ends with a hyphen"));
            label = 0;
            continue;
        }
        if (!g_ascii_isalnum(*c) && (*c != '-' || label == 0))
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("a hostname has letters, digits, dots and inner hyphens only"));
        if (++label > 63)
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("a part of the hostname is longer than 63 characters"));
    }
    if (label == 0 || name[length - 1] == '-')
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("a part of the hostname is empty or ends with a hyphen"));
    return TRUE;
}

gboolean vd_check_vm_name(const char *name, GError **error)
{
    gsize length = name ? strlen(name) : 0;
    if (length == 0)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("a name has 1 to 64 characters"));
    g_autofree char *shown = vd_text_clean_name(name, 32);
    if (length > 64)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("“%s…” is no name: it has more than 64 characters"), shown);
    if (*name == '-' || *name == '.')
        return vd_fail(error, VD_ERR_INVALID, NULL, _("“%s” is no name: it begins with - or ."),
                       shown);
    for (const char *c = name; *c; c++)
        if (!g_ascii_isalnum(*c) && !strchr("_-.+", *c))
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("“%s” is no name: expected letters, digits, _ - . and + only"), shown);
    return TRUE;
}

gboolean vd_check_password(const char *password, GError **error)
{
    gsize length = password ? strlen(password) : 0;
    if (length == 0 || length > 512)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("a password has 1 to 512 bytes"));
    if (strchr(password, '\n'))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("a password cannot hold a line break"));
    return TRUE;
}

gboolean vd_check_timezone(const char *zone, GError **error)
{
    gsize length = zone ? strlen(zone) : 0;
    gboolean fine = length > 0 && length <= 64 && g_ascii_isalpha(*zone) && !strstr(zone, "..") &&
                    !strstr(zone, "//") && zone[length - 1] != '/';
    for (const char *c = zone; fine && *c; c++)
        fine = g_ascii_isalnum(*c) || strchr("/_+-", *c);
    if (!fine)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("expected a time zone such as Europe/Berlin or UTC"));
    return TRUE;
}
