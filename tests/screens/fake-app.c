/* Answers wait in a queue until the test lets them go, in the order in which they were asked for,
 * as those of the real deck do: a dialog that expects one at once would fail here. */
#include "config.h"

#include "tests/screens/fake-app.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/base/error.h"

struct _VdApp {
    VdFake fake;
    GQueue answers; /* Answer */
    VdPace pace;
};

typedef struct {
    VdDeckChecked checked;
    VdDeckChoices chosen;
    VdDeckLog logged;
    VdDeckRetry retried;
    VdDeckDone done;
    char *field;
    const VdVerb *verb;
    gint64 offset;
    gpointer data;
} Answer;

static VdApp *the_app;

static VdDeck *deck_of(VdApp *app)
{
    return (VdDeck *)app; /* never looked into: only handed back */
}

VdApp *vd_fake_new(int width, int height, gboolean ascii)
{
    the_app = g_new0(VdApp, 1);
    VdFake *fake = &the_app->fake;
    fake->canvas = vd_canvas_new(width, height, ascii);
    fake->stack = g_ptr_array_new();
    fake->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_job_unref);
    fake->images = g_ptr_array_new_with_free_func((GDestroyNotify)vd_image_unref);
    fake->fleet = vd_fleet_new();
    g_queue_init(&the_app->answers);
    return the_app;
}

VdFake *vd_fake(void)
{
    return &the_app->fake;
}

void vd_fake_free(void)
{
    VdFake *fake = vd_fake();
    while (fake->stack->len)
        vd_app_close(the_app, g_ptr_array_index(fake->stack, fake->stack->len - 1));
    vd_fake_answer();
    g_assert_cmpint(fake->awaited, ==, 0);
    vd_canvas_free(fake->canvas);
    g_ptr_array_unref(fake->stack);
    g_ptr_array_unref(fake->jobs);
    g_ptr_array_unref(fake->images);
    vd_fleet_unref(fake->fleet);
    vd_args_free(fake->last_args);
    g_free(fake->last_host);
    g_free(fake->last_target);
    g_clear_pointer(&the_app, g_free);
}

static void remember(const VdVerb *verb, const VdTarget *target, const VdArgs *args)
{
    VdFake *fake = vd_fake();
    fake->submitted++;
    fake->last_verb = verb;
    vd_args_free(fake->last_args);
    fake->last_args = args ? vd_args_copy(args) : NULL;
    g_free(fake->last_host);
    g_free(fake->last_target);
    fake->last_host = g_strdup(target ? target->host : NULL);
    fake->last_target = g_strdup(target ? target->id : NULL);
}

static void give_retry(const Answer *answer)
{
    static const char *const secrets[] = {"password", "user-password", NULL};
    const VdFake *fake = vd_fake();
    const VdTarget target = {VD_TARGET_HOST, "kvm1", NULL};
    answer->retried(deck_of(the_app), fake->retry ? fake->retry_verb : NULL, &target, fake->retry,
                    secrets, "It is not known any more.", answer->data);
}

static void answer_give(Answer *answer)
{
    const VdFake *fake = vd_fake();
    static const char *const none[] = {NULL};
    gboolean ok = !answer->field || g_strcmp0(answer->field, fake->bad_field) != 0;
    if (answer->checked && answer->field)
        answer->checked(deck_of(the_app), ok, ok ? NULL : fake->bad_text, answer->data);
    else if (answer->checked)
        answer->checked(deck_of(the_app), TRUE, fake->summary, answer->data);
    else if (answer->chosen)
        answer->chosen(deck_of(the_app), fake->choices ? fake->choices : none, answer->data);
    else if (answer->logged)
        answer->logged(deck_of(the_app), fake->log && !answer->offset ? fake->log : "",
                       fake->log ? (gint64)strlen(fake->log) : 0, answer->data);
    else if (answer->retried)
        give_retry(answer);
    if (!answer->done)
        return;
    g_autoptr(GError) error = NULL;
    if (fake->refusal)
        vd_error_set(&error, VD_ERR_EXISTS, NULL, "%s", fake->refusal);
    VdOutcome outcome = {.request = "r-7K2M9Q", .verb = answer->verb, .error = error};
    answer->done(deck_of(the_app), &outcome, answer->data);
}

void vd_fake_answer(void)
{
    for (Answer *answer; (answer = g_queue_pop_head(&the_app->answers));) {
        answer_give(answer);
        g_free(answer->field);
        g_free(answer);
    }
}

static Answer *answer_add(gpointer data)
{
    Answer *answer = g_new0(Answer, 1);
    answer->data = data;
    g_queue_push_tail(&the_app->answers, answer);
    return answer;
}

/* ---- the test's hands and eyes ---- */

VdDialog *vd_fake_top(void)
{
    const GPtrArray *stack = vd_fake()->stack;
    return stack->len ? g_ptr_array_index(stack, stack->len - 1) : NULL;
}

static void event_give(const VdEvent *event)
{
    VdDialog *top = vd_fake_top();
    if (!top)
        return;
    vd_dialog_ref(top);
    VdDialogResult result = top->class->event(top, event);
    gboolean esc = event->kind == VD_EVENT_KEY && event->key == VD_KEY_ESC;
    if (result == VD_DIALOG_CLOSE || (result == VD_DIALOG_IGNORED && esc))
        vd_app_close(the_app, top);
    vd_dialog_unref(top);
    if (!vd_fake()->slow)
        vd_fake_answer();
    g_free(vd_fake_screen()); /* a frame, as the console draws one */
}

void vd_fake_type(const char *keys)
{
    while (*keys) {
        VdEvent event = {.kind = VD_EVENT_KEY};
        const char *end = *keys == '<' ? strchr(keys, '>') : NULL;
        if (end) {
            g_autofree char *name = g_strndup(keys + 1, (gsize)(end - keys - 1));
            event.key = vd_key_parse(name);
            if (event.key == VD_KEY_NONE)
                g_error("no key is called <%s>", name);
            keys = end + 1;
        } else {
            event.key = g_utf8_get_char(keys);
            keys = g_utf8_next_char(keys);
        }
        event_give(&event);
    }
}

void vd_fake_paste(const char *text)
{
    for (; *text; text = g_utf8_next_char(text)) {
        VdEvent event = {.kind = VD_EVENT_KEY, .key = g_utf8_get_char(text), .pasted = TRUE};
        if (event.key == '\n')
            event.key = VD_KEY_ENTER;
        event_give(&event);
    }
}

void vd_fake_click(int x, int y)
{
    VdEvent event = {.kind = VD_EVENT_CLICK, .x = x, .y = y};
    event_give(&event);
}

static void draw_all(void)
{
    VdCanvas *canvas = vd_fake()->canvas;
    int width = vd_canvas_width(canvas), height = vd_canvas_height(canvas);
    vd_canvas_clear(canvas);
    for (guint i = 0; i < vd_fake()->stack->len; i++) {
        VdDialog *dialog = g_ptr_array_index(vd_fake()->stack, i);
        int w = width, h = height;
        dialog->class->measure(dialog, width, height, &w, &h);
        w = CLAMP(w, 1, width);
        h = CLAMP(h, 1, height);
        dialog->rect = (VdRect){(width - w) / 2, (height - h) / 2, w, h};
        vd_canvas_clip(canvas, &dialog->rect);
        dialog->class->draw(dialog, canvas, dialog->rect);
        vd_canvas_clip(canvas, NULL);
    }
}

char *vd_fake_screen(void)
{
    GString *text = g_string_new(NULL);
    draw_all();
    for (int y = 0; y < vd_canvas_height(vd_fake()->canvas); y++) {
        g_autofree char *line = vd_canvas_line(vd_fake()->canvas, y);
        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

char *vd_fake_roles(void)
{
    GString *text = g_string_new(NULL);
    g_autofree char *screen = vd_fake_screen();
    const VdCanvas *canvas = vd_fake()->canvas;
    g_string_append_printf(text, "%s---- roles\n", screen);
    for (int y = 0; y < vd_canvas_height(canvas); y++) {
        gsize end = text->len;
        for (int x = 0; x < vd_canvas_width(canvas); x++) {
            int role = vd_canvas_cell(canvas, x, y)->role;
            g_string_append_c(text, role == VD_ROLE_NORMAL ? '.'
                                    : role < 26            ? (char)('a' + role)
                                                           : (char)('A' + role - 26));
            if (role != VD_ROLE_NORMAL)
                end = text->len;
        }
        g_string_truncate(text, end);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

/* ---- ui/app.h ---- */

void vd_app_push(VdApp *app, VdDialog *dialog)
{
    dialog->app = app;
    g_ptr_array_add(app->fake.stack, dialog);
}

void vd_app_close(VdApp *app, VdDialog *dialog)
{
    if (dialog->closed || !g_ptr_array_remove(app->fake.stack, dialog))
        return;
    dialog->closed = TRUE;
    vd_dialog_unref(dialog);
}

VdDeck *vd_app_deck(VdApp *app)
{
    return deck_of(app);
}

gboolean vd_app_ascii(VdApp *app)
{
    return vd_canvas_ascii(app->fake.canvas);
}

void vd_app_dirty(VdApp *app)
{
    (void)app;
}

void vd_app_say(VdApp *app, gboolean bad, const char *format, ...)
{
    (void)app;
    (void)bad;
    (void)format;
}

void vd_app_expect(VdApp *app)
{
    app->fake.awaited++;
}

void vd_app_expected(VdApp *app)
{
    app->fake.awaited--;
}

void vd_app_run(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args)
{
    vd_app_submit(app, verb, targets, args);
}

void vd_app_submit(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args)
{
    (void)app;
    for (guint i = 0; i < vd_targets_count(targets); i++)
        remember(verb, &vd_targets_at(targets, i)->target, args);
}

gint64 vd_app_clock(VdApp *app)
{
    (void)app;
    return 0;
}

gint64 vd_app_span(VdApp *app, gint64 from, gint64 to)
{
    (void)app;
    return to - from;
}

VdPace *vd_app_pace(VdApp *app, const char *job)
{
    (void)job;
    return &app->pace;
}

guint vd_app_phase(VdApp *app)
{
    (void)app;
    return 0;
}

/* ---- src/deck/deck.h ---- */

static const VdVerb cancel_verb = {.id = "job.cancel", .target = VD_TARGET_JOB};

const VdVerb *vd_deck_verb(const char *id)
{
    return strcmp(id, "job.cancel") == 0 ? &cancel_verb : vd_fake()->last_verb;
}

VdFleet *vd_deck_fleet(VdDeck *deck)
{
    (void)deck;
    return vd_fake()->fleet;
}

GPtrArray *vd_deck_jobs(VdDeck *deck)
{
    (void)deck;
    return vd_fake()->jobs;
}

GPtrArray *vd_deck_offers(VdDeck *deck)
{
    (void)deck;
    return NULL;
}

GPtrArray *vd_deck_scripts(VdDeck *deck)
{
    (void)deck;
    return NULL;
}

GPtrArray *vd_deck_images(VdDeck *deck)
{
    (void)deck;
    return vd_fake()->images;
}

gboolean vd_app_may(VdApp *app, const VdVerb *verb)
{
    (void)app;
    (void)verb;
    return TRUE;
}

const char *vd_deck_submit(VdDeck *deck, const VdVerb *verb, const VdTarget *target,
                           const VdArgs *args, VdDeckDone done, gpointer data)
{
    (void)deck;
    Answer *answer = answer_add(data);
    answer->done = done;
    answer->verb = verb;
    remember(verb, target, args);
    return "r-7K2M9Q";
}

void vd_deck_check(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                   const char *field, VdDeckChecked done, gpointer data)
{
    (void)deck;
    (void)verb;
    (void)target;
    (void)args;
    Answer *answer = answer_add(data);
    answer->checked = done;
    answer->field = g_strdup(field);
    vd_fake()->checked++;
}

void vd_deck_choices(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     const char *field, VdDeckChoices done, gpointer data)
{
    (void)deck;
    (void)verb;
    (void)target;
    (void)args;
    (void)field;
    answer_add(data)->chosen = done;
}

void vd_deck_summary(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     VdDeckChecked done, gpointer data)
{
    (void)deck;
    (void)verb;
    (void)target;
    (void)args;
    answer_add(data)->checked = done;
}

void vd_deck_follow(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                    const char *field, VdDeckFollowed done, gpointer data)
{
    (void)verb;
    (void)target;
    (void)args;
    (void)field;
    done(deck, vd_fake()->follows, data);
}

char *vd_deck_as_command(VdDeck *deck, const VdVerb *verb, const VdTarget *targets, guint n,
                         const VdArgs *args)
{
    (void)deck;
    const char *name = vd_args_get(args, "name"), *image = vd_args_get(args, "image");
    return g_strdup_printf("vmdeck -c %s %s %s --image %s --disk '20 -- G' --memory 4G --cpus 2 "
                           "--timezone Europe/Berlin%s%s",
                           n && targets->host ? targets->host : "?", verb->id, name ? name : "?",
                           image ? image : "?",
                           vd_args_get(args, "password") ? " --password-file FILE" : "",
                           vd_args_get(args, "user-password") ? " --user-password-file FILE" : "");
}

void vd_deck_job_log(VdDeck *deck, const char *job, gint64 offset, VdDeckLog done, gpointer data)
{
    (void)deck;
    (void)job;
    Answer *answer = answer_add(data);
    answer->logged = done;
    answer->offset = offset;
}

void vd_deck_retry(VdDeck *deck, const char *job, VdDeckRetry done, gpointer data)
{
    (void)deck;
    (void)job;
    answer_add(data)->retried = done;
}

void vd_fake_shows(const char *text)
{
    g_autofree char *screen = vd_fake_screen();
    if (!strstr(screen, text))
        fail_msg("\"%s\" is not on the screen:\n%s", text, screen);
}

void vd_fake_shows_not(const char *text)
{
    g_autofree char *screen = vd_fake_screen();
    if (strstr(screen, text))
        fail_msg("\"%s\" is on the screen:\n%s", text, screen);
}

void vd_fake_7bit(void)
{
    g_autofree char *screen = vd_fake_screen();
    for (const char *p = screen; *p; p++)
        assert_true((guchar)*p < 0x80);
}

const int vd_fake_sizes[][2] = {{160, 45}, {100, 30}, {80, 24}, {79, 12}, {40, 10}, {30, 6},
                                {20, 5},   {12, 4},   {5, 3},   {3, 3},   {2, 2},   {1, 1}};
const guint vd_fake_sizes_count = G_N_ELEMENTS(vd_fake_sizes);
