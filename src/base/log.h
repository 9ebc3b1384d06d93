/* The log: JSON lines with the request id, appended to one file (O_APPEND, one write a line, so
 * that console, runners and collector may share it). Untranslated. Any thread. Until vd_log_open()
 * it goes nowhere. */
#pragma once

#include <glib.h>

typedef enum { VD_LOG_DEBUG, VD_LOG_INFO, VD_LOG_WARNING, VD_LOG_ERROR } VdLogLevel;

/* Opens the log at path (0640); a failure is not fatal: FALSE and the reason. VMDECK_DEBUG=1 lets
 * debug lines through. */
gboolean vd_log_open(const char *path, GError **error);
/* One line. request may be NULL. Never write a secret. */
void vd_log(VdLogLevel level, const char *request, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* An error with its detail. */
void vd_log_error(const char *request, const char *what, const GError *error);
/* The descriptor of the log, -1 before it is open: standard error goes there while the screen is
 * up. */
int vd_log_fd(void);
