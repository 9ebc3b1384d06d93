/* The log: each line is one JSON object written by one write(2) with O_APPEND, so that lines of
 * several processes do not mix. State of the process: the descriptor, set once before threads
 * begin. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/text.h"

static int log_fd = -1;
static gboolean log_debug;

gboolean vd_log_open(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return vd_fail(error, errno == ENOSPC ? VD_ERR_NO_SPACE : VD_ERR_DENIED, NULL,
                       _("The log %s cannot be written: %s"), path, g_strerror(errno));
    log_debug = g_strcmp0(g_getenv("VMDECK_DEBUG"), "1") == 0;
    log_fd = fd;
    return TRUE;
}

int vd_log_fd(void)
{
    return log_fd;
}

void vd_log(VdLogLevel level, const char *request, const char *format, ...)
{
    static const char *const words[] = {"debug", "info", "warning", "error"};
    if (log_fd < 0 || (level == VD_LOG_DEBUG && !log_debug))
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *raw = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *text = vd_text_clean(raw, 2048, FALSE);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "time");
    json_builder_add_string_value(builder, time);
    json_builder_set_member_name(builder, "level");
    json_builder_add_string_value(builder, words[level]);
    json_builder_set_member_name(builder, "pid");
    json_builder_add_int_value(builder, getpid());
    if (request) {
        json_builder_set_member_name(builder, "request");
        json_builder_add_string_value(builder, request);
    }
    json_builder_set_member_name(builder, "text");
    json_builder_add_string_value(builder, text);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) node = json_builder_get_root(builder);
    g_autofree char *json = json_to_string(node, FALSE);
    g_autofree char *line = g_strconcat(json, "\n", NULL);
    ssize_t written = write(log_fd, line, strlen(line));
    (void)written; /* a full disk must not stop the work */
}

void vd_log_error(const char *request, const char *what, const GError *error)
{
    const char *detail = vd_error_detail(error);
    vd_log(VD_LOG_ERROR, request, "%s: %s%s%s", what, error ? error->message : "?",
           detail ? " | " : "", detail ? detail : "");
}
