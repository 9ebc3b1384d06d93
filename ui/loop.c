/* The loop and its sources: keys, the deck, signals, timers. A key is answered by a frame as soon
 * as all that was typed has been taken in; what the deck publishes is drawn at most ten times a
 * second. Nothing in here waits for anything but the loop. */
#include "config.h"

#include "ui/console.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <glib-unix.h>

#include "src/base/i18n.h"
#include "src/base/locale.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/base/turn.h"
#include "ui/grid.h"
#include "ui/page.h"
#include "ui/term.h"

enum { ANIMATION_MS = 100, TICK_MS = 1000, MESSAGE_S = 10 };

static GSource *attach(VdApp *app, GSource *source, GSourceFunc function, int priority)
{
    g_source_set_callback(source, function, app, NULL);
    g_source_set_priority(source, priority);
    g_source_attach(source, app->context);
    return source;
}

static void drop(GSource **source)
{
    if (!*source)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

/* ---- frames ---- */

static gboolean animate(gpointer data);
static void plan_frame(VdApp *app);

/* Ten wake-ups a second only while something moves. */
static void keep_animation(VdApp *app)
{
    gboolean wanted = FALSE;
    for (guint i = 0; i < app->dialogs->len; i++)
        wanted |= ((VdDialog *)g_ptr_array_index(app->dialogs, i))->animated;
    if (!wanted || app->options->clock)
        drop(&app->animation);
    else if (!app->animation)
        app->animation =
            attach(app, g_timeout_source_new(ANIMATION_MS), animate, G_PRIORITY_DEFAULT);
}

static void draw_now(VdApp *app)
{
    gint64 begun = g_get_monotonic_time();
    gboolean key = app->key_waits;
    app->dirty = app->key_waits = FALSE;
    app->listed = app->listed || vd_deck_settled(app->deck);
    vd_console_draw(app);
    vd_term_draw(app->canvas, key);
    vd_meter_frame(&app->meter, begun);
    app->frame_time = g_get_monotonic_time();
    app->frames++;
    keep_animation(app);
    vd_console_stir(app);
}

/* Who starts the program waits for the first whole list as for the answer to a key. */
static gboolean is_first_list(VdApp *app)
{
    return !app->listed && vd_deck_settled(app->deck);
}

/* Draws if time and line allow it, else as soon as they do. */
static void draw_frame(VdApp *app)
{
    drop(&app->frame_source);
    if (vd_term_wait(app->key_waits || is_first_list(app), app->frame_time) == 0)
        draw_now(app);
    else
        app->dirty = TRUE;
    if (app->dirty || vd_term_wait(TRUE, 0) < 0) /* this frame, or the rest of it */
        plan_frame(app);
}

static gboolean frame_due(gpointer data)
{
    VdApp *app = data;
    drop(&app->frame_source);
    if (app->dirty)
        draw_frame(app);
    return G_SOURCE_REMOVE;
}

static gboolean room_came(gint fd, GIOCondition condition, gpointer data)
{
    VdApp *app = data;
    (void)fd;
    (void)condition;
    drop(&app->frame_source);
    vd_term_push();
    if (app->dirty)
        draw_frame(app);
    else if (vd_term_wait(TRUE, 0) < 0)
        plan_frame(app);
    return G_SOURCE_REMOVE;
}

static void plan_frame(VdApp *app)
{
    if (app->frame_source || !app->canvas)
        return;
    gint64 wait = vd_term_wait(app->key_waits || is_first_list(app), app->frame_time);
    if (wait < 0) {
        app->frame_source = attach(app, g_unix_fd_source_new(vd_term_poll_fd(), G_IO_OUT),
                                   G_SOURCE_FUNC(room_came), G_PRIORITY_DEFAULT_IDLE);
        return;
    }
    guint ms = (guint)((wait + G_TIME_SPAN_MILLISECOND - 1) / G_TIME_SPAN_MILLISECOND);
    app->frame_source = attach(app, g_timeout_source_new(ms), frame_due, G_PRIORITY_DEFAULT_IDLE);
}

void vd_app_dirty(VdApp *app)
{
    app->dirty = TRUE;
    if (is_first_list(app))
        drop(&app->frame_source); /* it was planned for something that waits */
    plan_frame(app);
}

/* ---- rest, for tests ---- */

static gboolean at_rest(gpointer data)
{
    VdApp *app = data;
    drop(&app->idle_source);
    if (app->dirty || app->expected || app->count_timer || !vd_deck_sized(app->deck))
        return G_SOURCE_REMOVE;
    char line[32];
    int length = g_snprintf(line, sizeof line, "%" G_GUINT64_FORMAT "\n", app->frames);
    (void)!write(app->options->idle_fd, line, (size_t)length);
    return G_SOURCE_REMOVE;
}

void vd_console_stir(VdApp *app)
{
    if (app->options->idle_fd < 0 || app->idle_source)
        return;
    app->idle_source = attach(app, g_idle_source_new(), at_rest, G_PRIORITY_LOW);
}

/* ---- sources ---- */

/* Of leaving: what is let go of meanwhile (files, a terminal that takes no output) harms nobody
 * when it is cut short, since jobs and journal are not in this process. A sanitizer is slow at it.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { QUIT_WITHIN_MS = 30000 };
#else
enum { QUIT_WITHIN_MS = 250 };
#endif

static volatile sig_atomic_t leave_status;

/* From here on the program ends in time whatever the rest of it waits for: the alarm ends it. */
void vd_console_quit(VdApp *app, int status)
{
    struct itimerval soon = {.it_value = {QUIT_WITHIN_MS / 1000, QUIT_WITHIN_MS % 1000 * 1000}};
    app->status = status;
    leave_status = status;
    (void)setitimer(ITIMER_REAL, &soon, NULL);
    g_main_loop_quit(app->loop);
}

static gboolean keys_ready(gint fd, GIOCondition condition, gpointer data)
{
    VdApp *app = data;
    VdEvent event;
    gboolean gone = FALSE;
    (void)fd;
    while (g_main_loop_is_running(app->loop) && vd_term_read(&event, &gone)) {
        vd_meter_key(&app->meter);
        app->key_waits = TRUE;
        vd_console_event(app, &event);
    }
    if (gone || (condition & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)))
        vd_console_quit(app, 0);
    else if (app->dirty)
        draw_frame(app);
    else {
        vd_meter_no_frame(&app->meter);
        app->key_waits = FALSE;
    }
    return G_SOURCE_CONTINUE;
}

static gboolean size_changed(gpointer data)
{
    VdApp *app = data;
    int width = 0, height = 0;
    if (vd_term_resized()) {
        vd_term_size(&width, &height);
        vd_canvas_resize(app->canvas, width, height);
        app->key_waits = TRUE;
        draw_frame(app);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean second_passed(gpointer data)
{
    VdApp *app = data;
    gboolean dirty = app->options->clock == 0;
    gint64 shown = g_get_monotonic_time() - app->message_time;
    /* The log keeps it; the keys get their line back. */
    if (dirty && app->message && shown > MESSAGE_S * G_USEC_PER_SEC)
        g_clear_pointer(&app->message, g_free);
    for (guint i = 0; i < app->dialogs->len; i++) {
        VdDialog *dialog = g_ptr_array_index(app->dialogs, i);
        if (dialog->class->tick && dialog->class->tick(dialog))
            dirty = TRUE;
    }
    if (dirty)
        vd_app_dirty(app);
    return G_SOURCE_CONTINUE;
}

static gboolean animate(gpointer data)
{
    VdApp *app = data;
    gboolean dirty = FALSE;
    for (guint i = 0; i < app->dialogs->len; i++) {
        VdDialog *dialog = g_ptr_array_index(app->dialogs, i);
        if (dialog->animated && (!dialog->class->tick || dialog->class->tick(dialog)))
            dirty = TRUE;
    }
    if (dirty) {
        app->phase++;
        vd_app_dirty(app);
    }
    return G_SOURCE_CONTINUE;
}

static void deck_changed(VdDeck *deck, guint changed, gpointer data)
{
    (void)deck;
    vd_console_changed(data, changed);
}

/* Handlers may only tell the loop, by a descriptor each. */
static int stop_fd = -1, leave_fd = -1;

static void tell(int fd)
{
    guint64 one = 1;
    int saved = errno;
    (void)!write(fd, &one, sizeof one);
    errno = saved;
}

/* SIGTSTP from elsewhere. */
static void stop_handler(int number)
{
    (void)number;
    tell(stop_fd);
}

/* The loop may be held up by a terminal that takes no output: then the alarm ends the program. */
enum { LEAVE_WITHIN_S = 2 };

static void leave_handler(int number)
{
    (void)number;
    (void)alarm(LEAVE_WITHIN_S);
    tell(leave_fd);
}

static void alarm_handler(int number)
{
    (void)number;
    vd_term_abandon();
    _exit(leave_status);
}

static gboolean leave_wanted(gint fd, GIOCondition condition, gpointer data)
{
    guint64 count = 0;
    (void)condition;
    (void)!read(fd, &count, sizeof count);
    vd_console_quit(data, 0);
    return G_SOURCE_CONTINUE;
}

static gboolean stop_wanted(gint fd, GIOCondition condition, gpointer data)
{
    VdApp *app = data;
    guint64 count = 0;
    (void)condition;
    (void)!read(fd, &count, sizeof count);
    vd_term_suspend();
    size_changed(app);
    vd_app_dirty(app);
    return G_SOURCE_CONTINUE;
}

static const struct {
    int number;
    void (*handler)(int);
} signals[] = {
    {SIGTERM, leave_handler}, {SIGHUP, leave_handler},  {SIGINT, leave_handler},
    {SIGQUIT, leave_handler}, {SIGALRM, alarm_handler}, {SIGTSTP, stop_handler},
};

typedef struct {
    GPtrArray *sources;
    struct sigaction old[G_N_ELEMENTS(signals)];
} Sources;

static void add(Sources *sources, VdApp *app, GSource *source, GSourceFunc function, int priority)
{
    g_ptr_array_add(sources->sources, attach(app, source, function, priority));
}

static void start_sources(VdApp *app, Sources *sources)
{
    sources->sources = g_ptr_array_new_with_free_func((GDestroyNotify)g_source_unref);
    g_ptr_array_add(sources->sources, vd_meter_watch(&app->meter, app->context));
    add(sources, app, g_unix_fd_source_new(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR),
        G_SOURCE_FUNC(keys_ready), G_PRIORITY_HIGH);
    leave_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    add(sources, app, g_unix_fd_source_new(leave_fd, G_IO_IN), G_SOURCE_FUNC(leave_wanted),
        G_PRIORITY_HIGH);
    add(sources, app, g_unix_signal_source_new(SIGWINCH), size_changed, G_PRIORITY_HIGH);
    add(sources, app, g_timeout_source_new(TICK_MS), second_passed, G_PRIORITY_DEFAULT);
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    add(sources, app, g_unix_fd_source_new(stop_fd, G_IO_IN), G_SOURCE_FUNC(stop_wanted),
        G_PRIORITY_DEFAULT);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction action = {.sa_handler = signals[i].handler, .sa_flags = SA_RESTART};
        (void)sigaction(signals[i].number, &action, &sources->old[i]);
    }
    vd_deck_listen(app->deck, deck_changed, app);
}

static void stop_sources(VdApp *app, Sources *sources)
{
    vd_deck_listen(app->deck, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        if (signals[i].number != SIGALRM) /* which still watches over the rest of leaving */
            (void)sigaction(signals[i].number, &sources->old[i], NULL);
    for (guint i = 0; i < sources->sources->len; i++)
        g_source_destroy(g_ptr_array_index(sources->sources, i));
    g_ptr_array_unref(sources->sources);
    (void)close(stop_fd);
    (void)close(leave_fd);
    stop_fd = leave_fd = -1;
    drop(&app->frame_source);
    drop(&app->idle_source);
    drop(&app->count_timer);
    drop(&app->animation);
}

/* ---- the console ---- */

static void check_columns(const VdConf *conf, GPtrArray *problems)
{
    VdGridColumn column;
    for (guint i = 0; conf->columns && conf->columns[i]; i++) {
        gboolean twice = FALSE;
        for (guint k = 0; k < i; k++)
            twice = twice || strcmp(conf->columns[k], conf->columns[i]) == 0;
        if (twice) {
            g_autofree char *words = g_strdup_printf(
                _("columns: “%s” is there twice; expected each once"), conf->columns[i]);
            g_ptr_array_add(problems, vd_conf_mistake(conf, "columns", words));
        }
        if (vd_grid_parse(conf->columns[i], &column))
            continue;
        g_autofree char *text =
            g_strdup_printf(_("columns: there is no column “%s”; expected name, "
                              "state, cpu, mem, disk, net, ip or host"),
                            conf->columns[i]);
        g_ptr_array_add(problems, vd_conf_mistake(conf, "columns", text));
    }
}

void vd_ui_check(const VdConf *conf, GPtrArray *problems)
{
    g_auto(GStrv) dirs = vd_path_theme_dirs();
    vd_theme_free(vd_theme_load(conf->theme, dirs, conf, problems));
    vd_keymap_free(vd_keymap_new(conf, problems));
    check_columns(conf, problems);
}

/* Seen before anything else, and gone with a key; the log keeps it. */
static void show_problems(VdApp *app, const GPtrArray *own)
{
    GPtrArray *found = vd_deck_problems(app->deck);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < own->len; i++) {
        vd_console_add_notice(app, g_ptr_array_index(own, i));
        g_string_append_printf(text, "%s\n\n", (char *)g_ptr_array_index(own, i));
    }
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(text, "%s\n\n", (char *)g_ptr_array_index(found, i));
    if (text->len == 0)
        return;
    g_string_append(text, _("Everything else counts. The log keeps these lines."));
    vd_app_push(app, vd_page_new_text(_("Mistakes in the configuration"), text->str, TRUE));
}

static void show_locale(VdApp *app)
{
    const char *missing = vd_locale_missing();
    if (!missing)
        return;
    g_autofree char *name = vd_text_clean(missing, 60, FALSE);
    g_autofree char *text = g_strdup_printf(
        _("The locale %s is not installed on this computer; “vmdeck doctor” says what to do."),
        name);
    vd_console_add_notice(app, text);
}

static int run(VdApp *app)
{
    Sources sources;
    int width = 0, height = 0;
    vd_term_size(&width, &height);
    app->canvas = vd_canvas_new(width, height, vd_term_ascii());
    vd_canvas_set_console(app->canvas, vd_term_console());
    app->loop = g_main_loop_new(app->context, FALSE);
    start_sources(app, &sources);
    app->key_waits = TRUE;
    draw_frame(app);
    g_main_loop_run(app->loop);
    vd_term_stop();
    stop_sources(app, &sources);
    g_main_loop_unref(app->loop);
    return app->status;
}

void vd_ui_prepare(const VdUiOptions *options)
{
    if (options->ascii || vd_term_needs_ascii())
        (void)setlocale(LC_MESSAGES, "C");
}

int vd_ui_run(VdDeck *deck, GMainContext *context, const VdUiOptions *options)
{
    const VdConf *conf = vd_deck_conf(deck);
    g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func(g_free); /* by the deck */
    g_auto(GStrv) dirs = vd_path_theme_dirs();
    g_autoptr(VdTheme) theme = options->theme ? vd_theme_load(options->theme, dirs, NULL, own)
                                              : vd_theme_load(conf->theme, dirs, conf, told);
    g_autoptr(VdKeymap) keymap = vd_keymap_new(conf, NULL);
    g_autoptr(GError) error = NULL;
    VdTermOptions term = {.ascii = options->ascii || conf->ascii,
                          .mouse = conf->mouse && !options->no_mouse,
                          .escape_ms = conf->escape_ms,
                          .theme = theme};
    if (!vd_term_start(&term, &error)) {
        (void)fprintf(stderr, "vmdeck: %s\n", error->message);
        return 2;
    }
    vd_turn_first();
    VdApp *app = vd_console_new(deck, context, options, theme, keymap);
    show_locale(app);
    show_problems(app, own);
    int status = run(app);
    vd_console_free(app);
    return status;
}
