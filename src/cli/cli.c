/* The command line's door: options, help, and whether the console is wanted. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/cli/private.h"

/* What is answered without a deck; NULL: nothing, or with an error. The caller frees. */
static char *builtin_text(const VdCommand *command, GError **error)
{
    const char *word = command->words->len == 1 ? g_ptr_array_index(command->words, 0) : "";
    if (command->version)
        return g_strdup_printf("vmdeck %s\n", PACKAGE_VERSION);
    if (command->help && command->group)
        return vd_help_group(command->group);
    if (command->help)
        return command->verb ? vd_help_verb(command->verb) : vd_help_usage();
    if (g_strcmp0(command->builtin, "completion") == 0) {
        if (strcmp(word, "bash") == 0)
            return vd_help_completion();
        vd_error_set(error, VD_ERR_USAGE, NULL,
                     _("There is a completion for bash alone: vmdeck completion bash"));
    } else if (command->builtin) {
        if (command->words->len == 0)
            return vd_help_manual();
        vd_error_set(error, VD_ERR_USAGE, NULL, _("%s is too much here; see vmdeck --help"),
                     (const char *)g_ptr_array_index(command->words, 0));
    }
    return NULL;
}

/* What was named must be there: to fall back on the usual places would act on another host than was
 * meant. */
static gboolean check_places(const VdCommand *command, GError **error)
{
    if (command->config && !g_file_test(command->config, G_FILE_TEST_EXISTS))
        return vd_fail(error, VD_ERR_USAGE, NULL, _("There is no file %s"), command->config);
    if (command->config && !g_file_test(command->config, G_FILE_TEST_IS_REGULAR))
        return vd_fail(error, VD_ERR_USAGE, NULL,
                       _("--config: expected a file in the form of vmdeck.conf, and %s is none"),
                       command->config);
    for (guint i = 0; i + 1 < command->uris->len; i++)
        if (*(const char *)g_ptr_array_index(command->uris, i) == '\0')
            return vd_fail(error, VD_ERR_USAGE, NULL, _("-c: expected a libvirt URI"));
    return TRUE;
}

int vd_cli_main(int argc, char **argv, gboolean *ret_console, VdCliConsole *options)
{
    *ret_console = FALSE;
    if (argc == 3 && strcmp(argv[1], "help") == 0 && strcmp(argv[2], "bench-ui") == 0)
        return vd_bench_ui(1, (char *[]){(char *)"--help", NULL});
    if (argc >= 2 && strcmp(argv[1], "bench-ui") == 0)
        return vd_bench_ui(argc - 2, argv + 2);
    VdCommand command = {.uris = g_ptr_array_new(),
                         .words = g_ptr_array_new(),
                         .hosts = g_ptr_array_new(),
                         .args = vd_args_new(),
                         .console = {.deck.check = options->deck.check, .idle_fd = -1}};
    g_autoptr(GError) error = NULL;
    int status = 0;
    g_autofree char *text =
        vd_command_parse(&command, argc, argv, &error) ? builtin_text(&command, &error) : NULL;
    if (error) {
        vd_err("vmdeck: %s\n", error->message);
        status = vd_error_code(error) == VD_ERR_USAGE ? 2 : vd_error_exit_status(error);
    } else if (text) {
        vd_out("%s", text);
    } else {
        g_ptr_array_add(command.uris, NULL);
        command.console.deck.uris = (const char *const *)command.uris->pdata;
        command.console.deck.config_file = command.config;
        if (!check_places(&command, &error)) {
            vd_err("vmdeck: %s\n", error->message);
            status = 2;
        } else if (command.verb) {
            status = vd_command_run(&command);
        } else {
            *ret_console = TRUE;
            *options = command.console;
            /* The list of URIs lives as long as the console: the caller frees it. */
            options->deck.uris = (const char *const *)g_ptr_array_steal(command.uris, NULL);
        }
    }
    vd_command_clear(&command);
    return status;
}
