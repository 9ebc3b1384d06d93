/* gpgv judges, and tells by its status lines, which go to a pipe of their own; the text that was
 * signed goes to a file. Neither can hold what the other says. */
#include "config.h"

#include "src/deploy/signature.h"

#include <string.h>

#include "src/base/child.h"
#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"

#define GPGV_MS       60000
#define KEYRING_BYTES (4 * 1024 * 1024)
#define TEXT_BYTES    (64 * 1024 * 1024)
#define STATUS        "[GNUPG:] "

static const char begin_message[] = "-----BEGIN PGP SIGNED MESSAGE-----";
static const char begin_signature[] = "-----BEGIN PGP SIGNATURE-----";
static const char begin_key[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/* ---- armour ---- */

char *vd_signed_strip(const char *text, gsize length, gsize *ret_length)
{
    g_autofree char *copy = g_strndup(text, length);
    g_autoptr(GString) out = NULL;
    char *body, *end;

    if (!g_str_has_prefix(copy, begin_message)) {
        *ret_length = length;
        return g_steal_pointer(&copy);
    }
    body = strstr(copy, "\n\n");
    if (!body && (body = strstr(copy, "\n\r\n")))
        body++;
    body = body ? body + 2 : copy + strlen(copy);
    end = strstr(body, begin_signature);
    if (end)
        *end = '\0';
    out = g_string_sized_new(length);
    for (char *line = body; *line;) {
        char *stop = strchr(line, '\n');
        gsize n = stop ? (gsize)(stop - line) + 1 : strlen(line);
        gsize skip = g_str_has_prefix(line, "- ") ? 2 : 0;

        g_string_append_len(out, line + skip, (gssize)(n - skip));
        line += n;
    }
    *ret_length = out->len;
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The binary form of an armoured keyring, which gpgv does not read. */
static guchar *dearmour(const char *text, gsize *ret_length)
{
    g_autoptr(GString) base64 = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean inside = FALSE;

    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (g_str_has_prefix(*line, "-----END"))
            break;
        /* Headers end with an empty line; the checksum begins with "=". */
        if (inside && **line != '=')
            g_string_append(base64, *line);
        if (**line == '\0')
            inside = TRUE;
    }
    return g_base64_decode(base64->str, ret_length);
}

/* The keyring as gpgv takes it: itself, or a binary copy in folder. */
static char *usable_keyring(const char *keyring, const char *folder, GError **error)
{
    gsize length = 0;
    g_autoptr(GError) why = NULL;
    g_autofree char *bytes = vd_file_read(keyring, KEYRING_BYTES, &length, &why);
    g_autofree char *copy = g_build_filename(folder, "keyring", NULL);
    g_autofree guchar *binary = NULL;

    if (!bytes) {
        vd_error_set(error, VD_ERR_FAILED, why->message, _("The keyring %s cannot be read."),
                     keyring);
        return NULL;
    }
    if (!strstr(bytes, begin_key))
        return g_canonicalize_filename(keyring, NULL);
    binary = dearmour(strstr(bytes, begin_key), &length);
    if (!vd_file_replace(copy, (const char *)binary, (gssize)length, 0600, error))
        return NULL;
    return g_steal_pointer(&copy);
}

/* ---- judging ---- */

static gboolean same_fingerprint(const char *a, const char *b)
{
    return a && strlen(a) >= 40 && g_ascii_strcasecmp(a, b) == 0;
}

/* VALIDSIG FPR … PRIMARY-FPR: the first word and the tenth. */
static gboolean is_pinned(const char *rest, const char *fingerprint)
{
    g_auto(GStrv) words = g_strsplit(rest, " ", 12);
    guint n = g_strv_length(words);

    return (n > 0 && same_fingerprint(words[0], fingerprint)) ||
           (n > 9 && same_fingerprint(words[9], fingerprint));
}

static const char *bad_word(const char *line)
{
    static const struct {
        const char *word, *text;
    } bad[] = {
        {"BADSIG ", N_("the signature does not fit the text")},
        {"EXPKEYSIG ", N_("the key has expired")},
        {"EXPSIG ", N_("the signature has expired")},
        {"REVKEYSIG ", N_("the key was revoked")},
        {"ERRSIG ", N_("it is signed by a key that is not in the keyring")},
        {"NODATA ", N_("there is no signature")},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        if (g_str_has_prefix(line, bad[i].word))
            return _(bad[i].text);
    }
    return NULL;
}

gboolean vd_signature_judge(const char *status, const char *fingerprint, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(status, "\n", -1);
    gboolean pinned = FALSE, other = FALSE;
    guint good = 0;

    for (char **line = lines; *line; line++) {
        const char *rest, *why;

        if (!g_str_has_prefix(*line, STATUS))
            continue;
        rest = *line + strlen(STATUS);
        why = bad_word(rest);
        if (why)
            return vd_fail(error, VD_ERR_DAMAGED, *line, "%s", why);
        good += g_str_has_prefix(rest, "GOODSIG ");
        if (!g_str_has_prefix(rest, "VALIDSIG "))
            continue;
        if (is_pinned(rest + strlen("VALIDSIG "), fingerprint))
            pinned = TRUE;
        else
            other = TRUE;
    }
    if (good > 0 && pinned)
        return TRUE;
    if (other)
        return vd_fail(error, VD_ERR_DAMAGED, status,
                       _("it is signed by another key than the one that is pinned"));
    return vd_fail(error, VD_ERR_DAMAGED, status, _("there is no good signature"));
}

static char *check_in(const char *folder, const char *signed_text, gsize length,
                      const char *keyring, const char *fingerprint, gsize *ret_length,
                      GError **error)
{
    g_autofree char *in = g_build_filename(folder, "signed", NULL);
    g_autofree char *out = g_build_filename(folder, "text", NULL);
    g_autofree char *keys = usable_keyring(keyring, folder, error);
    const char *const argv[] = {"gpgv", "--homedir", folder, "--keyring", keys, "--status-fd",
                                "1",    "--output",  out,    in,          NULL};
    g_auto(VdChild) child = {0};

    if (!keys || !vd_file_replace(in, signed_text, (gssize)length, 0600, error) ||
        !vd_child_run(argv, NULL, GPGV_MS, &child, error))
        return NULL;
    if (!vd_signature_judge(child.out, fingerprint, error))
        return NULL;
    if (child.status != 0) {
        g_autofree char *words = vd_child_words(&child);

        vd_error_set(error, VD_ERR_DAMAGED, words, _("there is no good signature"));
        return NULL;
    }
    return vd_file_read(out, TEXT_BYTES, ret_length, error);
}

char *vd_signed_text(const char *signed_text, gsize length, const char *keyring,
                     const char *fingerprint, gsize *ret_length, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *folder = g_dir_make_tmp("vmdeck-gpgv-XXXXXX", &why);
    char *text;

    if (!folder) {
        vd_error_set(error, VD_ERR_FAILED, why->message,
                     _("A temporary folder could not be made."));
        return NULL;
    }
    text = check_in(folder, signed_text, length, keyring, fingerprint, ret_length, error);
    vd_remove_tree(folder, NULL);
    return text;
}
