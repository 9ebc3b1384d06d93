/* The story of one request from all that wrote about it: the journal's tables, and the lines of
 * vmdeck.log that carry its id. The log is shared and may be large, so only its last part is read,
 * and only lines that hold the id at all are parsed. */
#include "config.h"

#include "src/jobs/journal-impl.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/said.h"
#include "src/base/text.h"

#define LOG_TAIL  (32 * 1024 * 1024)
#define LINE_MAX_ 65536
#define LINES_MAX 5000
#define TEXT_MAX  2048

void vd_story_line_free(VdStoryLine *line)
{
    if (!line)
        return;
    g_free(line->source);
    g_free(line->level);
    g_free(line->text);
    g_free(line);
}

static void add(GPtrArray *story, gint64 time, const char *source, const char *level,
                const char *text)
{
    VdStoryLine *line = g_new0(VdStoryLine, 1);
    line->time = time;
    line->source = g_strdup(source);
    line->level = vd_text_clean(level ? level : "info", 16, FALSE);
    line->text = vd_text_clean(text, TEXT_MAX, FALSE);
    g_ptr_array_add(story, line);
}

/* Each query gives time, level and text; a row whose time is 0 has not happened yet. */
static gboolean add_rows(VdDb *db, GPtrArray *story, const char *source, const char *sql,
                         const char *id, GError **error)
{
    sqlite3_stmt *statement = vd_db_query(db, error, sql, "s", id);
    if (!statement)
        return FALSE;
    int more;
    while ((more = vd_db_row(db, statement, error)) > 0) {
        gint64 time = sqlite3_column_int64(statement, 0);
        g_autofree char *level = vd_db_text(statement, 1);
        g_autofree char *written = vd_db_text(statement, 2);
        g_autofree char *text = vd_said_show(written);
        if (time > 0 && story->len < LINES_MAX)
            add(story, time, source, level, text);
    }
    return more == 0;
}

/* The sentences that the queries below write in the way of base/said.h, for gettext to see. */
static const char *const sentences[] G_GNUC_UNUSED = {
    N_("%s asked by %s"), N_(", target %s"), N_(", host %s"),        N_("queued: %s"),
    N_("running: %s"),    N_("%s begun"),    N_("%s %s after %s s"), N_("to be undone: %s %s"),
    N_("; undone: %s"),   N_("denied"),      N_("unreachable"),
};

/* Of one, two or three arguments, which may be sentences themselves. */
#define SAID(format, a)         "char(2)||'" format "'||char(31)||" a "||char(3)"
#define SAID_2(format, a, b)    SAID(format, a "||char(31)||" b)
#define SAID_3(format, a, b, c) SAID_2(format, a, b "||char(31)||" c)
#define SAID_IF_ANY(format, a)  "iif(ifnull(" a ", '') = '', '', " SAID(format, a) ")"
#define WORD(a)                 "char(2)||" a "||char(3)"

/* clang-format off */
/* Each gives time, level and text; they are added in this order. */
static const struct {
    const char *source, *sql;
} parts[] = {
    {"request", "SELECT begun, 'info', "
                SAID_2("%s asked by %s", "verb", "author")
                "||" SAID_IF_ANY(", target %s", "target")
                "||" SAID_IF_ANY(", host %s", "host")
                "||iif(args IS NULL, '', ', ' || args)"
                " FROM request WHERE id = ?"},
    {"event", "SELECT time, level, text FROM event WHERE request = ? ORDER BY id LIMIT 5000"},
    {"job", "SELECT created, 'info', " SAID("queued: %s", "title") " FROM job WHERE id = ?"},
    {"job", "SELECT started, 'info', "
            "iif(note IS NULL, " WORD("'running'") ", " SAID("running: %s", "note") ")"
            " FROM job WHERE id = ?"},
    {"step", "SELECT started, 'info', " SAID("%s begun", "id")
             " FROM step WHERE job = ? ORDER BY place"},
    {"step", "SELECT ended, iif(state = 'failed', 'error', 'info'), "
             SAID_3("%s %s after %s s", "id", WORD("state"),
                    "printf('%.1f', max(ended - started, 0) / 1000000.0)")
             "||ifnull(': ' || text, '')"
             " FROM step WHERE job = ? ORDER BY place"},
    {"undo", "SELECT time, 'warning', "
             SAID_2("to be undone: %s %s", WORD("kind"), "ifnull(argument, '')")
             " FROM undo WHERE job = ? ORDER BY id"},
    {"job", "SELECT ended, iif(state = 'failed', 'error', 'info'), " WORD("state")
            "||ifnull(': ' || error, '')||ifnull(' | ' || detail, '')"
            "||" SAID_IF_ANY("; undone: %s", "undone")
            " FROM job WHERE id = ?"},
    {"request", "SELECT ended, iif(outcome IN ('done', 'cancelled'), 'info', 'error'), "
                WORD("ifnull(outcome, '')")
                "||ifnull(': ' || message, '')||ifnull(' | ' || detail, '')"
                " FROM request WHERE id = ?"},
};
/* clang-format on */

static gboolean add_tables(VdDb *db, GPtrArray *story, const char *id, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!add_rows(db, story, parts[i].source, parts[i].sql, id, error))
            return FALSE;
    return TRUE;
}

static const char *string_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

static void add_log_line(GPtrArray *story, const char *json, const char *id)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_data(parser, json, -1, NULL))
        return;
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return;
    JsonObject *object = json_node_get_object(root);
    const char *time = string_member(object, "time");
    if (!time || g_strcmp0(string_member(object, "request"), id) != 0)
        return;
    g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(time, NULL);
    if (when)
        add(story, g_date_time_to_unix(when) * G_USEC_PER_SEC + g_date_time_get_microsecond(when),
            "log", string_member(object, "level"), string_member(object, "text"));
}

static void add_log(GPtrArray *story, const char *id)
{
    g_autofree char *path = vd_path_log();
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    FILE *file = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
    if (!file) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    if (st.st_size > LOG_TAIL && fseeko(file, st.st_size - LOG_TAIL, SEEK_SET) != 0)
        st.st_size = 0;
    g_autofree char *line = g_malloc(LINE_MAX_);
    /* A longer line comes in pieces, none of which is an object. */
    for (off_t left = LOG_TAIL; left > 0 && story->len < LINES_MAX; left -= (off_t)strlen(line)) {
        if (!fgets(line, LINE_MAX_, file))
            break;
        if (strstr(line, id))
            add_log_line(story, line, id);
    }
    (void)fclose(file);
}

static int by_time(gconstpointer a, gconstpointer b)
{
    const VdStoryLine *first = *(VdStoryLine *const *)a, *second = *(VdStoryLine *const *)b;
    return (first->time > second->time) - (first->time < second->time);
}

GPtrArray *vd_journal_story(VdJournal *journal, const char *request, GError **error)
{
    g_autoptr(GPtrArray) story = g_ptr_array_new_with_free_func((GDestroyNotify)vd_story_line_free);
    if (!vd_request_id_valid(request)) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("%s is no request id: expected r-XXXXXX."),
                     request);
        return NULL;
    }
    if (!vd_journal_ready(journal, error) || !add_tables(&journal->db, story, request, error))
        return NULL;
    add_log(story, request);
    if (story->len == 0) {
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL, _("Nothing is known of the request %s."),
                     request);
        return NULL;
    }
    /* g_ptr_array_sort() is stable: lines of the same moment stay in their order above. */
    g_ptr_array_sort(story, by_time);
    return g_steal_pointer(&story);
}
