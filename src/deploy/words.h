/* Words that `deploy` and `install` have in common, each written once. Inside the deploy room. */
#pragma once

#include "src/base/i18n.h"
#include "src/model/args.h"

#define VD_WORD_NAME                                                                               \
    {                                                                                              \
        .name = "name", .label = N_("Name"),                                                       \
        .help = N_("What the machine is called on its host."), .type = VD_ARG_NAME,                \
        .required = TRUE, .positional = TRUE                                                       \
    }

#define VD_WORD_OVERCOMMIT                                                                         \
    {                                                                                              \
        .name = "overcommit", .label = N_("Overcommit"),                                           \
        .help = N_("Lets the disk be larger than the room that is free in its storage pool, and "  \
                   "the CPUs be more than the host has."),                                         \
        .type = VD_ARG_FLAG                                                                        \
    }

#define VD_WORD_CPUS                                                                               \
    {                                                                                              \
        .name = "cpus", .label = N_("CPUs"),                                                       \
        .help = N_("Virtual processors, usually no more than the host has."), .type = VD_ARG_INT,  \
        .value = "2", .min = 1, .max = 4096                                                        \
    }

#define VD_WORD_MEMORY                                                                             \
    {                                                                                              \
        .name = "memory", .label = N_("Memory"),                                                   \
        .help = N_("Main memory with its unit: 512M, 4G; at most what the host has."),             \
        .type = VD_ARG_SIZE, .value = "2G", .min = 64 * 1024 * 1024,                               \
        .max = G_GINT64_CONSTANT(1) << 46                                                          \
    }

#define VD_WORD_POOL                                                                               \
    {                                                                                              \
        .name = "pool", .label = N_("Pool"),                                                       \
        .help = N_("The storage pool that its disk is made in."), .type = VD_ARG_POOL,             \
        .value = "default"                                                                         \
    }

#define VD_WORD_NETWORK                                                                            \
    {                                                                                              \
        .name = "network", .label = N_("Network"),                                                 \
        .help = N_("The network that it is connected to; `user` is QEMU's own."),                  \
        .type = VD_ARG_NETWORK, .value = "default"                                                 \
    }

/* text: what becomes of root without one. */
#define VD_WORD_PASSWORD(text)                                                                     \
    {                                                                                              \
        .name = "password", .label = N_("Root password"), .help = text, .type = VD_ARG_SECRET      \
    }

#define VD_WORD_USER                                                                               \
    {                                                                                              \
        .name = "user", .label = N_("User"),                                                       \
        .help = N_("An ordinary user to make, who may become root by sudo where there is one."),   \
        .type = VD_ARG_TEXT                                                                        \
    }

#define VD_WORD_USER_PASSWORD                                                                      \
    {                                                                                              \
        .name = "user-password", .label = N_("User's password"),                                   \
        .help = N_("The password of that user; without one only the keys open it."),               \
        .type = VD_ARG_SECRET                                                                      \
    }

#define VD_WORD_SSH_KEY                                                                            \
    {                                                                                              \
        .name = "ssh-key", .label = N_("SSH keys"),                                                \
        .help = N_("A file of public SSH keys, or one key itself: for the user, else for root."),  \
        .type = VD_ARG_TEXT, .many = TRUE                                                          \
    }

#define VD_WORD_HOSTNAME                                                                           \
    {                                                                                              \
        .name = "hostname", .label = N_("Hostname"),                                               \
        .help = N_("What the machine calls itself; its name if left out."),                        \
        .type = VD_ARG_HOSTNAME                                                                    \
    }

#define VD_WORD_TIMEZONE                                                                           \
    {                                                                                              \
        .name = "timezone", .label = N_("Timezone"),                                               \
        .help = N_("Such as Europe/Berlin; the image's own if left out."), .type = VD_ARG_TIMEZONE \
    }

#define VD_WORD_ADDRESS                                                                            \
    {                                                                                              \
        .name = "address", .label = N_("Address"),                                                 \
        .help = N_("A static address with its prefix length; DHCP if left out."),                  \
        .type = VD_ARG_ADDRESS                                                                     \
    }

#define VD_WORD_GATEWAY                                                                            \
    {                                                                                              \
        .name = "gateway", .label = N_("Gateway"), .help = N_("The router of a static address."),  \
        .type = VD_ARG_IP                                                                          \
    }

#define VD_WORD_DNS                                                                                \
    {                                                                                              \
        .name = "dns", .label = N_("DNS"), .help = N_("A name server of a static address."),       \
        .type = VD_ARG_IP, .many = TRUE                                                            \
    }

#define VD_WORD_FIRSTBOOT                                                                          \
    {                                                                                              \
        .name = "firstboot", .label = N_("First boot"),                                            \
        .help =                                                                                    \
            N_("A script that root runs once, when the machine boots for the first time: one of "  \
               "the library, or a file."),                                                         \
        .type = VD_ARG_SCRIPT                                                                      \
    }

#define VD_WORD_TITLE                                                                              \
    {                                                                                              \
        .name = "title", .label = N_("Title"), .help = N_("A few words that describe it."),        \
        .type = VD_ARG_TEXT                                                                        \
    }

#define VD_WORD_AUTOSTART                                                                          \
    {                                                                                              \
        .name = "autostart", .label = N_("Autostart"), .help = N_("Starts it with its host."),     \
        .type = VD_ARG_FLAG                                                                        \
    }

#define VD_WORD_NOTES                                                                              \
    {                                                                                              \
        .name = "notes", .label = N_("Notes"),                                                     \
        .help = N_("A line for those who choose it later."), .type = VD_ARG_TEXT                   \
    }

#define VD_WORD_TAGS                                                                               \
    {                                                                                              \
        .name = "tag", .label = N_("Tags"), .help = N_("Words by which it is found."),             \
        .type = VD_ARG_TEXT, .many = TRUE                                                          \
    }

/* Those that both have in a row. */
#define VD_WORDS_OF_MACHINE                                                                        \
    VD_WORD_OVERCOMMIT, VD_WORD_CPUS, VD_WORD_MEMORY, VD_WORD_POOL, VD_WORD_NETWORK
#define VD_WORDS_OF_GUEST                                                                          \
    VD_WORD_USER, VD_WORD_USER_PASSWORD, VD_WORD_SSH_KEY, VD_WORD_HOSTNAME, VD_WORD_TIMEZONE,      \
        VD_WORD_ADDRESS, VD_WORD_GATEWAY, VD_WORD_DNS, VD_WORD_FIRSTBOOT, VD_WORD_TITLE
