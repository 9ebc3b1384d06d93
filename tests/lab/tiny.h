/* What the first processes of the lab's machines share: words on the serial line, and the kernel's
 * modules. Static, without libraries; included once. */
#pragma once

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int serial = 1;

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    char line[512];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length > 0 && write(serial, line, (size_t)length) < 0)
        _exit(1);
}

static void load(const char *module)
{
    int file = open(module, O_RDONLY | O_CLOEXEC);

    if (file < 0 || syscall(SYS_finit_module, file, "", 0) < 0)
        say("lab: %s cannot be loaded: %m\n", module);
    if (file >= 0)
        close(file);
}
