#include "config.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/call.h"
#include "src/virt/connect.h"
#include "src/virt/reach.h"
#include "src/virt/uri.h"
#include "src/virt/vevent.h"

#define REACH_MS 5000
#define STAY_MS  100

typedef struct {
    VdAsker *asker; /* or NULL */
    gboolean asked, refused;
    char *former; /* the words of the last question, or NULL */
} Talk;

/* ---- questions ---- */

/* "Accept SSH host key with hash '…' for host '…' (y/n)?": the word that means yes, or NULL. The
 * rest of it may be in any language. The caller frees. */
static char *yes_word(const virConnectCredential *cred, unsigned int n)
{
    const char *open = n == 1 && cred->prompt ? strrchr(cred->prompt, '(') : NULL;
    const char *slash = open ? strchr(open, '/') : NULL;
    gboolean prompt = cred->type == VIR_CRED_ECHOPROMPT || cred->type == VIR_CRED_NOECHOPROMPT;
    if (!prompt || !slash || slash - open < 2 || slash - open > 8 || !strchr(slash, ')'))
        return NULL;
    return g_strndup(open + 1, (gsize)(slash - open - 1));
}

/* A SHA-256 as libssh has it, "aa:bb:…", becomes what ssh-keygen -l shows: "SHA256:…" in Base64
 * without its padding. NULL: it is none. The caller frees. */
static char *as_ssh_has_it(const char *hex, gsize length)
{
    enum { BYTES = 32 };
    guchar bytes[BYTES];
    if (length != BYTES * 3 - 1)
        return NULL;
    for (guint i = 0; i < BYTES; i++) {
        int high = g_ascii_xdigit_value(hex[i * 3]), low = g_ascii_xdigit_value(hex[i * 3 + 1]);
        if (high < 0 || low < 0 || (i + 1 < BYTES && hex[i * 3 + 2] != ':'))
            return NULL;
        bytes[i] = (guchar)(high << 4 | low);
    }
    g_autofree char *base64 = g_base64_encode(bytes, BYTES);
    base64[strcspn(base64, "=")] = '\0';
    return g_strconcat("SHA256:", base64, NULL);
}

/* The caller frees. */
static char *with_readable_key(const char *prompt)
{
    const char *begin = strchr(prompt, '\''), *end = begin ? strchr(begin + 1, '\'') : NULL;
    g_autofree char *key = end ? as_ssh_has_it(begin + 1, (gsize)(end - begin - 1)) : NULL;
    if (!key)
        return g_strdup(prompt);
    g_autofree char *head = g_strndup(prompt, (gsize)(begin + 1 - prompt));
    return g_strconcat(head, key, end, NULL);
}

static VdQuestion *key_question(const char *host, const char *prompt)
{
    const char *open = strrchr(prompt, '(');
    g_autofree char *raw = g_strndup(prompt, (gsize)(open - prompt));
    g_autofree char *readable = with_readable_key(g_strstrip(raw));
    g_autofree char *clean = vd_text_clean(readable, 400, FALSE);
    g_autofree char *text = g_strdup_printf(
        _("%s shows a key that is not known here yet. If it is not the key of that host, somebody "
          "may be in between.\n%s"),
        host, clean);
    return vd_question_new(host, text);
}

/* SASL's own words, which it has in English alone. */
static const char *known_prompt(const char *prompt)
{
    static const struct {
        const char *sasl, *words;
    } known[] = {
        {"Please enter your authentication name", N_("User")},
        {"Please enter your password", N_("Password")},
    };
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (strcmp(prompt, known[i].sasl) == 0)
            return _(known[i].words);
    return prompt;
}

/* again: the same was answered before. */
static VdQuestion *word_question(const char *host, const virConnectCredential *creds,
                                 unsigned int n, gboolean again)
{
    g_autofree char *text =
        g_strdup_printf(again ? _("%s did not accept that, and wants to know once more:")
                              : _("%s wants to know before it lets you in:"),
                        host);
    VdQuestion *question = vd_question_new(host, text);
    for (unsigned int i = 0; i < n; i++) {
        gboolean secret =
            creds[i].type == VIR_CRED_PASSPHRASE || creds[i].type == VIR_CRED_NOECHOPROMPT;
        const char *prompt = creds[i].prompt ? creds[i].prompt : creds[i].challenge;
        vd_question_add(question, prompt ? known_prompt(prompt) : _("Answer"), creds[i].defresult,
                        secret);
    }
    return question;
}

/* libvirt frees what it is given. */
static void answer(virConnectCredential *cred, const char *text)
{
    cred->result = strdup(text);
    cred->resultlen = (unsigned int)strlen(text);
}

static int on_auth(virConnectCredentialPtr creds, unsigned int n, void *data)
{
    Talk *talk = data;
    if (n == 0)
        return 0;
    talk->refused = TRUE;
    if (!talk->asker)
        return -1;
    const char *host = vd_asker_host(talk->asker);
    g_autofree char *yes = yes_word(creds, n);
    const char *prompt = creds[n - 1].prompt ? creds[n - 1].prompt : "";
    gboolean again = talk->asked && g_strcmp0(talk->former, prompt) == 0;
    g_autoptr(VdQuestion) question =
        yes ? key_question(host, creds->prompt) : word_question(host, creds, n, again);
    g_free(talk->former);
    talk->former = g_strdup(prompt);
    if (!vd_asker_ask(talk->asker, question))
        return -1;
    talk->refused = FALSE;
    talk->asked = talk->asked || !yes;
    if (yes)
        answer(creds, yes);
    for (unsigned int i = 0; !yes && i < n; i++)
        answer(&creds[i], vd_question_answer(question, i));
    return 0;
}

/* ---- why not ---- */

/* What ssh says goes to the end of libvirt's message; it is never translated. */
static const struct {
    const char *ssh, *words;
    gboolean denied;
} ssh_words[] = {
    {"IDENTIFICATION HAS CHANGED",
     N_("its host key is another one than before. If the host was not set up anew, somebody may be "
        "in between; ssh-keygen -R removes the former key"),
     TRUE},
    {"Host key verification failed",
     N_("its host key is not known here; connect to it once with ssh and compare the key"), TRUE},
    {"Permission denied (",
     N_("it accepts none of your keys; ssh-copy-id puts one there, or an address with +libssh:// "
        "asks for the password"),
     TRUE},
    {"Could not resolve hostname", N_("nobody knows this name"), FALSE},
    {"Connection refused", N_("ssh is refused; is sshd up there?"), FALSE},
    {"Connection timed out", N_("no answer by ssh within 10 s"), FALSE},
    {"timed out during banner exchange", N_("no answer by ssh within 10 s"), FALSE},
};

/* What the ssh libraries refuse has their own code: a host key, a private key's passphrase. That
 * they could not speak to the server at all has it too. */
static gboolean key_refused(const virError *last)
{
    return last && (last->code == VIR_ERR_LIBSSH || last->code == VIR_ERR_SSH) && last->message &&
           !strstr(last->message, "ocket") && !strstr(last->message, "imeout");
}

static const char *ssh_why(const char *uri, const virError *last, gboolean *ret_denied)
{
    if (!last || !last->message || !strstr(uri, "+ssh:"))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(ssh_words); i++) {
        if (!strstr(last->message, ssh_words[i].ssh))
            continue;
        *ret_denied = ssh_words[i].denied;
        return _(ssh_words[i].words);
    }
    return NULL;
}

/* In people's words where libvirt's name a socket and an errno; NULL: libvirt's will do. */
static const char *socket_why(const virError *last)
{
    if (!last || last->code != VIR_ERR_SYSTEM_ERROR || last->domain != VIR_FROM_RPC)
        return NULL;
    switch (last->int1) {
    case ENOENT: /* a certificate may not be there as well */
        return last->message && strstr(last->message, "sock")
                   ? _("no libvirt daemon listens there; is it installed and started?")
                   : NULL;
    case ECONNREFUSED:
        return _("the connection is refused; is the daemon up?");
    case EACCES:
    case EPERM:
        return _("this user may not; is the user in the group libvirt?");
    default:
        return NULL;
    }
}

/* A connection that cannot be had is unreachable, or denied; a wrong address stays wrong. */
static void open_failed(const char *uri, const Talk *talk, VdOpened *ret, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *clean = vd_text_clean(uri, 256, FALSE);
    const virError *last = virGetLastError();
    int code = virGetLastErrorCode();
    gboolean denied = FALSE;
    const char *words = ssh_why(uri, last, &denied);
    if (!words)
        words = socket_why(last);
    if (!words && (code == VIR_ERR_NO_CONNECT || code == VIR_ERR_INVALID_ARG) &&
        !strstr(uri, "://"))
        words = _("neither a host of the configuration nor libvirt's client has this name, and an "
                  "address is one such as qemu+ssh://root@kvm1/system");
    if (talk->refused) {
        denied = TRUE;
        words = talk->asker ? _("it was not told what it asked for")
                            : _("it asks for a password or the like, and nobody can be asked here");
    }
    if (!words && code == VIR_ERR_AUTH_FAILED && talk->asked)
        words = _("what was answered is not accepted");
    vd_virt_fail(&why, _("Cannot connect to %s"), clean);
    denied = denied || vd_error_code(why) == VD_ERR_DENIED || key_refused(last);
    ret->hopeless = denied || code == VIR_ERR_INVALID_ARG || code == VIR_ERR_NO_CONNECT ||
                    code == VIR_ERR_CONFIG_UNSUPPORTED;
    VdErrorCode as = denied ? VD_ERR_DENIED : VD_ERR_UNREACHABLE;
    if (words)
        vd_error_set(error, as, vd_error_detail(why), _("Cannot connect to %s: %s"), clean, words);
    else {
        vd_error_set(error, as, vd_error_detail(why), "%s", why->message);
        vd_error_quote(error, why);
    }
}

static gboolean is_foreign(const char *uri)
{
    VdUri parts;
    if (!vd_uri_parse(uri, &parts))
        return TRUE;
    gboolean foreign = parts.foreign;
    vd_uri_clear(&parts);
    return foreign;
}

virConnectPtr vd_lv_connect(const char *uri, VdAsker *asker, VdOpened *ret, GError **error)
{
    /* The last is what drivers with a protocol of their own ask for. SASL, which a daemon of
     * libvirt has, would take it for the name of somebody on whose behalf one acts. */
    static int kinds[] = {VIR_CRED_AUTHNAME,     VIR_CRED_ECHOPROMPT, VIR_CRED_PASSPHRASE,
                          VIR_CRED_NOECHOPROMPT, VIR_CRED_REALM,      VIR_CRED_USERNAME};
    Talk talk = {.asker = asker};
    virConnectAuth auth = {kinds, G_N_ELEMENTS(kinds) - (is_foreign(uri) ? 0 : 1), on_auth, &talk};
    g_autoptr(GError) unreached = NULL;
    if (!vd_reach(uri, REACH_MS, STAY_MS, ret->doubtful ? STAY_MS : 0, &unreached)) {
        g_autofree char *clean = vd_text_clean(uri, 256, FALSE);
        ret->hopeless = vd_error_code(unreached) == VD_ERR_DENIED;
        vd_error_set(error, vd_error_code(unreached), vd_error_detail(unreached),
                     _("Cannot connect to %s: %s"), clean, unreached->message);
        return NULL;
    }
    vd_vevent_start();
    g_autofree char *opened = vd_uri_to_open(uri);
    virConnectPtr conn = virConnectOpenAuth(opened, &auth, 0);
    ret->asked = talk.asked;
    g_free(talk.former);
    if (!conn)
        open_failed(uri, &talk, ret, error);
    return conn;
}
