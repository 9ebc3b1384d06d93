/* The words of the first-boot unit stand anywhere in a line, since kernel messages and a getty
 * write to the same console; what follows them is read strictly. */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "src/deploy/boot.h"

#define PREFIX "vmdeck-firstboot: "

void vd_boot_clear(VdBoot *boot)
{
    g_clear_pointer(&boot->address, g_free);
    g_clear_pointer(&boot->out, g_free);
}

/* The first word of text. The caller frees. */
static char *first_word(const char *text)
{
    return g_strndup(text, strcspn(text, " \t"));
}

static VdBootWord read_step(VdBoot *boot, const char *words)
{
    g_autofree char *address = NULL;

    if (g_str_has_prefix(words, "script"))
        return VD_BOOT_SCRIPT;
    if (g_str_has_prefix(words, "setup"))
        return VD_BOOT_SETUP;
    if (!g_str_has_prefix(words, "address "))
        return VD_BOOT_OTHER;
    address = first_word(words + strlen("address "));
    if (!g_hostname_is_ip_address(address))
        return VD_BOOT_OTHER;
    g_free(boot->address);
    boot->address = g_steal_pointer(&address);
    return VD_BOOT_ADDRESS;
}

static VdBootWord read_done(VdBoot *boot, const char *words)
{
    char *end = NULL;
    guint64 status = g_ascii_strtoull(words, &end, 10);

    if (end == words || !g_ascii_isdigit(*words) || status > 255)
        return VD_BOOT_OTHER;
    boot->done = TRUE;
    boot->status = (int)status;
    return VD_BOOT_DONE;
}

gboolean vd_boot_is_prompt(const char *line)
{
    g_autofree char *prompt = g_strchomp(g_strdup(line));

    return g_str_has_suffix(prompt, " login:");
}

gboolean vd_boot_is_kernel(const char *line)
{
    if (*line != '[')
        return FALSE;
    const char *stamp = line + 1 + strspn(line + 1, " ");
    gsize whole = strspn(stamp, "0123456789");
    gsize part = whole && stamp[whole] == '.' ? strspn(stamp + whole + 1, "0123456789") : 0;
    return part > 0 && stamp[whole + 1 + part] == ']';
}

static VdBootWord read_text(VdBoot *boot, const char *text, VdBootWord word)
{
    g_free(boot->out);
    boot->out = g_strdup(text);
    return word;
}

VdBootWord vd_boot_line(VdBoot *boot, const char *marker, const char *line)
{
    g_autofree char *wanted = NULL;
    const char *words;

    if (!marker) {
        boot->done = boot->done || vd_boot_is_prompt(line);
        return boot->done ? VD_BOOT_DONE : VD_BOOT_OTHER;
    }
    wanted = g_strdup_printf(PREFIX "%s ", marker);
    words = strstr(line, wanted);
    if (!words)
        return VD_BOOT_OTHER;
    words += strlen(wanted);
    if (g_str_has_prefix(words, "start"))
        return VD_BOOT_START;
    if (g_str_has_prefix(words, "step "))
        return read_step(boot, words + strlen("step "));
    if (g_str_has_prefix(words, "done "))
        return read_done(boot, words + strlen("done "));
    if (g_str_has_prefix(words, "final")) {
        boot->done = boot->final = TRUE;
        return VD_BOOT_DONE;
    }
    if (g_str_has_prefix(words, "warn "))
        return read_text(boot, words + strlen("warn "), VD_BOOT_WARN);
    if (!g_str_has_prefix(words, "out "))
        return VD_BOOT_OTHER;
    return read_text(boot, words + strlen("out "), VD_BOOT_OUT);
}
