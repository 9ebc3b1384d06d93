#!/bin/sh
# Written by vmdeck: sets a new machine up from a medium labelled cidata, once for each instance,
# before anything else of the system starts. Nothing of the medium is ever evaluated: each line of
# its file vmdeck-seed is KEY=VALUE, and a value is only ever used in double quotes.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
LC_ALL=C
export LC_ALL
umask 077
dir=/var/lib/vmdeck/agent
first=/var/lib/vmdeck/firstboot
log=/var/log/vmdeck-firstboot.log
medium=/run/vmdeck-seed
wants=/etc/systemd/system/multi-user.target.wants/vmdeck-firstboot.service
newline='
'
instance='' marker='' hostname='' timezone='' root_hash='' root_locked='' root_keys=''
user='' user_hash='' user_sudo='' user_keys='' grow='' vg='' lv='' suffix='' family=''
complete='' netplan='' rules=''

say() {
    line="vmdeck-firstboot: $marker $1"
    printf '%s\n' "$line" >>"$log" 2>/dev/null
    for tty in /dev/ttyS0 /dev/ttyAMA0 /dev/hvc0 /dev/ttysclp0 /dev/console; do
        [ -c "$tty" ] || continue
        { printf '\r\n%s\r\n' "$line" >"$tty"; } 2>/dev/null && return
    done
}

has() { command -v "$1" >/dev/null 2>&1; }

# ---- the medium -------------------------------------------------------------------------------

# The label stands in the volume descriptor, so that no udev and no blkid is needed.
find_medium() {
    for device in /dev/vd? /dev/xvd? /dev/sd? /dev/sr? /dev/vtbd?; do
        [ -b "$device" ] || continue
        label=$(dd if="$device" bs=1 skip=32808 count=6 2>/dev/null | tr -d '\000')
        [ "$label" = cidata ] && return 0
    done
    return 1
}

# A disk may come late; a machine that has been set up does not wait for one at each of its boots.
open_medium() {
    tries=0
    until find_medium; do
        [ ! -f "$dir/instance" ] || return 1
        tries=$((tries + 1))
        [ "$tries" -lt 3 ] || return 1
        sleep 1
    done
    mkdir -p "$medium"
    mount -t iso9660 -o ro,nodev,nosuid,noexec "$device" "$medium" 2>/dev/null || return 1
    [ -f "$medium/vmdeck-seed" ]
}

close_medium() {
    umount "$medium" 2>/dev/null && rmdir "$medium"
}

read_seed() {
    while IFS= read -r entry; do
        value=${entry#*=}
        case $entry in
            instance=*) instance=$value ;;
            marker=*) marker=$value ;;
            hostname=*) hostname=$value ;;
            timezone=*) timezone=$value ;;
            family=*) family=$value ;;
            root_hash=*) root_hash=$value ;;
            root_locked=*) root_locked=$value ;;
            root_key=*) root_keys=$root_keys$value$newline ;;
            user=*) user=$value ;;
            user_hash=*) user_hash=$value ;;
            user_sudo=*) user_sudo=$value ;;
            user_key=*) user_keys=$user_keys$value$newline ;;
            grow=*) grow=$value ;;
            vg=*) vg=$value ;;
            lv=*) lv=$value ;;
            suffix=*) suffix=$value ;;
            entropy=*) printf '%s' "$value" >/dev/urandom ;;
            end=*) complete=yes ;;
        esac
    done <"$medium/vmdeck-seed"
    [ "$complete" = yes ] && safe "/$instance" && safe "/$marker"
}

# Whether a path is absolute, without `..` and of harmless characters.
safe() {
    case $1 in
        '' | [!/]* | *..* | *[!A-Za-z0-9/_.@:+-]*) return 1 ;;
    esac
}

# ---- the root grows ---------------------------------------------------------------------------

root_source() {
    set -- "$(sed -n 's,^\([^ ]*\) / \([^ ]*\) .*,\1 \2,p' /proc/mounts | tail -n 1)"
    source=${1%% *} fs=${1##* }
    [ "$source" != /dev/root ] ||
        source=/dev/$(basename "$(readlink -f "/sys/dev/block/$(mountpoint -d /)")")
    source=$(readlink -f "$source")
}

# Only where the host could not do it: there the table says so already.
grow_partition() {
    name=${1#/dev/}
    sys=/sys/class/block/$name
    [ -f "$sys/partition" ] || return 0
    read -r number <"$sys/partition"
    disk=$(basename "$(readlink -f "$sys/..")")
    read -r total <"/sys/class/block/$disk/size"
    read -r start <"$sys/start"
    read -r size <"$sys/size"
    [ $((total - start - size)) -gt 4096 ] || return 0
    if has sfdisk; then
        # A size that is left out is all there is; an extended partition grows with its logical one.
        sfdisk -d "/dev/$disk" 2>/dev/null |
            sed -e '/^last-lba/d' -e "\\,^/dev/$name :,s/size= *[0-9]*, *//" \
                -e '/type=\(5\|f\|85\)\(,\|$\)/s/size= *[0-9]*, *//' |
            sfdisk -q --no-reread --force "/dev/$disk" >/dev/null 2>&1
    elif has growpart; then
        growpart "/dev/$disk" "$number" >/dev/null 2>&1
    elif has parted; then
        printf 'fix\n' | parted ---pretend-input-tty "/dev/$disk" print >/dev/null 2>&1
        printf 'yes\n100%%\n' |
            parted ---pretend-input-tty "/dev/$disk" resizepart "$number" 100% >/dev/null 2>&1
    else
        return 1
    fi
    has partx && partx -u --nr "$number" "/dev/$disk" >/dev/null 2>&1
    read -r now <"$sys/size"
    [ "$now" -gt "$size" ]
}

grow_root() {
    root_source
    part=$source
    if [ -n "$vg" ]; then
        part=$(pvs --noheadings -o pv_name -S "vg_name=$vg" 2>/dev/null | head -n 1 | tr -d ' ')
        grow_partition "$part" && pvresize -q "$part" >/dev/null 2>&1 || return 1
        # It fails when nothing is free any more.
        lvextend -q -l +100%FREE "/dev/$vg/$lv" >/dev/null 2>&1
    else
        grow_partition "$part" || return 1
    fi
    case $fs in
        ext*) resize2fs "$source" >/dev/null 2>&1 ;;
        xfs) xfs_growfs / >/dev/null 2>&1 ;;
        btrfs) btrfs filesystem resize max / >/dev/null 2>&1 ;;
        *) return 1 ;;
    esac
}

# ---- files ------------------------------------------------------------------------------------

folder() { (umask 022 && mkdir -p "$1"); }
label() { has restorecon && restorecon -F "$@" >/dev/null 2>&1; }

# put MODE FILE PATH: a file of the medium
put() {
    safe "$3" && safe "/$2" || return 1
    folder "${3%/*}"
    cp "$medium/$2" "$3.vmdeck-new" && chmod "$1" "$3.vmdeck-new" && mv -f "$3.vmdeck-new" "$3" &&
        label "$3"
    case $3 in
        /etc/netplan/*) netplan=yes ;;
        /etc/udev/*) rules=yes ;;
    esac
    return 0
}

set_aside() {
    case $1 in
        /etc/*..* | *[!A-Za-z0-9/_.*-]*) return 0 ;;
        /etc/*) ;;
        *) return 0 ;;
    esac
    for path in $1; do
        [ -f "$path" ] && mv -f "$path" "$path$suffix"
    done
}

write_files() {
    grep '^aside=' "$medium/vmdeck-seed" | while IFS= read -r entry; do set_aside "${entry#*=}"; done
    while IFS=' ' read -r entry name path; do
        case $entry in
            file=*) put "${entry#*=}" "$name" "$path" ;;
            soft=*) [ -L "$path" ] || put "${entry#*=}" "$name" "$path" ;;
            link=*) # link=PATH TARGET
                safe "${entry#*=}" && safe "$name" && folder "$(dirname "${entry#*=}")" &&
                    ln -sf "$name" "${entry#*=}"
                ;;
        esac
    done <"$medium/vmdeck-seed"
}

# ---- name, time, people ------------------------------------------------------------------------

set_hostname() {
    safe "/$hostname" || return 1
    short=${hostname%%.*}
    names=$hostname
    [ "$short" = "$hostname" ] || names="$hostname $short"
    printf '%s\n' "$hostname" >/etc/hostname
    chmod 644 /etc/hostname
    if grep -q '^127\.0\.1\.1[[:space:]]' /etc/hosts 2>/dev/null; then
        sed -i "s/^127\\.0\\.1\\.1[[:space:]].*/127.0.1.1\\t$names/" /etc/hosts
    elif [ "$family" = debian ]; then
        printf '127.0.1.1\t%s\n' "$names" >>/etc/hosts
    fi
    [ ! -f /etc/HOSTNAME ] || printf '%s\n' "$hostname" >/etc/HOSTNAME
    [ ! -f /etc/sysconfig/network ] || grep -q '^HOSTNAME=' /etc/sysconfig/network &&
        sed -i "s/^HOSTNAME=.*/HOSTNAME=$hostname/" /etc/sysconfig/network 2>/dev/null
    label /etc/hostname /etc/hosts
    printf '%s' "$hostname" >/proc/sys/kernel/hostname
}

# systemd fills an empty one; others do not.
set_machine_id() {
    [ -f /etc/machine-id ] && [ ! -s /etc/machine-id ] && [ ! -d /run/systemd/system ] || return 0
    tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
    chmod 444 /etc/machine-id
}

set_timezone() {
    safe "/$timezone" || return 1
    if [ -f "/usr/share/zoneinfo/$timezone" ]; then
        ln -sf "../usr/share/zoneinfo/$timezone" /etc/localtime
    elif [ "$timezone" = UTC ] || [ "$timezone" = Etc/UTC ]; then
        rm -f /etc/localtime
    else
        return 1
    fi
    if [ "$family" = debian ] || [ -f /etc/timezone ]; then
        printf '%s\n' "$timezone" >/etc/timezone
        chmod 644 /etc/timezone
    fi
}

# set_hash NAME HASH: by chpasswd's standard input, which no process list shows
set_hash() { printf '%s:%s\n' "$1" "$2" | chpasswd -e; }

home_of() { sed -n "s/^$1:[^:]*:[^:]*:[^:]*:[^:]*:\\([^:]*\\):.*/\\1/p" /etc/passwd; }

add_keys() { # NAME KEYS
    home=$(home_of "$1")
    [ -d "$home" ] || return 1
    [ -d "$home/.ssh" ] || mkdir "$home/.ssh"
    printf '%s' "$2" >>"$home/.ssh/authorized_keys"
    chmod 700 "$home/.ssh"
    chmod 600 "$home/.ssh/authorized_keys"
    chown "$(id -u "$1"):$(id -g "$1")" "$home/.ssh" "$home/.ssh/authorized_keys"
    label -R "$home/.ssh"
    return 0
}

make_user() {
    case $user in
        [!a-z_]* | *[!a-z0-9_-]*) return 1 ;;
    esac
    shell=/bin/sh
    [ ! -x /bin/bash ] || shell=/bin/bash
    id -u "$user" >/dev/null 2>&1 || useradd -m -s "$shell" "$user" 2>/dev/null ||
        adduser -D -s "$shell" "$user" || return 1
    [ -z "$user_hash" ] || set_hash "$user" "$user_hash" || return 1
    [ "$user_sudo" = 1 ] || return 0
    member=no
    for group in sudo wheel; do
        grep -q "^$group:" /etc/group || continue
        { usermod -aG "$group" "$user" 2>/dev/null || addgroup "$user" "$group"; } && member=yes
    done
    rule='ALL=(ALL:ALL) ALL'
    [ -n "$user_hash" ] || rule='ALL=(ALL:ALL) NOPASSWD:ALL'
    if [ -d /etc/sudoers.d ] && { [ "$member" = no ] || [ -z "$user_hash" ]; }; then
        printf '%s %s\n' "$user" "$rule" >"/etc/sudoers.d/90-vmdeck-$user"
        chmod 440 "/etc/sudoers.d/90-vmdeck-$user"
    fi
}

# ---- all of it --------------------------------------------------------------------------------

try() { # WHAT COMMAND...: what fails is told, and the rest is done
    what=$1
    shift
    "$@" || say "warn $what"
}

# The program that ends the first boot: its unit starts when the network is up.
arm_firstboot() {
    mkdir -p "$first"
    folder /usr/local/sbin
    rm -f "$first/script"
    [ ! -f "$medium/script" ] || { cp "$medium/script" "$first/script" && chmod 700 "$first/script"; }
    cp "$medium/program" /usr/local/sbin/vmdeck-firstboot &&
        chmod 755 /usr/local/sbin/vmdeck-firstboot && printf 'new\n' >"$first/state" || return 1
    [ -d /etc/systemd/system ] && [ ! -L "$wants" ] || return 0
    # Another instance on a disk that has had its first boot.
    ln -sf /etc/systemd/system/vmdeck-firstboot.service "$wants"
    netplan=yes
}

settle() {
    if [ "$rules" = yes ] && has udevadm; then
        udevadm control --reload
        udevadm trigger --subsystem-match=net --action=add
        udevadm settle --timeout=10
    fi
    # Generators have run already: netplan's makes the files that networkd reads.
    if [ "$netplan" = yes ] && [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        systemctl --no-block start network-online.target vmdeck-firstboot.service
    fi
    sync
}

open_medium || { close_medium; exit 0; }
read_seed || { close_medium; exit 0; }
mkdir -p "$dir"
if [ -f "$dir/instance" ] && [ "$(cat "$dir/instance")" = "$instance" ]; then
    close_medium
    exit 0
fi
say 'step setup'
if [ "$grow" = 1 ]; then
    say 'step grow'
    try 'the root file system could not be grown' grow_root
fi
try 'files could not be written' write_files
try 'the machine-id could not be written' set_machine_id
[ -z "$hostname" ] || try 'the host name could not be set' set_hostname
[ -z "$timezone" ] || try 'the timezone could not be set' set_timezone
if [ "$root_locked" = 1 ]; then
    try 'root could not be locked' set_hash root '!'
elif [ -n "$root_hash" ]; then
    try "root's password could not be set" set_hash root "$root_hash"
fi
[ -z "$user" ] || try 'the user could not be made' make_user
[ -z "$root_keys" ] || try "root's keys could not be written" add_keys root "$root_keys"
[ -z "$user_keys" ] || try "the user's keys could not be written" add_keys "$user" "$user_keys"
try 'the first-boot program could not be written' arm_firstboot
printf '%s\n' "$instance" >"$dir/instance"
settle
close_medium
exit 0
