/* Hosts written into the configuration, on a worker. What is there is read anew each time: another
 * console, or an editor, may have changed it. */
#include "config.h"

#include <string.h>

#include "src/base/conf-edit.h"
#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deck/private.h"
#include "src/virt/uri.h"

/* As it would be shown: HOST/NAME names a machine, so a slash is none of it. */
static gboolean check_name(const char *name, GError **error)
{
    g_autofree char *clean = vd_text_clean(name, 64, FALSE);
    if (*name && strcmp(clean, name) == 0 && !strchr(name, '/') && *name != '-' &&
        !g_ascii_isspace(*name) && !g_ascii_isspace(name[strlen(name) - 1]))
        return TRUE;
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("“%s” is no name for a host: expected up to 64 letters without “/”, and no "
                     "blank or dash in front"),
                   clean);
}

static gboolean check_free(const VdConf *conf, const char *name, GError **error)
{
    return !vd_conf_host(conf, name) ||
           vd_fail(error, VD_ERR_EXISTS, NULL, _("there is a host %s already"), name);
}

gboolean vd_host_check(const VdConf *conf, const char *host, const char *verb, const char *field,
                       const char *value, GError **error)
{
    if (strcmp(field, "name") == 0)
        return check_name(value, error) &&
               (g_strcmp0(value, host) == 0 || check_free(conf, value, error));
    /* What is tested may be a host's name. */
    return strcmp(verb, "host.test") == 0 ? vd_uri_check(value, error)
                                          : vd_uri_check_new(value, error);
}

static const VdConfHost *find(VdLocalCall *call, const VdConf *conf, GError **error)
{
    const VdConfHost *host = vd_conf_host(conf, call->host);
    if (!host)
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                     _("%s stands in no configuration file; vmdeck host add writes it into one"),
                     call->host);
    return host;
}

static gboolean change(VdLocalCall *call, const char *file, const VdConfChange *changes, guint n,
                       GError **error)
{
    if (!vd_conf_edit_file(file, changes, n, error))
        return FALSE;
    call->renewed = vd_conf_load(call->config_file);
    return TRUE;
}

/* libvirt's default stood in for hosts that were not there; it would go with the first one. So it
 * is written down as well. */
gboolean vd_local_host_add(VdLocalCall *call, GError **error)
{
    static const VdConfHost here = {.name = (char *)VD_IMPLICIT_HOST};
    const char *name = vd_args_get(call->args, "name"), *uri = vd_args_get(call->args, "uri");
    g_autoptr(VdConf) conf = vd_conf_load(call->config_file);
    g_autofree char *own = call->config_file ? g_strdup(call->config_file) : vd_conf_own_file();
    VdConfHost host = {.name = (char *)name, .uri = (char *)uri};
    const VdConfChange changes[] = {{NULL, &here}, {NULL, &host}};
    if (!check_name(name, error) || !vd_uri_check_new(uri, error))
        return FALSE;
    if (!check_free(conf, name, error))
        return FALSE;
    call->word = vd_uri_ignored(uri);
    guint skip = call->implicit && conf->hosts->len == 0 && strcmp(name, VD_IMPLICIT_HOST) ? 0 : 1;
    call->renamed = name;
    return change(call, own, changes + skip, 2 - skip, error);
}

gboolean vd_local_host_edit(VdLocalCall *call, GError **error)
{
    const char *name = vd_args_get(call->args, "name"), *uri = vd_args_get(call->args, "uri");
    g_autoptr(VdConf) conf = vd_conf_load(call->config_file);
    const VdConfHost *former = find(call, conf, error);
    if (!former || (name && !check_name(name, error)) || (uri && !vd_uri_check_new(uri, error)))
        return FALSE;
    VdConfHost host = {.name = name ? (char *)name : former->name,
                       .uri = uri ? (char *)uri : former->uri};
    if (strcmp(host.name, former->name) != 0 && !check_free(conf, host.name, error))
        return FALSE;
    if (!host.uri && strcmp(host.name, VD_IMPLICIT_HOST) != 0) /* it would not be read again */
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s has no URI in the configuration: give it one with its new name"),
                       former->name);
    VdConfChange what = {former->name, &host};
    call->renamed = name ? name : call->host;
    call->word = uri ? vd_uri_ignored(uri) : NULL;
    return change(call, former->file, &what, 1, error);
}

gboolean vd_local_host_remove(VdLocalCall *call, GError **error)
{
    g_autoptr(VdConf) conf = vd_conf_load(call->config_file);
    const VdConfHost *former = find(call, conf, error);
    VdConfChange what = {call->host, NULL};
    return former && change(call, former->file, &what, 1, error);
}

/* What is said of a script of the library. */
static VdArgs *script_values(VdDeck *deck, const char *name)
{
    VdArgs *args = vd_args_new();
    GPtrArray *scripts = vd_deck_scripts(deck);
    for (guint i = 0; scripts && i < scripts->len; i++) {
        const VdScript *script = g_ptr_array_index(scripts, i);
        if (g_strcmp0(script->name, name) != 0)
            continue;
        g_auto(GStrv) systems = g_strsplit(script->systems ? script->systems : "", " ", -1);
        for (guint n = 0; systems[n] && *systems[n]; n++)
            vd_args_add(args, "for", systems[n]);
        vd_args_set(args, "notes", script->notes);
    }
    return args;
}

VdArgs *vd_deck_values(VdDeck *deck, const VdVerb *verb, const VdTarget *target)
{
    if (verb->target == VD_TARGET_SCRIPT)
        return script_values(deck, target ? target->id : NULL);
    VdArgs *args = vd_args_new();
    gboolean found = FALSE;
    const char *host = target ? target->host : NULL;
    const char *uri = vd_deck_uri(deck, host, &found);
    if (strcmp(verb->id, "host.edit") == 0 && host)
        vd_args_set(args, "name", host);
    if (strcmp(verb->id, "host.edit") == 0 || strcmp(verb->id, "host.test") == 0)
        vd_args_set(args, "uri", uri);
    return args;
}
