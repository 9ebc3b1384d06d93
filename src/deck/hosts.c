/* The hosts of the deck: from the configuration or -c, in their order, and what is done with their
 * connections. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deck/private.h"

/* A name for a host that was given by its URI alone: the server's, the test driver's file's, or
 * what it is. */
static char *name_for_uri(VdDeck *deck, const char *uri)
{
    g_autofree char *name = NULL;
    const char *rest = uri ? strstr(uri, "://") : NULL;
    if (!rest)
        name = g_strdup("local");
    else if (rest[3] != '/' && rest[3] != '\0') {
        const char *server = rest + 3;
        gsize length = strcspn(server, "/?");
        const char *at = memchr(server, '@', length);
        if (at) {
            length -= (gsize)(at + 1 - server);
            server = at + 1;
        }
        name = g_strndup(server, *server == '[' ? length : MIN(length, strcspn(server, ":")));
    } else if (g_str_has_prefix(uri, "test")) {
        name = g_path_get_basename(rest + 3);
        if (g_str_has_suffix(name, ".xml"))
            name[strlen(name) - 4] = '\0';
    } else if (strstr(rest, "/session"))
        name = g_strdup("session");
    else
        name = g_strdup("local");
    g_autofree char *clean = vd_text_clean(*name ? name : "host", 48, FALSE);
    char *unique = g_strdup(clean);
    for (guint n = 2; g_hash_table_contains(deck->uris, unique); n++) {
        g_free(unique);
        unique = g_strdup_printf("%s-%u", clean, n);
    }
    return unique;
}

/* at: its place among the names, -1: behind them. */
static void add_host(VdDeck *deck, const char *name, const char *uri, int at)
{
    if (g_hash_table_contains(deck->uris, name))
        return;
    g_hash_table_insert(deck->uris, g_strdup(name), g_strdup(uri ? uri : ""));
    g_ptr_array_insert(deck->names, at, g_strdup(name));
    if (deck->connect)
        vd_virt_add_host(deck->virt, name, uri);
}

void vd_deck_add_hosts(VdDeck *deck, const char *const *uris)
{
    if (uris && *uris) {
        for (; *uris; uris++) {
            /* -c takes the name of a configured host as well. */
            const VdConfHost *known = vd_conf_host(deck->conf, *uris);
            g_autofree char *name = known ? g_strdup(known->name) : name_for_uri(deck, *uris);
            add_host(deck, name, known ? known->uri : *uris, -1);
        }
        return;
    }
    for (guint i = 0; i < deck->conf->hosts->len; i++) {
        const VdConfHost *host = g_ptr_array_index(deck->conf->hosts, i);
        add_host(deck, host->name, host->uri, -1);
    }
    deck->implicit = deck->conf->hosts->len == 0;
    if (deck->implicit)
        add_host(deck, VD_IMPLICIT_HOST, NULL, -1);
}

const char *vd_deck_uri(VdDeck *deck, const char *host, gboolean *found)
{
    const char *uri = host ? g_hash_table_lookup(deck->uris, host) : NULL;
    *found = uri != NULL;
    return uri && *uri ? uri : NULL;
}

char **vd_deck_hosts(VdDeck *deck)
{
    char **names = g_new0(char *, deck->names->len + 1);
    for (guint i = 0; i < deck->names->len; i++)
        names[i] = g_strdup(g_ptr_array_index(deck->names, i));
    return names;
}

gint vd_deck_place(VdDeck *deck, const VdFleet *fleet, const char *host)
{
    gint place = 0;
    for (guint i = 0; i < deck->names->len; i++) {
        const char *name = g_ptr_array_index(deck->names, i);
        if (strcmp(name, host) == 0)
            break;
        place += vd_fleet_host(fleet, name) != NULL;
    }
    return place;
}

/* ---- the configuration was changed ---- */

/* Its place among the names, -1: it was not there. */
static int drop_host(VdDeck *deck, const char *name)
{
    guint at = 0;
    if (!name || !g_ptr_array_find_with_equal_func(deck->names, name, g_str_equal, &at))
        return -1;
    vd_virt_remove_host(deck->virt, name);
    VdFleet *next = vd_deck_next_fleet(deck);
    VdHost *host = vd_fleet_host(next, name);
    if (host)
        g_ptr_array_remove(next->hosts, host);
    g_hash_table_remove(deck->uris, name);
    vd_deck_forget_face(deck, next, name);
    vd_deck_take_fleet(deck, next);
    g_ptr_array_remove_index(deck->names, at);
    return (int)at;
}

void vd_deck_hosts_renewed(VdDeck *deck, const char *was, const char *now, VdConf *conf)
{
    /* Borrowed by many, on workers as well: the former one stays as long as the deck. */
    g_ptr_array_add(deck->former_confs, deck->conf);
    deck->conf = conf;
    deck->implicit = deck->implicit && conf->hosts->len == 0;
    int place = drop_host(deck, was);
    if (now && g_strcmp0(was, now) != 0)
        (void)drop_host(deck, now);
    const VdConfHost *host = vd_conf_host(conf, now ? now : was);
    if (host)
        add_host(deck, host->name, host->uri, MIN(place, (int)deck->names->len));
}

/* ---- connections ---- */

void vd_deck_host_retry(VdDeck *deck, const char *host, const VdArgs *args, VdVirtDone done,
                        gpointer data)
{
    (void)args;
    vd_virt_reconnect(deck->virt, host);
    done(NULL, NULL, data);
}

void vd_deck_host_disconnect(VdDeck *deck, const char *host, const VdArgs *args, VdVirtDone done,
                             gpointer data)
{
    (void)args;
    vd_virt_disconnect(deck->virt, host);
    done(NULL, NULL, data);
}

/* The name of a host will do as well. */
void vd_deck_host_test(VdDeck *deck, const char *host, const VdArgs *args, VdVirtDone done,
                       gpointer data)
{
    (void)host;
    gboolean found = FALSE;
    const char *uri = vd_args_get(args, "uri");
    const char *known = vd_deck_uri(deck, uri, &found);
    vd_virt_test(deck->virt, found ? known : uri, done, data);
}
