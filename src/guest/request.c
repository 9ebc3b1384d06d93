/* Everything is copied out of the JSON, so that nothing later depends on the parser. */
#include "config.h"

#include "src/guest/request.h"

#include <gio/gio.h>
#include <string.h>

#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/guest/generalise-words.h"
#include "src/guest/take.h"

#define USER_DATA_BYTES (512 * 1024)

enum {
    HASH_MAX = 384, /* CRYPT_OUTPUT_SIZE of crypt.h */
    KEY_MAX = 16 * 1024,
    KEYS_MAX = 64,
    USERS_MAX = 32,
    SCRIPT_MAX = 512 * 1024,
    DNS_MAX = 8,
};

static void user_free(gpointer data)
{
    VdUserSpec *user = data;
    if (!user)
        return;
    g_free(user->name);
    vd_secret_free(user->hash);
    if (user->keys)
        g_ptr_array_unref(user->keys);
    g_free(user);
}

static void net_free(VdNetSpec *net)
{
    if (!net)
        return;
    g_free(net->address);
    g_free(net->gateway);
    g_free(net->mac);
    if (net->dns)
        g_ptr_array_unref(net->dns);
    g_free(net);
}

static void customise_free(VdCustomise *customise)
{
    if (!customise)
        return;
    vd_secret_free(customise->root_hash);
    if (customise->root_keys)
        g_ptr_array_unref(customise->root_keys);
    if (customise->users)
        g_ptr_array_unref(customise->users);
    g_free(customise->hostname);
    g_free(customise->timezone);
    net_free(customise->net);
    vd_secret_free(customise->script);
    g_free(customise->marker);
    g_free(customise);
}

void vd_request_free(VdRequest *request)
{
    if (!request)
        return;
    g_free(request->id);
    g_free(request->disk);
    g_free(request->format);
    g_free(request->medium);
    vd_secret_free(request->user_data);
    vd_layout_free(request->layout);
    customise_free(request->customise);
    if (request->clean)
        g_ptr_array_unref(request->clean);
    g_free(request);
}

gboolean vd_hash_ok(const char *hash)
{
    static const char safe[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "$=,-_+";
    if (*hash != '$' || strlen(hash) < 13 || hash[strspn(hash, safe)] != '\0')
        return FALSE;
    const char *second = strchr(hash + 1, '$');
    return second && second > hash + 1 && strchr(second + 1, '$') != NULL;
}

gboolean vd_user_name_ok(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz_0123456789-";
    gsize length = strlen(name);
    return length >= 1 && length <= 32 && strchr(first, *name) && strspn(name, rest) == length;
}

gboolean vd_zone_name_ok(const char *zone)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    gsize length = strlen(zone);
    if (length < 1 || length > 64 || strspn(zone, safe) != length)
        return FALSE;
    return *zone != '/' && *zone != '-' && zone[length - 1] != '/' && !strstr(zone, "//");
}

static char *take_hash(VdTake *take, const char *key)
{
    char *hash = vd_take_string(take, key, HASH_MAX);
    if (!hash || vd_hash_ok(hash))
        return hash;
    vd_secret_free(hash);
    vd_take_mistake(take, key, _("a password's hash as crypt(5) has it"));
    return NULL;
}

static VdUserSpec *take_user(VdTake *take)
{
    VdUserSpec *user = g_new0(VdUserSpec, 1);
    user->name = vd_take_word(take, "name", 32);
    if (user->name && !vd_user_name_ok(user->name))
        vd_take_mistake(take, "name", _("a user's name"));
    if (user->name && g_str_equal(user->name, "root"))
        vd_take_mistake(take, "name", _("an ordinary user's name"));
    user->hash = take_hash(take, "password_hash");
    user->keys = vd_take_lines(take, "keys", KEYS_MAX, KEY_MAX);
    user->sudo = vd_take_bool(take, "sudo");
    return user;
}

static void take_users(VdTake *take, VdCustomise *customise)
{
    customise->users = g_ptr_array_new_with_free_func(user_free);
    JsonArray *array = vd_take_array(take, "users", USERS_MAX);
    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        VdTake inner = *take;
        inner.object = vd_take_element(take, array, i, "users");
        inner.failed = take->failed;
        VdUserSpec *user = take_user(&inner);
        take->failed |= inner.failed;
        for (guint k = 0; k < customise->users->len && !take->failed; k++) {
            const VdUserSpec *other = g_ptr_array_index(customise->users, k);
            if (g_str_equal(other->name, user->name))
                vd_take_mistake(take, "users", _("a list without repeated names"));
        }
        g_ptr_array_add(customise->users, user);
    }
}

/* An IP address in the form that all files take, or NULL. */
static char *clean_address(const char *text, gboolean *ret_ipv6)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(text);
    if (!address || g_inet_address_get_is_any(address))
        return NULL;
    if (ret_ipv6)
        *ret_ipv6 = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;
    return g_inet_address_to_string(address);
}

static void take_address(VdTake *take, VdNetSpec *net)
{
    g_autofree char *text = vd_take_word(take, "address", 64);
    if (!text)
        return;
    char *slash = strchr(text, '/');
    gint64 prefix = 0;
    if (slash) {
        *slash = '\0';
        if (!g_ascii_string_to_signed(slash + 1, 10, 1, 128, &prefix, NULL))
            prefix = 0;
    }
    net->address = clean_address(text, &net->ipv6);
    net->prefix = (int)prefix;
    if (!net->address || prefix < 1 || prefix > (net->ipv6 ? 128 : 32))
        vd_take_mistake(take, "address", _("an address such as 192.0.2.7/24"));
}

static void take_static(VdTake *take, VdNetSpec *net)
{
    take_address(take, net);
    g_autofree char *gateway = vd_take_string(take, "gateway", 64);
    gboolean ipv6 = FALSE;
    if (gateway && *gateway) {
        net->gateway = clean_address(gateway, &ipv6);
        if (!net->gateway || ipv6 != net->ipv6)
            vd_take_mistake(take, "gateway", _("an address of the same kind"));
    }
}

static gboolean mac_ok(const char *mac)
{
    for (int i = 0; i < 17; i++)
        if (i % 3 == 2 ? mac[i] != ':' : !g_ascii_isxdigit(mac[i]))
            return FALSE;
    return mac[17] == '\0';
}

static VdNetSpec *take_net(VdTake *outer)
{
    VdTake take = *outer;
    take.object = vd_take_object(outer, "network");
    take.failed = outer->failed;
    if (!take.object)
        return NULL;
    VdNetSpec *net = g_new0(VdNetSpec, 1);
    net->dns = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *mode = vd_take_word(&take, "mode", 16);
    if (mode && !g_str_equal(mode, "dhcp") && !g_str_equal(mode, "static"))
        vd_take_mistake(&take, "mode", _("dhcp or static"));
    net->dhcp = mode && g_str_equal(mode, "dhcp");
    if (!net->dhcp)
        take_static(&take, net);
    g_autoptr(GPtrArray) dns = vd_take_lines(&take, "dns", DNS_MAX, 64);
    for (guint i = 0; i < dns->len; i++) {
        char *address = clean_address(g_ptr_array_index(dns, i), NULL);
        if (!address)
            vd_take_mistake(&take, "dns", _("a list of addresses"));
        else
            g_ptr_array_add(net->dns, address);
    }
    g_autofree char *mac = vd_take_word(&take, "mac", 17);
    if (mac && !mac_ok(mac))
        vd_take_mistake(&take, "mac", _("an address such as 52:54:00:12:34:56"));
    net->mac = mac ? g_ascii_strdown(mac, -1) : NULL;
    outer->failed |= take.failed;
    return net;
}

static gboolean marker_ok(const char *marker)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    gsize length = strlen(marker);
    return length >= 4 && length <= 64 && strspn(marker, safe) == length;
}

static void take_firstboot(VdTake *outer, VdCustomise *customise)
{
    VdTake take = *outer;
    take.object = vd_take_object(outer, "firstboot");
    take.failed = outer->failed;
    if (!take.object)
        return;
    customise->firstboot = TRUE;
    customise->script = vd_take_string(&take, "script", SCRIPT_MAX);
    if (customise->script && !*customise->script)
        g_clear_pointer(&customise->script, g_free);
    customise->marker = vd_take_word(&take, "marker", 64);
    if (customise->marker && !marker_ok(customise->marker))
        vd_take_mistake(&take, "marker", _("4 to 64 letters and digits"));
    outer->failed |= take.failed;
}

static VdCustomise *take_customise(VdTake *outer)
{
    VdTake take = *outer;
    take.object = vd_take_object(outer, "customise");
    take.failed = outer->failed;
    if (!take.object)
        return NULL;
    VdCustomise *customise = g_new0(VdCustomise, 1);
    customise->root_hash = take_hash(&take, "root_password_hash");
    customise->root_locked = vd_take_bool(&take, "root_locked");
    customise->root_keys = vd_take_lines(&take, "root_keys", KEYS_MAX, KEY_MAX);
    take_users(&take, customise);
    customise->hostname = vd_take_string(&take, "hostname", 253);
    if (customise->hostname && !vd_check_hostname(customise->hostname, NULL))
        vd_take_mistake(&take, "hostname", _("a host's name as RFC 1123 has it"));
    customise->timezone = vd_take_string(&take, "timezone", 64);
    if (customise->timezone && !vd_zone_name_ok(customise->timezone))
        vd_take_mistake(&take, "timezone", _("a timezone such as Europe/Berlin"));
    customise->net = take_net(&take);
    take_firstboot(&take, customise);
    outer->failed |= take.failed;
    return customise;
}

static void take_disk(VdTake *take, VdRequest *request)
{
    request->disk = vd_take_word(take, "disk", 4096);
    if (request->disk && *request->disk != '/')
        vd_take_mistake(take, "disk", _("an absolute path"));
    request->format = vd_take_word(take, "format", 16);
    if (request->format && !g_str_equal(request->format, "qcow2") &&
        !g_str_equal(request->format, "raw"))
        vd_take_mistake(take, "format", _("qcow2 or raw"));
}

static void take_layout(VdTake *take, VdRequest *request)
{
    JsonObject *layout = vd_take_object(take, "layout");
    if (!layout)
        vd_take_mistake(take, "layout", _("an object"));
    if (take->failed)
        return;
    request->layout = vd_layout_from_json(layout, take->error);
    take->failed = !request->layout;
}

static void take_prepare(VdTake *take, VdRequest *request)
{
    request->grow = vd_take_bool(take, "grow");
    request->size = (guint64)vd_take_int(take, "size", 0, G_MAXINT64);
    request->customise = take_customise(take);
    request->agent = vd_take_bool(take, "agent");
    if (!request->grow && !request->customise && !request->agent)
        vd_take_mistake(take, "grow", _("asked for, and neither is customising"));
    if (request->grow && request->size == 0)
        vd_take_mistake(take, "size", _("the disk's size"));
    take_layout(take, request);
}

static void take_clean(VdTake *take, VdRequest *request)
{
    request->clean = vd_take_lines(take, "clean", 64, 64);
    for (guint i = 0; i < request->clean->len; i++)
        if (!vd_generalise_known(g_ptr_array_index(request->clean, i)))
            vd_take_mistake(take, "clean", _("words for what can be cleaned away"));
}

/* With a disk its partition table is grown here, for a guest that has no tool for it. */
static void take_seed(VdTake *take, VdRequest *request)
{
    g_autofree char *reader = vd_take_word(take, "reader", 16);
    request->reader = vd_reader_of(reader);
    if (request->reader == VD_READER_NONE)
        vd_take_mistake(take, "reader", _("cloud-init, nuageinit or agent"));
    request->medium = vd_take_word(take, "medium", 4096);
    if (request->medium && *request->medium != '/')
        vd_take_mistake(take, "medium", _("an absolute path"));
    request->user_data = vd_take_string(take, "user_data", USER_DATA_BYTES);
    request->grow = vd_take_bool(take, "grow");
    request->size = (guint64)vd_take_int(take, "size", 0, G_MAXINT64);
    request->customise = take_customise(take);
    if (!request->customise)
        vd_take_mistake(take, "customise", _("an object"));
    JsonNode *disk = json_object_get_member(take->object, "disk");
    if (disk && !JSON_NODE_HOLDS_NULL(disk))
        take_disk(take, request);
    JsonObject *layout = vd_take_object(take, "layout");
    JsonNode *os = layout ? json_object_get_member(layout, "os") : NULL;
    gboolean known = os && !JSON_NODE_HOLDS_NULL(os);
    if (!known && (request->disk || request->reader == VD_READER_AGENT))
        vd_take_mistake(take, "layout", _("an object"));
    if (take->failed || !known)
        return;
    request->layout = vd_layout_from_json(layout, take->error);
    take->failed = !request->layout;
}

VdRequest *vd_request_parse(const char *text, gssize length, GError **error)
{
    g_autoptr(JsonObject) object = vd_take_parse(text, length, VD_GUEST_BAD_REQUEST, error);
    if (!object)
        return NULL;
    VdTake take = {.object = object, .code = VD_GUEST_BAD_REQUEST, .error = error};
    g_autoptr(VdRequest) request = g_new0(VdRequest, 1);
    g_autofree char *action = vd_take_word(&take, "action", 16);
    request->id = vd_take_word(&take, "request", 64);
    if (request->id && request->id[strspn(request->id, "abcdefghijklmnopqrstuvwxyz"
                                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")])
        vd_take_mistake(&take, "request", _("a request's id"));
    request->tcg = vd_take_bool(&take, "tcg");
    if (g_strcmp0(action, "inspect") == 0) {
        request->action = VD_ACTION_INSPECT;
        take_disk(&take, request);
    } else if (g_strcmp0(action, "prepare") == 0) {
        request->action = VD_ACTION_PREPARE;
        take_disk(&take, request);
        take_prepare(&take, request);
    } else if (g_strcmp0(action, "generalise") == 0) {
        request->action = VD_ACTION_GENERALISE;
        take_disk(&take, request);
        take_clean(&take, request);
    } else if (g_strcmp0(action, "seed") == 0) {
        request->action = VD_ACTION_SEED;
        take_seed(&take, request);
    } else if (g_strcmp0(action, "probe") == 0) {
        request->action = VD_ACTION_PROBE;
    } else if (g_strcmp0(action, "check") == 0) {
        request->action = VD_ACTION_CHECK;
        take_layout(&take, request);
    } else {
        vd_take_mistake(&take, "action", _("inspect, prepare, check, generalise, seed or probe"));
    }
    return take.failed ? NULL : g_steal_pointer(&request);
}
