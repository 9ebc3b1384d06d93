/* Templates of answer files: what they refuse, what their macros become, that no value becomes a
 * line of its own; and the archive that carries the answers, unpacked by cpio. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/deploy/deploy.h"
#include "src/deploy/initrd.h"
#include "src/deploy/install.h"
#include "src/deploy/medium.h"
#include "src/deploy/systems.h"
#include "src/deploy/template.h"

#define HEAD                                                                                       \
    "#% kind: preseed\n"                                                                           \
    "#% kernel: linux\n"                                                                           \
    "#% initrd: initrd.gz\n"

static VdTemplate *parse(const char *text)
{
    GError *error = NULL;
    VdTemplate *template = vd_template_parse("mine", text, &error);

    if (!template)
        fail_msg("%s", error->message);
    return template;
}

static void refused(const char *text, const char *words)
{
    g_autoptr(GError) error = NULL;

    assert_null(vd_template_parse("mine", text, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
    if (!strstr(error->message, words))
        fail_msg("“%s” does not say “%s”", error->message, words);
}

static void becomes(const char *text, const VdMacros *macros, const char *wanted)
{
    g_autoptr(VdTemplate) template = parse(text);
    GError *error = NULL;
    char *answer = vd_template_answer(template, macros, &error);

    if (!answer)
        fail_msg("%s", error->message);
    assert_string_equal(answer, wanted);
    vd_secret_free(answer);
}

static void test_head(void **state)
{
    (void)state;
    g_autoptr(VdTemplate) template = parse("#% title: Debian 12\n" HEAD "#% memory: 768M\n"
                                           "#% disk: 3G\n#% ends: 2\n#% append: a=($TREE)\nx\n");

    assert_string_equal(template->title, "Debian 12");
    assert_int_equal(template->kind, VD_ANSWER_PRESEED);
    assert_string_equal(template->file, "preseed.cfg");
    assert_string_equal(template->kernel, "linux");
    assert_int_equal(template->memory, 768 * 1024 * 1024);
    assert_int_equal(template->ends, 2);
    assert_string_equal(template->text, "x\n");
}

static void test_mistakes(void **state)
{
    (void)state;
    refused("x\n", "kernel");
    refused("#% kind: preseed\n#% kernel: linux\nx\n", "initrd");
    refused("#% kernel: linux\n#% initrd: i\nx\n", "kind");
    refused("#% kind: windows\n", "line 1");
    refused("#% colour: red\n", "colour");
    refused("#% kind\n", "key: value");
    refused("#% kernel: /boot/vmlinuz\n", "no path within a tree");
    refused("#% kernel: ../../etc/shadow\n", "no path within a tree");
    refused("#% kernel: a//b\n", "no path within a tree");
    refused("#% file: ../preseed.cfg\n", "no path within a tree");
    refused("#% ends: 0\n", "from 1 to 10");
    refused("#% memory: much\n", "line 1");
    refused("#% system: debian12\n", "no system");
    refused("#% system: debian12 http://debian.org/debian/12 \n", "no system");
    refused("#% tree: x86_64 http://d.example/\n", "after the system");
    refused("#% system: a b c\n#% tree: x86_64\n", "no architecture");
    refused("#% system: a b c\n#% tree: x86_64 ftp://d.example/\n", "line 2");
    refused(HEAD "one\ntwo ($IPADRESS)\n", "line 5");
    refused(HEAD "($IPADRESS)\n", "There is no macro ($IPADRESS)");
    refused(HEAD "x ($?ADDRESS)\n", "at the head of its line");
    refused(HEAD "#% append: x\n#% append: ($WHAT)\n", "($WHAT)");
    refused(HEAD "\xff\xfe\n", "UTF-8");
}

static void test_macros(void **state)
{
    g_autoptr(VdMacros) macros = vd_macros_new();

    (void)state;
    vd_macros_add(macros, "HOSTNAME", "db-07");
    vd_macros_add(macros, "USER", "");
    vd_macros_add(macros, "GATEWAY", NULL);
    vd_macros_add(macros, "DNS", "192.0.2.1");
    vd_macros_add(macros, "DNS", "192.0.2.2");
    becomes(HEAD "host ($HOSTNAME).\n", macros, "host db-07.\n");
    becomes(HEAD "a ($HOSTNAME)($HOSTNAME) b", macros, "a db-07db-07 b");
    becomes(HEAD "($?HOSTNAME)yes\n($!HOSTNAME)no\n($?USER)no\n($!USER)yes\n", macros,
            "yes\nyes\n");
    becomes(HEAD "($?HOSTNAME)($?USER)no\n($?HOSTNAME)($!USER)($HOSTNAME)\n", macros, "db-07\n");
    becomes(HEAD "dns ($DNS)\nend\n", macros, "dns 192.0.2.1\ndns 192.0.2.2\nend\n");
    becomes(HEAD "key ($SSH_KEY)\nend\n", macros, "end\n");
    becomes(HEAD "gap ($USER).\n", macros, "gap .\n");
    /* What shells have stays. */
    becomes(HEAD "$(id) ($) $HOME ($lower) ($ NAME)\n", macros,
            "$(id) ($) $HOME ($lower) ($ NAME)\n");
    /* Windows' line ends go, and a line that only looks like the head's stays. */
    becomes("#% kind: preseed\r\n#% kernel: k\r\n#% initrd: i\r\na\r\n#% kind: x\r\n", macros,
            "a\n#% kind: x\n");
    becomes("\xef\xbb\xbf" HEAD "a", macros, "a");
}

static void is_dangerous(const char *kind, const char *value)
{
    g_autofree char *text =
        g_strdup_printf("#%% kind: %s\n#%% kernel: k\n#%% initrd: i\nx: \"($USER)\"\n", kind);
    g_autoptr(VdTemplate) template = parse(text);
    g_autoptr(VdMacros) macros = vd_macros_new();
    g_autoptr(GError) error = NULL;

    vd_macros_add(macros, "USER", value);
    assert_null(vd_template_answer(template, macros, &error));
    assert_non_null(strstr(error->message, "line 4"));
    /* It says which, and does not repeat what may be a secret. */
    assert_non_null(strstr(error->message, "($USER)"));
    assert_null(strstr(error->message, value));
}

static void test_hostile_values(void **state)
{
    static const char *const bad[] = {"a\nb", "a'b",  "a\"b", "a`id`", "a;b",
                                      "a|b",  "a\\b", "a<b",  "a&b",   "\x1b[2J"};
    g_autoptr(VdMacros) macros = vd_macros_new();

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        is_dangerous("preseed", bad[i]);
        is_dangerous("kickstart", bad[i]);
    }
    is_dangerous("autoinstall", "a\nb");
    is_dangerous("autoinstall", "a\x7f");
    vd_macros_add(macros, "USER", "a\"\\b");
    becomes("#% kind: autoinstall\n#% kernel: k\n#% initrd: i\nx: \"($USER)\"\n", macros,
            "x: \"a\\\"\\\\b\"\n");
}

static void add_all(VdMacros *macros)
{
    static const char *const pairs[][2] = {
        {"ADDRESS", "192.0.2.7"},
        {"DISK", "/dev/vda"},
        {"DISK_NAME", "vda"},
        {"DNS", "192.0.2.1"},
        {"DNS_COMMAS", "192.0.2.1"},
        {"DNS_WORDS", "192.0.2.1"},
        {"FIRSTBOOT_BASE64", "Zm9v"},
        {"GATEWAY", "192.0.2.1"},
        {"HOSTNAME", "db-07"},
        {"MAC", "52:54:00:11:22:33"},
        {"NETMASK", "255.255.255.0"},
        {"PREFIX", "24"},
        {"REQUEST", "r-7K2M9Q"},
        {"ROOT_HASH", "$6$salt$hash"},
        {"SSH_KEY", "ssh-ed25519 AAAA a@b"},
        {"TIMEZONE", "Europe/Berlin"},
        {"TREE", "http://192.0.2.1/debian/dists/x"},
        {"TREE_DIR", "/debian"},
        {"TREE_HOST", "192.0.2.1"},
        {"USER", "anna"},
        {"USER_HASH", "$6$salt$other"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++)
        vd_macros_add(macros, pairs[i][0], pairs[i][1]);
}

static char *answer_of(const char *name, const char *const *pairs)
{
    GError *error = NULL;
    g_autoptr(VdTemplate) template = vd_template_find(name, &error);
    g_autoptr(VdMacros) macros = vd_macros_new();
    char *answer;

    if (!template)
        fail_msg("%s", error->message);
    for (; *pairs; pairs += 2)
        vd_macros_add(macros, pairs[0], pairs[1]);
    answer = vd_template_answer(template, macros, &error);
    if (!answer)
        fail_msg("%s", error->message);
    return answer;
}

/* The lines of an answer that begin so, joined. */
static char *lines_with(const char *answer, const char *head)
{
    g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);
    g_autoptr(GString) found = g_string_new(NULL);

    for (guint i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], head))
            g_string_append_printf(found, "%s\n", lines[i]);
    }
    return g_string_free(g_steal_pointer(&found), FALSE);
}

static void network_is(const char *template, const char *head, const char *const *pairs,
                       const char *wanted)
{
    char *answer = answer_of(template, pairs);
    g_autofree char *lines = lines_with(answer, head);

    vd_secret_free(answer);
    assert_string_equal(lines, wanted);
}

#define ANACONDA "network "
#define STATIC                                                                                     \
    ANACONDA "--bootproto=static --device=link --activate --hostname=h --ip=192.0.2.7 "            \
             "--netmask=255.255.255.0"
#define SIX ANACONDA "--noipv4 --device=link --activate --hostname=h --ipv6=2001:db8::7/64"

/* Of a second line for one device anaconda takes only what that one says, so there is one, with
 * all of it; an address of IPv6 has words of its own, and no net mask. */
static void test_networks(void **state)
{
    static const char *const dhcp[] = {"HOSTNAME", "h", NULL};
    static const char *const four[] = {"HOSTNAME",   "h",
                                       "ADDRESS",    "192.0.2.7",
                                       "PREFIX",     "24",
                                       "NETMASK",    "255.255.255.0",
                                       "GATEWAY",    "192.0.2.1",
                                       "DNS",        "192.0.2.2",
                                       "DNS_COMMAS", "192.0.2.2,192.0.2.3",
                                       NULL};
    static const char *const bare[] = {
        "HOSTNAME", "h", "ADDRESS", "192.0.2.7", "PREFIX", "24", "NETMASK", "255.255.255.0", NULL};
    static const char *const six[] = {
        "HOSTNAME",    "h",   "ADDRESS",      "2001:db8::7", "PREFIX",       "64", "GATEWAY",
        "2001:db8::1", "DNS", "2001:db8::53", "DNS_COMMAS",  "2001:db8::53", NULL};
    static const char *const six_bare[] = {"HOSTNAME", "h",  "ADDRESS", "2001:db8::7",
                                           "PREFIX",   "64", NULL};

    (void)state;
    network_is("fedora", ANACONDA, dhcp,
               ANACONDA "--bootproto=dhcp --device=link --activate --hostname=h\n");
    network_is("fedora", ANACONDA, four,
               STATIC " --gateway=192.0.2.1 --nameserver=192.0.2.2,192.0.2.3\n");
    network_is("fedora", ANACONDA, bare, STATIC "\n");
    network_is("fedora", ANACONDA, six,
               SIX " --ipv6gateway=2001:db8::1 --nameserver=2001:db8::53\n");
    network_is("fedora", ANACONDA, six_bare, SIX "\n");
    network_is("debian", "d-i netcfg/get_ipaddress", four,
               "d-i netcfg/get_ipaddress string 192.0.2.7\n");
    network_is("debian", "d-i netcfg/get_ipaddress", six,
               "d-i netcfg/get_ipaddress string 2001:db8::7/64\n");
    network_is("debian", "d-i netcfg/get_netmask", six, "");
}

/* Every template that is shipped can be read and filled in, with all values and with few. */
static void test_shipped(void **state)
{
    static const char *const words[] = {"HOSTNAME", "TIMEZONE", "DISK", "DISK_NAME", "MAC"};
    g_auto(GStrv) names = vd_template_names();
    g_autoptr(VdMacros) all = vd_macros_new();
    g_autoptr(VdMacros) few = vd_macros_new();

    (void)state;
    add_all(all);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        vd_macros_add(few, words[i], "x");
    assert_true(g_strv_length(names) >= 3);
    for (guint i = 0; names[i]; i++) {
        GError *error = NULL;
        g_autoptr(VdTemplate) template = vd_template_find(names[i], &error);
        g_autofree char *line = NULL;
        char *full, *thin;

        if (!template)
            fail_msg("%s", error->message);
        full = vd_template_answer(template, all, &error);
        thin = vd_template_answer(template, few, &error);
        line = vd_template_kernel_line(template, all, &error);
        if (!full || !thin || !line)
            fail_msg("%s", error->message);
        assert_null(strstr(full, "($"));
        assert_null(strstr(thin, "($"));
        assert_null(strstr(line, "($"));
        assert_non_null(strstr(full, "$6$salt$hash"));
        assert_null(strstr(thin, "192.0.2."));
        vd_secret_free(full);
        vd_secret_free(thin);
    }
}

static void test_not_there(void **state)
{
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_null(vd_template_find("../../etc/passwd", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    assert_non_null(strstr(error->message, "debian"));
}

static void test_trees(void **state)
{
    static const char *const bad[] = {"debian", "ftp://host/x", "./x", "http:/x y", "nfs:x"};
    g_autofree char *folder = vd_install_tree_url("/media/a b/", NULL);
    g_autofree char *url = vd_install_tree_url("https://host/x/dists/y/", NULL);
    g_autofree char *host = NULL, *dir = NULL, *other = NULL, *path = NULL, *none = NULL,
                    *nowhere = NULL;

    (void)state;
    assert_string_equal(folder, "file:///media/a%20b");
    assert_string_equal(url, "https://host/x/dists/y");
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        assert_null(vd_install_tree_url(bad[i], &error));
        assert_non_null(strstr(error->message, bad[i]));
    }
    vd_install_tree_parts("http://host:81/debian/dists/x/main", &host, &dir);
    assert_string_equal(host, "host:81");
    assert_string_equal(dir, "/debian");
    vd_install_tree_parts("http://host/fedora/39", &other, &path);
    assert_string_equal(other, "host");
    assert_string_equal(path, "/fedora/39");
    vd_install_tree_parts(folder, &none, &nowhere);
    assert_null(none);
    assert_null(nowhere);
}

static void reaches(const char *template, const char *url, const char *medium, const char *words)
{
    g_autoptr(VdTemplate) found = vd_template_find(template, NULL);
    g_autoptr(GError) error = NULL;
    gboolean ok = vd_install_check_reach(found, url, medium, &error);

    if (ok != (words == NULL) || (words && !strstr(error->message, words)))
        fail_msg("%s from %s: %s", template, url, error ? error->message : "taken");
}

/* An installer that would find nothing to install is not started. */
static void test_what_the_machine_sees(void **state)
{
    (void)state;
    reaches("debian", "file:///media/mini", NULL, NULL); /* it asks its mirror */
    reaches("fedora", "http://f.example/os", NULL, NULL);
    reaches("fedora", "file:///media/dvd", "", "--medium");
    reaches("fedora", "file:///media/dvd", "/srv/dvd.iso", NULL);
    reaches("ubuntu", "file:///media/dvd", NULL, "template ubuntu");
    reaches("ubuntu", "http://u.example/dvd", NULL, "--medium");
    reaches("ubuntu", "file:///media/dvd", "/srv/dvd.iso", NULL);
}

/* What the setup leaves in a system, run by sh in a folder that plays the system. */
static void test_setup(void **state)
{
    char line[] = "ssh-ed25519 AAAA it's $HOME";
    char *keys[] = {line, NULL};
    VdPlan plan = {.keys = keys};
    g_autofree char *root = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    g_autofree char *stored = g_build_filename(root, "script", NULL);
    g_autofree char *huge = g_strnfill(200000, 'x');
    char *setup = vd_install_setup(&plan, "r-7K2M9Q", "echo 'it'\"s\" $HOME\n", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree guchar *text = NULL;
    gsize length = 0;

    (void)state;
    assert_non_null(setup);
    text = g_base64_decode(setup, &length);
    vd_secret_free(setup);
    /* Names of the real system become names below the folder. */
    g_autofree char *plain = g_strndup((char *)text, length);
    g_auto(GStrv) parts = g_strsplit(plain, "/var/lib/vmdeck/firstboot", -1);
    g_autofree char *moved = g_strjoinv(root, parts);
    g_auto(GStrv) more = g_strsplit(moved, "/usr/local/sbin", -1);
    g_autofree char *again = g_strjoinv(root, more);
    g_auto(GStrv) units = g_strsplit(again, "/etc/systemd/system", -1);
    g_autofree char *here = g_strjoinv(root, units);
    g_auto(GStrv) homes = g_strsplit(here, "$(getent passwd root | cut -d: -f6)", -1);
    g_autofree char *script = g_strjoinv(root, homes);
    const char *argv[] = {"sh", "-ec", script, NULL};
    g_autofree char *got = NULL, *key = NULL;
    g_autofree char *key_path = g_build_filename(root, ".ssh", "authorized_keys", NULL);
    int status = -1;
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                             &status, NULL));
    assert_int_equal(status, 0);
    assert_true(g_file_get_contents(stored, &got, NULL, NULL));
    assert_string_equal(got, "#!/bin/sh\necho 'it'\"s\" $HOME\n");
    assert_true(g_file_get_contents(key_path, &key, NULL, NULL));
    assert_string_equal(key, "ssh-ed25519 AAAA it's $HOME\n");
    assert_null(vd_install_setup(&plan, "r-7K2M9Q", huge, &error));
    assert_non_null(strstr(error->message, "too long"));
    assert_true(vd_remove_tree(root, NULL));
}

/* What cpio makes of the archive is what went into it. */
static void test_archive(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    g_autofree char *packed = g_build_filename(folder, "a.gz", NULL);
    g_autofree char *command =
        g_strdup_printf("cd '%s' && gzip -dc a.gz | cpio -i --quiet", folder);
    g_autofree char *large = g_strnfill(300001, 'x');
    g_autofree char *one = g_build_filename(folder, "preseed.cfg", NULL);
    g_autofree char *two = g_build_filename(folder, "deep/er/file", NULL);
    const VdInitrdFile files[] = {{"preseed.cfg", "d-i\n", 4, 0600},
                                  {"deep/er/file", large, 300001, 0644}};
    GByteArray *archive = vd_initrd_archive(files, 2, NULL);
    g_autofree char *text = NULL;
    g_autofree char *back = NULL;
    gsize length = 0;
    int status = -1;
    struct stat st;

    (void)state;
    assert_non_null(archive);
    assert_true(archive->len < 4096);
    assert_true(g_file_set_contents(packed, (char *)archive->data, archive->len, NULL));
    g_byte_array_unref(archive);
    const char *argv[] = {"sh", "-c", command, NULL};
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                             &status, NULL));
    assert_int_equal(status, 0);
    assert_true(g_file_get_contents(one, &text, NULL, NULL));
    assert_string_equal(text, "d-i\n");
    assert_int_equal(stat(one, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(g_file_get_contents(two, &back, &length, NULL));
    assert_int_equal(length, 300001);
    assert_string_equal(back, large);
    assert_true(vd_remove_tree(folder, NULL));
}

/* ---- the medium ---- */

/* A file of 18 sectors with words at the descriptors of the 16th and the 17th. */
static char *medium_with(const char *folder, const char *name, const char *one, const char *two)
{
    char *path = g_build_filename(folder, name, NULL);
    g_autofree char *data = g_malloc0(18 * 2048L);

    memcpy(data + 16 * 2048L + 1, one, strlen(one));
    memcpy(data + 17 * 2048L + 1, two, strlen(two));
    assert_true(g_file_set_contents(path, data, 18 * 2048L, NULL));
    return path;
}

static void is_medium(const char *path, const char *wanted)
{
    g_autofree char *real = NULL;
    g_autoptr(GError) error = NULL;

    if (!vd_medium_look(path, &real, &error))
        fail_msg("%s", error->message);
    assert_string_equal(real, wanted);
    assert_true(vd_install_check_field("medium", path, NULL));
}

static void is_no_medium(const char *path, VdErrorCode code, const char *words)
{
    char *real = NULL;
    g_autoptr(GError) error = NULL;

    assert_false(vd_medium_look(path, &real, &error));
    assert_null(real);
    assert_int_equal(vd_error_code(error), code);
    if (!strstr(error->message, path) || !strstr(error->message, words))
        fail_msg("“%s” does not say “%s”, “%s”", error->message, path, words);
    assert_false(vd_install_check_field("medium", path, NULL));
}

/* libvirt makes QEMU's user the owner of what is attached: /etc/shadow, say. */
static void test_only_a_medium_is_one(void **state)
{
    g_autofree char *given = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    g_autofree char *folder = realpath(given, NULL);
    g_autofree char *iso = medium_with(folder, "a.iso", "CD001", "");
    g_autofree char *udf = medium_with(folder, "b.iso", "BEA01", "NSR03");
    g_autofree char *both = medium_with(folder, "c.iso", "CD001", "BEA01");
    g_autofree char *half = medium_with(folder, "d.iso", "BEA01", "TEA01");
    g_autofree char *late = medium_with(folder, "e.iso", "", "CD001");
    g_autofree char *link = g_build_filename(folder, "link.iso", NULL);
    g_autofree char *trap = g_build_filename(folder, "trap.iso", NULL);
    g_autofree char *fifo = g_build_filename(folder, "fifo.iso", NULL);
    g_autofree char *gone = g_build_filename(folder, "gone.iso", NULL);

    (void)state;
    assert_int_equal(symlink(iso, link), 0);
    assert_int_equal(symlink("/etc/passwd", trap), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    is_medium(iso, iso);
    is_medium(udf, udf);
    is_medium(both, both);
    is_medium(link, iso);
    is_no_medium(half, VD_ERR_INVALID, "ISO 9660 or UDF");
    is_no_medium(late, VD_ERR_INVALID, "ISO 9660 or UDF");
    is_no_medium("/etc/passwd", VD_ERR_INVALID, "no installation medium");
    is_no_medium(trap, VD_ERR_INVALID, "no installation medium");
    is_no_medium(fifo, VD_ERR_INVALID, "not a regular file");
    is_no_medium(folder, VD_ERR_INVALID, "not a regular file");
    is_no_medium("/dev/zero", VD_ERR_INVALID, "not a regular file");
    is_no_medium(gone, VD_ERR_NOT_FOUND, "There is no file");
    assert_true(vd_remove_tree(folder, NULL));
}

int main(void)
{
    g_autofree char *shipped =
        g_build_filename(g_getenv("VMDECK_SOURCE"), "src", "deploy", "templates", NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_a_medium_is_one),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_macros),
        cmocka_unit_test(test_hostile_values),
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_not_there),
        cmocka_unit_test(test_archive),
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_what_the_machine_sees),
        cmocka_unit_test(test_setup),
    };

    g_setenv("VMDECK_TEMPLATE_DIR", shipped, TRUE);
    return cmocka_run_group_tests_name("install", tests, NULL, NULL);
}
