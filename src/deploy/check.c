/* What people give for a deployment, judged before anything is made. All pure but for reading the
 * files that are named. */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/check.h"
#include "src/deploy/deploy.h"

#define KEY_FILE_BYTES (64 * 1024)
#define KEY_LINE_BYTES (16 * 1024) /* what sshd reads of a line: 8 KiB and some */
#define SCRIPT_BYTES   (256 * 1024)

gboolean vd_check_user_name(const char *name, GError **error)
{
    gsize length = strlen(name);
    static const char first[] = "abcdefghijklmnopqrstuvwxyz_";

    if (g_str_equal(name, "root"))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("root is there already; its password and keys have fields of their own."));
    if (length < 1 || length > 32 || !strchr(first, name[0]) ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789-") != length)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("A user's name is 1 to 32 lower-case letters, digits, `_` and `-`, and "
                         "begins with a letter or `_`."));
    return TRUE;
}

static gboolean is_key_type(const char *word)
{
    static const char *const types[] = {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        NULL,
    };

    return g_strv_contains(types, word);
}

/* RFC 4253, section 6.6: a blob begins with its kind as a string, four bytes of length first. */
static gboolean blob_fits(const char *type, const char *base64)
{
    gsize length = 0, type_length = strlen(type);
    g_autofree guint8 *blob = NULL;
    gsize clean =
        strspn(base64, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    if (clean != strlen(base64) || clean % 4 != 0)
        return FALSE;
    blob = g_base64_decode(base64, &length);
    if (length < 4 + type_length + 4)
        return FALSE;
    return blob[0] == 0 && blob[1] == 0 && blob[2] == 0 && blob[3] == type_length &&
           memcmp(blob + 4, type, type_length) == 0;
}

static char *check_key(const char *line, const char *where, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t", 3);
    g_autofree char *comment = NULL;
    guint n = g_strv_length(words);

    if (n > 0 && g_str_equal(words[0], "ssh-dss")) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("%s: DSA keys are no longer accepted by SSH servers; give another key."),
                     where);
        return NULL;
    }
    if (n < 2 || strlen(line) > KEY_LINE_BYTES || !is_key_type(words[0]) ||
        !blob_fits(words[0], words[1])) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("%s is no public SSH key; one looks like `ssh-ed25519 AAAAC3… name`."),
                     where);
        return NULL;
    }
    comment = vd_text_clean(n > 2 ? words[2] : "", 200, FALSE);
    return g_strstrip(g_strjoin(" ", words[0], words[1], comment, NULL));
}

static char **keys_of_text(const char *text, const char *where, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
    guint n = 0;

    if (strstr(text, "PRIVATE KEY-----")) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("%s is a private key, which must never leave its owner; give the public one "
                       "(the file that ends in .pub)."),
                     where);
        return NULL;
    }
    for (gsize i = 0; lines[i]; i++) {
        g_autofree char *key = NULL;

        g_strstrip(lines[i]);
        if (*lines[i] == '\0' || *lines[i] == '#')
            continue;
        key = check_key(lines[i], where, error);
        if (!key)
            return NULL;
        g_strv_builder_add(keys, key);
        n++;
    }
    if (n == 0) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("There is no SSH key in %s."), where);
        return NULL;
    }
    return g_strv_builder_end(keys);
}

char **vd_read_ssh_keys(const char *value, GError **error)
{
    gboolean literal =
        strchr(value, ' ') && (g_str_has_prefix(value, "ssh-") ||
                               g_str_has_prefix(value, "ecdsa-") || g_str_has_prefix(value, "sk-"));
    g_autoptr(GError) why = NULL;
    g_autofree char *path = NULL, *text = NULL;

    if (literal || strchr(value, '\n'))
        return keys_of_text(value, _("What was given"), error);
    if (g_str_has_prefix(value, "~/"))
        path = g_build_filename(g_get_home_dir(), value + 2, NULL);
    else
        path = g_strdup(value);
    text = vd_file_read(path, KEY_FILE_BYTES, NULL, &why);
    if (!text) {
        vd_error_set(error, VD_ERR_INVALID, why->message,
                     _("The key file %s cannot be read; give a file of public SSH keys or a key "
                       "itself."),
                     path);
        return NULL;
    }
    return keys_of_text(text, path, error);
}

/* In place; TRUE if there was anything to change. */
static gboolean drop_carriage_returns(char *text)
{
    char *to = text;
    gboolean changed = FALSE;

    for (const char *from = text; *from; from++) {
        if (from[0] == '\r' && from[1] == '\n') {
            changed = TRUE;
            continue;
        }
        *to++ = *from;
    }
    *to = '\0';
    return changed;
}

/* The byte order mark that some editors put in front, where the kernel looks for "#!". */
static gboolean drop_mark(char *text)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (!g_str_has_prefix(text, mark))
        return FALSE;
    memmove(text, text + strlen(mark), strlen(text + strlen(mark)) + 1);
    return TRUE;
}

char *vd_read_script(const char *path, guint *ret_mended, GError **error)
{
    g_autoptr(GError) why = NULL;
    gsize length = 0;
    char *text = vd_file_read(path, SCRIPT_BYTES, &length, &why);

    *ret_mended = 0;
    if (!text) {
        vd_error_set(error, VD_ERR_INVALID, why->message,
                     _("The script %s cannot be read, or is larger than 256 KiB."), path);
        return NULL;
    }
    if (strlen(text) != length || !g_utf8_validate(text, -1, NULL)) {
        vd_secret_free(text);
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("%s is no script: it holds bytes that are no text."), path);
        return NULL;
    }
    if (drop_mark(text))
        *ret_mended |= VD_SCRIPT_BOM;
    if (!g_str_has_prefix(text, "#!")) {
        vd_secret_free(text);
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("The first line of %s must say what runs it, such as #!/bin/sh."), path);
        return NULL;
    }
    if (drop_carriage_returns(text))
        *ret_mended |= VD_SCRIPT_CRLF;
    return text;
}

/* "192.0.2.7/24" → address and length; NULL with a sentence. */
static GInetAddress *split_address(const char *text, gsize *ret_prefix, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    g_autoptr(GInetAddress) address = NULL;
    guint64 prefix = 0;
    guint64 bits;

    if (g_strv_length(parts) == 2)
        address = g_inet_address_new_from_string(parts[0]);
    bits = address ? g_inet_address_get_native_size(address) * 8 : 0;
    if (!address || !g_ascii_string_to_unsigned(parts[1], 10, 1, bits, &prefix, NULL)) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("%s is no address with a prefix length, such as 192.0.2.7/24."), text);
        return NULL;
    }
    *ret_prefix = (gsize)prefix;
    return g_steal_pointer(&address);
}

/* Compares the first (network) or the other bits (host) of an address: whether all of those bits
 * of a equal those of b; b NULL: whether they all equal fill. */
static gboolean same_bits(const guint8 *a, const guint8 *b, int fill, gsize from, gsize to)
{
    for (gsize bit = from; bit < to; bit++) {
        int shift = 7 - (int)(bit % 8);
        int mine = a[bit / 8] >> shift & 1;
        int other = b ? b[bit / 8] >> shift & 1 : fill;

        if (mine != other)
            return FALSE;
    }
    return TRUE;
}

/* Addresses that no machine can have of its own, in whatever network (RFC 6890). */
static gboolean is_nobodys(GInetAddress *address)
{
    static const guint8 mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const guint8 *bytes = g_inet_address_to_bytes(address);
    gsize size = g_inet_address_get_native_size(address);

    return g_inet_address_get_is_loopback(address) || g_inet_address_get_is_multicast(address) ||
           g_inet_address_get_is_any(address) || (size == 4 && bytes[0] == 0) ||
           (size == 4 && same_bits(bytes, NULL, 1, 0, 32)) ||
           (size == 16 && memcmp(bytes, mapped, sizeof mapped) == 0);
}

static gboolean check_host_part(const char *text, GInetAddress *address, gsize prefix,
                                GError **error)
{
    gsize bits = g_inet_address_get_native_size(address) * 8;
    const guint8 *bytes = g_inet_address_to_bytes(address);
    gboolean v4 = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4;

    if (is_nobodys(address))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is no address for a machine."), text);
    if (g_inet_address_get_is_link_local(address))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is a link-local address, which machines give themselves; give one of "
                         "the network."),
                       text);
    /* Networks of one or two addresses have neither (RFC 3021, RFC 6164). */
    if (prefix + 1 >= bits)
        return TRUE;
    if (same_bits(bytes, NULL, 0, prefix, bits))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is the address of the network itself, not of a machine in it."), text);
    if (v4 && same_bits(bytes, NULL, 1, prefix, bits))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is the broadcast address of its network."), text);
    return TRUE;
}

static gboolean check_gateway(const char *text, GInetAddress *address, gsize prefix,
                              const char *gateway, GError **error)
{
    g_autoptr(GInetAddress) router = g_inet_address_new_from_string(gateway);

    if (!router)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is no IP address."), gateway);
    if (g_inet_address_equal(router, address))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The gateway %s is the machine's own address."), gateway);
    /* A router is often reached by its link-local address in IPv6 networks. */
    if (g_inet_address_get_family(router) == G_SOCKET_FAMILY_IPV6 &&
        g_inet_address_get_is_link_local(router) &&
        g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6)
        return TRUE;
    if (g_inet_address_get_family(router) != g_inet_address_get_family(address) ||
        !same_bits(g_inet_address_to_bytes(router), g_inet_address_to_bytes(address), 0, 0, prefix))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The gateway %s is not in the network of %s."), gateway, text);
    return TRUE;
}

char *vd_address_count(const char *address, guint n, GError **error)
{
    const char *slash = strchr(address, '/');
    g_autofree char *plain = g_strndup(address, slash ? (gsize)(slash - address) : strlen(address));
    g_autoptr(GInetAddress) first = g_inet_address_new_from_string(plain);
    gsize size = first ? g_inet_address_get_native_size(first) : 0;
    gsize prefix = slash ? (gsize)g_ascii_strtoull(slash + 1, NULL, 10) : size * 8;
    g_autofree guint8 *bytes = NULL;
    g_autoptr(GInetAddress) counted = NULL;
    g_autofree char *text = NULL;
    guint carry = n;

    if (!first) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("%s is no IP address."), address);
        return NULL;
    }
    bytes = g_memdup2(g_inet_address_to_bytes(first), size);
    for (gsize i = size; i > 0; i--) {
        carry += bytes[i - 1];
        bytes[i - 1] = (guint8)carry;
        carry >>= 8;
    }
    if (carry > 0 || !same_bits(bytes, g_inet_address_to_bytes(first), 0, 0, prefix)) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("From %s on there are not addresses enough in its network; begin lower, or "
                       "make fewer machines."),
                     address);
        return NULL;
    }
    counted = g_inet_address_new_from_bytes(bytes, g_inet_address_get_family(first));
    text = g_inet_address_to_string(counted);
    return g_strconcat(text, slash ? slash : "", NULL);
}

gboolean vd_check_address(const char *address, GError **error)
{
    gsize prefix = 0;
    g_autoptr(GInetAddress) host = split_address(address, &prefix, error);

    return host && check_host_part(address, host, prefix, error);
}

gboolean vd_check_gateway(const char *address, const char *gateway, GError **error)
{
    gsize prefix = 0;
    g_autoptr(GInetAddress) host = split_address(address, &prefix, NULL);

    return !host || check_gateway(address, host, prefix, gateway, error);
}

gboolean vd_check_static(const char *address, const char *gateway, char *const *dns, GError **error)
{
    if (!address && (gateway || (dns && dns[0])))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("A gateway and name servers go with a static address; give --address."));
    if (!address)
        return TRUE;
    return vd_check_address(address, error) &&
           (!gateway || vd_check_gateway(address, gateway, error)) && vd_check_dns(dns, error);
}

gboolean vd_check_dns(char *const *dns, GError **error)
{
    for (gsize i = 0; dns && dns[i]; i++) {
        if (!g_hostname_is_ip_address(dns[i]))
            return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is no IP address."), dns[i]);
    }
    return TRUE;
}

gboolean vd_check_zone_there(const char *zone, char *const *zones, const char *image,
                             GError **error)
{
    if (!zones || g_strv_contains((const char *const *)zones, zone))
        return TRUE;
    if (!zones[0])
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The image %s has no timezone “%s”, nor any other (its package tzdata is "
                         "missing); leave the timezone out."),
                       image, zone);
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("The image %s has no timezone “%s”; one looks like Europe/Berlin or UTC."),
                   image, zone);
}
