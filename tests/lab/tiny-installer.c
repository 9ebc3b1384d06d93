/* An installer for the lab: the first process of an initramfs, which reads the answer file that was
 * put beside it, tells its progress on the serial line as installers do, writes a boot sector and
 * the answers to the disk, and restarts. The boot sector asks for a login under the name that the
 * answers gave. Static, without libraries.
 *
 * Without such a file it looks for one that begins with `#cloud-config` on its second disk.
 *
 * Words of the answer file: `host NAME`, and `do WHAT`: `ask` stops at a question until
 * a line is typed, `fail` powers off without having installed anything, `twice` has the disk
 * restart once more. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tiny.h"

#define SECTOR       512
#define NAME_OFFSET  0x100
#define NAME_BYTES   64
#define TWICE_OFFSET 0xff
#define ANSWERS_AT   (1024 * 1024)
#define ANSWER_BYTES 65536

/* Prints the text at NAME_OFFSET on the serial line, and again every two seconds, as somebody may
 * begin to listen late; if the byte at TWICE_OFFSET is set
 * it is cleared on the disk first, and the machine restarted. */
__asm__(".section .rodata\n"
        ".globl boot_begin\n"
        "boot_begin:\n"
        ".code16\n"
        "  cli\n"
        "  xor %ax, %ax\n"
        "  mov %ax, %ds\n"
        "  mov %ax, %es\n"
        "  mov %ax, %ss\n"
        "  mov $0x7c00, %sp\n"
        "  sti\n"
        "  cmpb $0, 0x7cff\n"
        "  je 1f\n"
        "  movb $0, 0x7cff\n"
        "  mov $0x0301, %ax\n" /* write one sector, this one */
        "  mov $0x0001, %cx\n"
        "  xor %dh, %dh\n"
        "  mov $0x7c00, %bx\n"
        "  int $0x13\n"
        "  mov $0x0cf9, %dx\n" /* the chipset's reset register */
        "  mov $0x06, %al\n"
        "  out %al, %dx\n"
        "1: mov $0x7d00, %si\n"
        "2: lodsb\n"
        "  test %al, %al\n"
        "  jz 4f\n"
        "  mov %al, %bl\n"
        "  mov $0x03fd, %dx\n"
        "3: in %dx, %al\n"
        "  test $0x20, %al\n"
        "  jz 3b\n"
        "  mov $0x03f8, %dx\n"
        "  mov %bl, %al\n"
        "  out %al, %dx\n"
        "  jmp 2b\n"
        "4: mov $37, %cx\n" /* of the timer's ticks */
        "5: hlt\n"
        "  loop 5b\n"
        "  jmp 1b\n"
        ".globl boot_end\n"
        "boot_end:\n"
        ".code64\n"
        ".text\n");
extern const unsigned char boot_begin[], boot_end[];

/* The rest of the line that begins with a word, or "". */
static void word_of(const char *answers, const char *word, char *value, size_t size)
{
    size_t length = strlen(word);

    *value = '\0';
    for (const char *line = answers; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, length) != 0 || line[length] != ' ')
            continue;
        snprintf(value, size, "%.*s", (int)strcspn(line + length + 1, "\n"), line + length + 1);
        return;
    }
}

static void finish(int how)
{
    sync();
    reboot(how);
    _exit(1);
}

static void pause_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

/* A disk is found a moment after its driver. One that can only be read is opened for that. */
static int open_disk(const char *path)
{
    for (int i = 0; i < 100; i++) {
        int disk = open(path, O_RDWR | O_CLOEXEC);

        if (disk < 0)
            disk = open(path, O_RDONLY | O_CLOEXEC);
        if (disk >= 0)
            return disk;
        pause_ms(100);
    }
    return -1;
}

/* A medium is not mounted but searched: a file begins at a block of its own. */
static int read_medium(char answers[ANSWER_BYTES])
{
    static char block[2048];
    int disk = open_disk("/dev/vdb");

    for (off_t at = 0; disk >= 0 && pread(disk, block, sizeof block, at) == sizeof block;
         at += sizeof block) {
        if (strncmp(block, "#cloud-config", 13) == 0)
            return pread(disk, answers, sizeof block, at) < 0 ? -1 : close(disk);
    }
    return -1;
}

static int install(const char *answers, const char *host, int twice)
{
    unsigned char sector[SECTOR] = {0};
    int disk = open_disk("/dev/vda");

    memcpy(sector, boot_begin, (size_t)(boot_end - boot_begin));
    sector[TWICE_OFFSET] = (unsigned char)twice;
    snprintf((char *)sector + NAME_OFFSET, NAME_BYTES, "\r\n%s login: ", host);
    sector[510] = 0x55;
    sector[511] = 0xaa;
    if (disk < 0 || pwrite(disk, sector, sizeof sector, 0) != (ssize_t)sizeof sector ||
        pwrite(disk, answers, strlen(answers), ANSWERS_AT) != (ssize_t)strlen(answers) ||
        fsync(disk) < 0)
        return -1;
    return close(disk);
}

int main(void)
{
    static char answers[ANSWER_BYTES], words[4096];
    char host[32], what[32];
    int file;

    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    mount("proc", "/proc", "proc", 0, NULL);
    serial = open("/dev/ttyS0", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    for (char module[] = "/0.ko"; access(module, R_OK) == 0; module[1]++)
        load(module);
    file = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    if (file >= 0 && read(file, words, sizeof words - 1) > 0)
        say("installer: words: %s", words);
    file = open("/answers/lab.txt", O_RDONLY | O_CLOEXEC);
    if (file >= 0 ? read(file, answers, sizeof answers - 1) < 0 : read_medium(answers) < 0)
        say("installer: no answers: %m\n");
    word_of(answers, "host", host, sizeof host);
    word_of(answers, "do", what, sizeof what);
    say("Configure the system for %s\n", host);
    if (strcmp(what, "fail") == 0)
        finish(RB_POWER_OFF);
    if (strcmp(what, "ask") == 0) {
        say("Which disk shall be erased?\nPrompt: '?' for help> ");
        file = open("/dev/ttyS0", O_RDONLY | O_NOCTTY | O_CLOEXEC);
        while (read(file, words, sizeof words) <= 0)
            pause_ms(100);
    }
    for (int percent = 20; percent <= 100; percent += 20) {
        say("Installing the base system ... %d%%\n", percent);
        pause_ms(200);
    }
    if (install(answers, host, strcmp(what, "twice") == 0) < 0)
        say("installer: the disk cannot be written: %m\n");
    say("Installation complete, restarting\n");
    finish(RB_AUTOBOOT);
}
