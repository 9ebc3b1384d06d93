/* Text that came from somewhere else, and figures for people. Everything here is pure and may be
 * called on any thread. */
#pragma once

#include <glib.h>
#include <stdint.h>

/* A copy of foreign text that is safe to draw and to print: valid UTF-8 (bad bytes become U+FFFD),
 * without colours and other control sequences, C0, DEL, C1, bidirectional controls, zero-width and
 * other format characters (a line feed or tab becomes a space when keep_lines is FALSE), at most
 * max_chars characters (0: 4096). The caller frees. NULL gives "". */
char *vd_text_clean(const char *foreign, gsize max_chars, gboolean keep_lines);

/* The same for a name, by which something is told from others: what would be dropped or cannot be
 * told from a space leaves U+FFFD in its place, so that no two names look alike for what they hide.
 * Never empty. */
char *vd_text_clean_name(const char *foreign, gsize max_chars);

/* Of a sentence and the words of a library that came with it: those words, cleaned, if they say
 * more than the sentence, which may hold them in one line, or without the class of error before its
 * first colon. NULL: they do not, or there are none. The caller frees. */
char *vd_text_more(const char *sentence, const char *words);

/* A copy of an address in which a password ("driver://user:password@host/…") is replaced by "…",
 * whether or not it can be parsed otherwise. The caller frees. NULL gives "". */
char *vd_text_mask_password(const char *address);

/* Whether vd_text_clean() takes this character away. */
gboolean vd_text_is_unsafe(gunichar c);

/* How many terminal cells valid UTF-8 text takes (wide characters two, combining none). */
int vd_text_width(const char *text);

/* The longest prefix of text that fits in width cells, as a length in bytes; *ret_width, if given,
 * gets the cells it takes. */
gsize vd_text_fit(const char *text, int width, int *ret_width);

/* 1610612736 → "1.5G" (powers of 1024, three significant digits, at most five cells). */
char *vd_format_bytes(guint64 bytes);
/* The same with a unit in words for dialogs: "1.5 GiB". */
char *vd_format_size(guint64 bytes);
/* Microseconds → "0.3s", "41s", "1m53s", "12m", "3h", "5d" (at most five cells). */
char *vd_format_duration(gint64 usec);
/* The same for what should take no time: "0.4 ms", "12 ms", "1.2s". */
char *vd_format_latency(gint64 usec);
/* Reads "20G", "20GiB", "512M", "1048576" (bytes): powers of 1024. FALSE with a sentence in error
 * if it is no size, is negative or overflows. */
gboolean vd_parse_size(const char *text, guint64 *ret_bytes, GError **error);

/* A fresh request id such as "r-7K2M9Q": six characters of Crockford's base 32 from the kernel's
 * random numbers. The caller frees. */
char *vd_request_id_new(void);
gboolean vd_request_id_valid(const char *id);

/* RFC 1123: labels of letters, digits and inner hyphens, 63 each, 253 in all. The sentence in error
 * says what is wrong. */
gboolean vd_check_hostname(const char *name, GError **error);
/* A domain name as libvirt, its files and our volumes take it: 1 to 64 bytes of letters, digits,
 * `_`, `-`, `.`, `+`, not starting with `-` or `.`. For names that we give; names that exist may be
 * anything. */
gboolean vd_check_vm_name(const char *name, GError **error);
/* A password: any byte but newline and NUL, 1 to 512 bytes. */
gboolean vd_check_password(const char *password, GError **error);
/* "Area/City" of safe characters; that it exists is for the image to say. */
gboolean vd_check_timezone(const char *zone, GError **error);
