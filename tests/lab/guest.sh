#!/bin/bash
# The guest helper on real disks: each way a root can lie on a disk, with the files of another
# distribution, inspected, grown and customised, and then looked at from outside: mounted on this
# host by loop devices, without libguestfs. The guests do not boot; what boots is tested elsewhere.
# shellcheck disable=SC2015,SC2016 -- conditions are given to ok() as text
# About 350 s on two processors.
# In mounts of its own: a lab that comes up meanwhile would take a copy of them with it, and hold a
# disk in use that is no longer mounted here.
[ -n "${VMDECK_OWN_MOUNTS:-}" ] ||
  exec env VMDECK_OWN_MOUNTS=1 unshare --mount --propagation private "$0" "$@"
. "$(dirname "$0")/lib.bash"
PATH=$PATH:/usr/sbin:/sbin
export LIBGUESTFS_BACKEND=direct

helper=${VMDECK_GUEST:-$VMDECK_BUILD/vmdeck-guest}
hash='$y$j9T$saltsaltsaltsalt$0123456789abcdefghijklmnopqrstuvwxyzABCDEFG'
key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE operator@example'
gib=$((1024 * 1024 * 1024))

# ---- disks --------------------------------------------------------------------------------

# The devices of a disk are loop devices on parts of its file: nothing of the kernel's partition
# scanning, udev or LVM on this host takes part.
part_start() { partx -g -b -o START -n "$2" "$1" | tr -d ' '; }
part_sectors() { partx -g -b -o SECTORS -n "$2" "$1" | tr -d ' '; }

attach() { # FILE NUMBER: prints a loop device of the partition; 0: the whole disk
  [ "$2" != 0 ] || { losetup --show -f "$1"; return; }
  losetup --show -f -o $(($(part_start "$1" "$2") * 512)) \
    --sizelimit $(($(part_sectors "$1" "$2") * 512)) "$1"
}

guest_lvm() { # DEVICE COMMAND ARGUMENT...: LVM that writes and reads metadata of DEVICE alone
  local device=$1 command=$2
  shift 2
  "$command" --driverloaded n --devices "$device" \
    --config 'devices{use_devicesfile=0} activation{udev_sync=0 udev_rules=0}' "$@" 2>/dev/null
}

volume() { # DEVICE: offset and size in bytes of the logical volume vd/root, which is linear
  echo "$(guest_lvm "$1" pvs --noheadings --nosuffix --units b -o pe_start "$1")" \
    "$(guest_lvm "$1" lvs --noheadings --nosuffix --units b -o lv_size vd/root)"
}

# open_root FILE NUMBER LVM: sets $device to what holds the root, and $loops
open_root() {
  device=$(attach "$1" "$2")
  loops=$device
  [ "$3" = lvm ] || return 0
  local first size
  read -r first size < <(volume "$device")
  device=$(losetup --show -f -o $((first)) --sizelimit $((size)) "$device")
  loops="$device $loops"
}

# let_go LOOP: what was written is in its file, even if somebody who scans disks (LVM, udev) has it open
# still, which puts off the kernel's own writing back to the last close.
let_go() {
  blockdev --flushbufs "$1"
  losetup -d "$1"
}

close_root() {
  local one
  umount -R "$1" 2>/dev/null
  for one in $loops; do let_go "$one"; done
}

table() { # LAYOUT: for sfdisk
  case $1 in
    gpt) printf 'label: gpt\nsize=8M,type=uefi,name=esp\nname=root,attrs=LegacyBIOSBootable\n' ;;
    primary) printf 'label: dos\nsize=8M,type=82\ntype=83,bootable\n' ;;
    logical) printf 'label: dos\nsize=8M,type=83\ntype=5\nsize=8M,type=82\ntype=83\n' ;;
    lvm) printf 'label: gpt\nsize=8M\ntype=lvm\n' ;;
    blocked) printf 'label: gpt\nsize=300M,name=root\nsize=8M,name=swap\n' ;;
    *) return 1 ;;
  esac
}

number_of() { # LAYOUT: the root's partition
  case $1 in
    whole) echo 0 ;;
    blocked) echo 1 ;;
    logical) echo 6 ;;
    *) echo 2 ;;
  esac
}

# make_disk FILE LAYOUT FS DISTRO
make_disk() {
  local file=$1 layout=$2 fs=$3 distro=$4 mnt=$1.mnt number size=400M
  number=$(number_of "$layout")
  truncate -s $size "$file"
  [ "$layout" = whole ] || table "$layout" | sfdisk -q --no-reread --no-tell-kernel "$file"
  if [ "$layout" = lvm ]; then
    device=$(attach "$file" "$number")
    guest_lvm "$device" pvcreate -q -ff -y "$device" >/dev/null
    guest_lvm "$device" vgcreate -q vd "$device" >/dev/null
    guest_lvm "$device" lvcreate -q -an -Wn -Zn -y -l 100%FREE -n root vd >/dev/null
    let_go "$device"
  fi
  open_root "$file" "$number" "$layout"
  case $fs in
    xfs) mkfs.xfs -q "$device" ;;
    btrfs*) mkfs.btrfs -q "$device" >/dev/null 2>&1 ;;
    *) "mkfs.$fs" -q "$device" ;;
  esac
  mkdir -p "$mnt"
  mount "$device" "$mnt"
  case $fs in
    btrfs) btrfs -q subvolume create "$mnt/data" >/dev/null ;;
    btrfs-@) # the root in a subvolume, as openSUSE, Fedora and Ubuntu install it
      btrfs -q subvolume create "$mnt/@" >/dev/null
      btrfs -q subvolume create "$mnt/@home" >/dev/null
      umount "$mnt"
      mount -o subvol=@ "$device" "$mnt"
      ;;
  esac
  fill "$mnt" "$distro" "$device" "${fs%-@}"
  [ "$fs" != btrfs-@ ] || {
    sed -i 's/ defaults / subvol=@ /' "$mnt/etc/fstab"
    sed 's| / | /home |; s/subvol=@ /subvol=@home /' "$mnt/etc/fstab" >"$mnt/home.line"
    cat "$mnt/home.line" >>"$mnt/etc/fstab" && rm "$mnt/home.line"
  }
  close_root "$mnt"
}

# fill ROOT DISTRO DEVICE FS: what inspection looks at and customising edits, and no more
fill() {
  local root=$1 distro=$2 uuid
  uuid=$(blkid -p -s UUID -o value "$3")
  mkdir -p "$root"/{bin,sbin,root,home,tmp,var/lib/systemd,var/log,var/lib/dhcp} \
    "$root"/etc/{ssh,skel} "$root"/usr/{bin,sbin,lib} "$root"/usr/share/zoneinfo/Europe
  cp /usr/bin/true "$root/bin/ls"
  echo "UUID=$uuid / $4 defaults 0 1" >"$root/etc/fstab"
  printf 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/false\nold:x:1000:1000::/home/old:/bin/sh\n' \
    >"$root/etc/passwd"
  printf 'root:*:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nold:!:19000:0:99999:7:::\n' \
    >"$root/etc/shadow"
  chmod 640 "$root/etc/shadow"
  chown 0:42 "$root/etc/shadow"
  printf 'root:x:0:\nsudo:x:27:\nold:x:1000:\n' >"$root/etc/group"
  printf 'root:*::\nsudo:*::\nold:!::\n' >"$root/etc/gshadow"
  chmod 640 "$root/etc/gshadow"
  echo image >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 image\n' >"$root/etc/hosts"
  echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
  echo old-key >"$root/etc/ssh/ssh_host_ed25519_key"
  echo '# skel' >"$root/etc/skel/.profile"
  echo TZif2 >"$root/usr/share/zoneinfo/Europe/Vienna"
  : >"$root/bin/bash"
  "fill_$distro" "$root"
}

release_of() { # ROOT ID VERSION NAME
  printf 'ID=%s\nVERSION_ID="%s"\nPRETTY_NAME="%s"\nNAME="%s"\n' "$2" "$3" "$4" "$4" >"$1/etc/os-release"
}

systemd_in() {
  mkdir -p "$1/lib/systemd/system" "$1/etc/systemd/system/multi-user.target.wants"
  : >"$1/lib/systemd/systemd"
}

fill_debian() {
  release_of "$1" debian 12 'Debian GNU/Linux 12 (bookworm)'
  echo 12.5 >"$1/etc/debian_version"
  systemd_in "$1"
  mkdir -p "$1/etc/network/interfaces.d" "$1/etc/sudoers.d" "$1/etc/cloud"
  echo 'iface ens3 inet dhcp' >"$1/etc/network/interfaces"
  : >"$1/sbin/ifup"
  : >"$1/usr/bin/cloud-init"
}

fill_ubuntu() {
  release_of "$1" ubuntu 22.04 'Ubuntu 22.04.4 LTS'
  printf 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n' >"$1/etc/lsb-release"
  systemd_in "$1"
  mkdir -p "$1/etc/netplan"
  echo 'network: {}' >"$1/etc/netplan/50-cloud-init.yaml"
  : >"$1/usr/sbin/netplan"
}

fill_alma() {
  release_of "$1" almalinux 9.3 'AlmaLinux 9.3'
  sed -i 's/^ID=.*/ID=centos/' "$1/etc/os-release"
  echo 'CentOS Stream release 9' >"$1/etc/redhat-release"
  systemd_in "$1"
  mkdir -p "$1/etc/selinux" "$1/etc/NetworkManager/system-connections"
  : >"$1/etc/selinux/config"
  : >"$1/usr/sbin/load_policy"
  : >"$1/usr/sbin/NetworkManager"
  sed -i s/sudo/wheel/ "$1/etc/group" "$1/etc/gshadow"
  find "$1" -xdev -exec setfattr -h -n security.selinux -v 'system_u:object_r:etc_t:s0' {} +
}

fill_suse() {
  release_of "$1" opensuse-leap 15.5 'openSUSE Leap 15.5'
  systemd_in "$1"
  mkdir -p "$1/etc/sysconfig/network"
  : >"$1/etc/sysconfig/network/config"
}

fill_sysv() {
  release_of "$1" debian 7 'Debian GNU/Linux 7 (wheezy)'
  echo 7.11 >"$1/etc/debian_version"
  mkdir -p "$1"/etc/init.d "$1"/etc/rc{2,3,4,5}.d "$1/etc/network"
  : >"$1/sbin/ifup"
  : >"$1/sbin/getty"
  printf 'TARGETS = bootlogs ssh\nINTERACTIVE =\nssh: bootlogs\n' >"$1/etc/init.d/.depend.start"
  echo '1:2345:respawn:/sbin/getty 38400 tty1' >"$1/etc/inittab"
}

fill_alpine() {
  release_of "$1" alpine 3.19.1 'Alpine Linux v3.19'
  echo 3.19.1 >"$1/etc/alpine-release"
  mkdir -p "$1/etc/init.d" "$1/etc/runlevels/default" "$1/etc/network"
  : >"$1/sbin/openrc-run"
  : >"$1/sbin/ifup"
}

# ---- the helper ---------------------------------------------------------------------------

# run_helper REQUEST OUT: its events in OUT, its exit status
run_helper() {
  printf '%s' "$1" | setsid "$helper" >"$2" 2>"$2.err"
}

result() { jq -c 'select(.event == "result")' "$1"; }
code() { jq -r 'select(.event == "error") | .code' "$1"; }

inspect() { # DISK FORMAT OUT; in an appliance run by $hypervisor, if that is set
  [ -z "${hypervisor:-}" ] || local -x LIBGUESTFS_HV=$hypervisor
  run_helper "$(jq -nc --arg d "$1" --arg f "$2" \
    '{action: "inspect", request: "r-TEST01", disk: $d, format: $f}')" "$3"
}

customise_json() { # NETWORK
  jq -nc --arg hash "$hash" --arg key "$key" --argjson net "$1" '{
    root_password_hash: $hash, root_keys: [$key],
    users: [{name: "ada", password_hash: null, keys: [$key], sudo: true},
            {name: "old", password_hash: $hash, keys: [], sudo: true}],
    hostname: "web.example.org", timezone: "Europe/Vienna", network: $net,
    firstboot: {script: "echo hello", marker: "MARK-1234"}}'
}

dhcp='{"mode":"dhcp","mac":"52:54:00:AB:CD:EF"}'
static='{"mode":"static","address":"10.0.0.5/24","gateway":"10.0.0.1","dns":["10.0.0.2"],"mac":"52:54:00:ab:cd:ef"}'

prepare() { # DISK FORMAT LAYOUT-FILE SIZE CUSTOMISE OUT
  run_helper "$(result "$3" | jq -c --arg d "$1" --arg f "$2" --argjson s "$4" --argjson c "$5" \
    '{action: "prepare", request: "r-TEST02", disk: $d, format: $f, layout: ., grow: true,
      size: $s, customise: $c}')" "$6"
}

# ---- what must be true of a disk afterwards -----------------------------------------------

check_files() { # ROOT
  local root=$1
  same "root's hash is set" "$hash" "$(awk -F: '$1 == "root" { print $2 }' "$root/etc/shadow")"
  ok "the day of the last change is today's" eval \
    '[ $(($(date +%s) / 86400 - $(awk -F: "\$1 == \"root\" { print \$3 }" "$root/etc/shadow"))) -le 1 ]'
  same "shadow keeps owner and mode" "0:42 640" "$(stat -c '%u:%g %a' "$root/etc/shadow")"
  same "other lines of shadow stay" 'daemon:*:19000:0:99999:7:::' "$(grep ^daemon: "$root/etc/shadow")"
  same "a new user has its own line" "ada:x:1001:1001::/home/ada:/bin/bash" "$(grep ^ada: "$root/etc/passwd")"
  same "without a password it is locked" '!' "$(awk -F: '$1 == "ada" { print $2 }' "$root/etc/shadow")"
  same "a user that was there gets the hash" "$hash" "$(awk -F: '$1 == "old" { print $2 }' "$root/etc/shadow")"
  ok "both may use sudo" grep -Eq '^(sudo|wheel):x:27:ada,old$' "$root/etc/group"
  same "the home is the user's own" "1001:1001 700" "$(stat -c '%u:%g %a' "$root/home/ada")"
  same "skeleton files are in it" "1001" "$(stat -c %u "$root/home/ada/.profile")"
  same ".ssh is private" "1001:1001 700" "$(stat -c '%u:%g %a' "$root/home/ada/.ssh")"
  same "the keys are private" "1001:1001 600" "$(stat -c '%u:%g %a' "$root/home/ada/.ssh/authorized_keys")"
  same "and as given" "$key" "$(cat "$root/home/ada/.ssh/authorized_keys")"
  same "root's too" "$key" "$(cat "$root/root/.ssh/authorized_keys")"
  same "the hostname" web.example.org "$(cat "$root/etc/hostname")"
  ok "hosts knows it" grep -Eq '^127\.0\.[01]\.1.*web\.example\.org web' "$root/etc/hosts"
  ok "hosts forgot the image's name" eval '! grep -qw image "$root/etc/hosts"'
  same "the timezone" ../usr/share/zoneinfo/Europe/Vienna "$(readlink "$root/etc/localtime")"
  if [ -e "$root/lib/systemd/systemd" ] || [ -e "$root/usr/lib/systemd/systemd" ]; then
    same "machine-id is empty" 0 "$(stat -c %s "$root/etc/machine-id")"
  else
    ok "machine-id is another one" eval \
      'grep -Eqx "[0-9a-f]{32}" "$root/etc/machine-id" && ! grep -q 0123456789abcdef "$root/etc/machine-id"'
  fi
  ok "the image's host keys are gone" eval '! ls "$root"/etc/ssh/ssh_host_*'
  same "the first-boot program is runnable" 755 "$(stat -c %a "$root/usr/local/sbin/vmdeck-firstboot")"
  ok "and is a program of sh" sh -n "$root/usr/local/sbin/vmdeck-firstboot"
  ok "it knows the marker" grep -q "marker='MARK-1234'" "$root/usr/local/sbin/vmdeck-firstboot"
  same "the script is private and runnable" 700 "$(stat -c %a "$root/var/lib/vmdeck/firstboot/script")"
}

has() { ok "$1" grep -qF -- "$3" "$2"; }

check_debian() {
  has "ifupdown finds the interface by its address" "$1/etc/network/interfaces" 'auto mac/52:54:00:ab:cd:ef=vmdeck0'
  has "ifupdown has the address" "$1/etc/network/interfaces" 'address 10.0.0.5/24'
  has "name servers" "$1/etc/resolv.conf" 'nameserver 10.0.0.2'
  ok "what was there is set aside" test -f "$1/etc/network/interfaces.before-vmdeck"
  ok "the first-boot unit is enabled" test -e "$1/etc/systemd/system/multi-user.target.wants/vmdeck-firstboot.service" \
    -o -L "$1/etc/systemd/system/multi-user.target.wants/vmdeck-firstboot.service"
  ok "a getty is on the serial line" test -L "$1/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service"
  has "it waits for that line on a slow machine too" "$1/etc/systemd/system/dev-ttyS0.device.d/vmdeck.conf" JobRunningTimeoutSec=15min
  ok "the user without a password needs none for sudo" grep -q '^ada .*NOPASSWD' "$1/etc/sudoers.d/90-vmdeck-ada"
  same "that rule is readable to root alone" 440 "$(stat -c %a "$1/etc/sudoers.d/90-vmdeck-ada")"
  ok "cloud-init is off" test -f "$1/etc/cloud/cloud-init.disabled"
  same "Debian's timezone file" Europe/Vienna "$(cat "$1/etc/timezone")"
  same "a random seed of its own" "512 600" "$(stat -c '%s %a' "$1/var/lib/systemd/random-seed")"
}

check_ubuntu() {
  has "netplan matches the address" "$1/etc/netplan/50-vmdeck.yaml" 'macaddress: "52:54:00:ab:cd:ef"'
  has "netplan has the route" "$1/etc/netplan/50-vmdeck.yaml" 'via: "10.0.0.1"'
  same "it is private" 600 "$(stat -c %a "$1/etc/netplan/50-vmdeck.yaml")"
  ok "what was there is set aside" test ! -e "$1/etc/netplan/50-cloud-init.yaml"
}

check_alma() {
  local file=$1/etc/NetworkManager/system-connections/vmdeck.nmconnection
  has "NetworkManager has the address" "$file" 'address1=10.0.0.5/24,10.0.0.1'
  same "its file is private" 600 "$(stat -c %a "$file")"
  label() { getfattr -h --only-values -n security.selinux "$1" | tr -d '\0'; }
  same "a new file has its label" system_u:object_r:NetworkManager_etc_rw_t:s0 "$(label "$file")"
  same "keys have theirs" system_u:object_r:ssh_home_t:s0 "$(label "$1/root/.ssh/authorized_keys")"
  same "an edited file keeps its own" system_u:object_r:etc_t:s0 "$(label "$1/etc/shadow")"
  ok "so the guest is not relabelled" test ! -e "$1/.autorelabel"
}

check_suse() {
  has "wicked has the address" "$1/etc/sysconfig/network/ifcfg-eth0" "IPADDR='10.0.0.5/24'"
  has "udev names the interface" "$1/etc/udev/rules.d/70-persistent-net.rules" 'ATTR{address}=="52:54:00:ab:cd:ef"'
}

# As init and its rc of System V boot a system: the links of the runlevels, in their order, each with
# `start`. In namespaces of its own on the disk's root, with programs of this host, whose folders lie
# over those of the root.
boot_sysv() { # ROOT
  cat >"$1/rc" <<'END'
for link in /etc/rcS.d/S* /etc/rc2.d/S*; do [ ! -x "$link" ] || "$link" start; done
n=0
until grep -q ' done ' /var/log/vmdeck-firstboot.log; do
  n=$((n + 1))
  [ $n -lt 1200 ] || exit 1
  sleep 0.1
done
END
  unshare --mount --pid --net --fork --kill-child --propagation private sh -c '
    for folder in usr/bin usr/sbin usr/lib bin sbin lib lib64; do
      [ ! -d "/$folder" ] || { mkdir -p "$0/$folder" && mount --bind "/$folder" "$0/$folder"; } || exit 1
    done
    mkdir -p "$0/proc" "$0/dev" && mount -t proc none "$0/proc" && mount -t tmpfs none "$0/dev" &&
      mknod -m 666 "$0/dev/null" c 1 3 && exec chroot "$0" sh /rc' "$1"
}

check_boot_sysv() { # ROOT
  local root=$1 log=$1/var/log/vmdeck-firstboot.log
  ok "a link of runlevel 2 waits for its boot" test -L "$root/etc/rc2.d/S99vmdeck-firstboot"
  ok "it boots by System V" boot_sysv "$root"
  has "the first-boot script runs" "$log" 'vmdeck-firstboot: MARK-1234 out hello'
  has "and its end is told" "$log" 'vmdeck-firstboot: MARK-1234 done 0'
  same "its links are gone" 0 "$(find "$root"/etc/rc?.d -name '*vmdeck-firstboot' | wc -l)"
  ok "there are host keys" test -s "$root/etc/ssh/ssh_host_ed25519_key"
  cp "$log" "$root/log.before"
  ok "a second boot runs nothing" eval 'boot_sysv "$root" && cmp "$log" "$root/log.before"'
}

check_sysv() {
  ok "the first-boot script is linked for System V" test -x "$1/etc/init.d/vmdeck-firstboot" -a -L "$1/etc/rc2.d/S99vmdeck-firstboot"
  ok "and is a program of sh" sh -n "$1/etc/init.d/vmdeck-firstboot"
  same "a boot in parallel knows our scripts, each in its place" \
    "TARGETS = bootlogs ssh vmdeck-ssh-keys vmdeck-firstboot;INTERACTIVE =;ssh: bootlogs vmdeck-ssh-keys;vmdeck-firstboot: bootlogs ssh vmdeck-ssh-keys;" \
    "$(tr '\n' ';' <"$1/etc/init.d/.depend.start")"
  has "the serial line gets its getty" "$1/etc/inittab" 'respawn:/sbin/getty -L ttyS0'
  has "old ifupdown goes by name" "$1/etc/network/interfaces" 'iface eth0 inet static'
  check_boot_sysv "$1"
}

check_alpine() {
  ok "the first-boot script is linked for OpenRC" test -L "$1/etc/runlevels/default/vmdeck-firstboot"
  has "the interface" "$1/etc/network/interfaces" 'auto eth0'
}

check_size() { # DEVICE FS WANTED-BYTES ROOT
  local size
  size=$(blockdev --getsize64 "$1")
  ok "the device has the disk's size" [ $((size + 40 * 1024 * 1024)) -ge "$3" ]
  ok "the file system fills it" [ $(($(stat -f -c '%b * %S' "$4") * 100)) -ge $((size * 85)) ]
  case $2 in
    ext*) ok "the file system is sound" fsck_ext "$1" "$4" ;;
    xfs) ok "the file system is sound" fsck_xfs "$1" "$4" ;;
  esac
}

fsck_ext() { umount "$2" && e2fsck -fn "$1"; }
fsck_xfs() { umount "$2" && xfs_repair -n "$1"; }

# Bootability: what else the table says stays as it was.
table_digest() { # FILE: without sizes, the disk's end and the file's name
  sfdisk -d "$1" 2>/dev/null | grep -v '^last-lba\|^device' | sed 's/size= *[0-9]*//; s/^[^ ]* :/:/'
}

# ---- one layout from beginning to end -----------------------------------------------------

# layout NAME LAYOUT FS DISTRO FORMAT NETWORK NET-KIND INIT
layout() {
  local name=$1 layout=$2 fs=$3 distro=$4 format=$5 net=$6 disk=$work/$1.disk size=$((3 * gib))
  local raw=$work/$1.grown mnt=$work/$1.mnt number cases=0
  number=$(number_of "$layout")
  make_disk "$work/$name.raw" "$layout" "$fs" "$distro"
  ok "$name: inspected" inspect "$work/$name.raw" raw "$work/$name.inspect"
  same "$name: what inspection says" "linux true true ${fs%-@} $7 $8" "$(result "$work/$name.inspect" |
    jq -r '"\(.os.type) \(.grow.possible) \(.customise.possible) \(.grow.fs) \(.network) \(.init)" +
      if .grow.why then ": \(.grow.why)" else "" end')"
  same "$name: users and timezones" "root,old Europe/Vienna" "$(result "$work/$name.inspect" |
    jq -r '"\(.users | join(",")) \(.timezones | join(","))"')"
  if [ "$format" = qcow2 ]; then
    qemu-img create -q -f qcow2 -b "$work/$name.raw" -F raw "$disk" $size
  else
    cp "$work/$name.raw" "$disk"
    truncate -s $size "$disk"
  fi
  ok "$name: prepared" prepare "$disk" "$format" "$work/$name.inspect" $size "$(customise_json "$net")" "$work/$name.prepare"
  same "$name: what it says" "true true false" "$(result "$work/$name.prepare" | jq -r '"\(.grown) \(.customised) \(.relabel)"')"
  echo "# $name: $(jq -r 'select(.state == "done") | "\(.step) \(.ms) ms"' "$work/$name.prepare" | paste -sd,)"
  qemu-img convert -f "$format" -O raw "$disk" "$raw"
  if [ "$layout" != whole ]; then
    same "$name: the rest of the table stays" "$(table_digest "$work/$name.raw")" "$(table_digest "$raw")"
    ok "$name: another program finds no fault with the table" eval \
      'sfdisk --verify "$raw" | tee "$raw.verify" && ! grep -i "invalid\|corrupt\|mismatch\|overlap" "$raw.verify"'
  fi
  open_root "$raw" "$number" "$layout"
  mkdir -p "$mnt"
  if [ "$fs" = btrfs-@ ]; then
    mount -o subvol=@ "$device" "$mnt"
    mount -o subvol=@home "$device" "$mnt/home"
  else
    mount "$device" "$mnt"
  fi
  check_files "$mnt" | sed "s/ - / - $name: /"
  "check_$distro" "$mnt" | sed "s/ - / - $name: /"
  check_size "$device" "$fs" $size "$mnt" | sed "s/ - / - $name: /"
  close_root "$mnt"
  rm -f "$raw" "$disk"
}

# ---- what goes wrong ----------------------------------------------------------------------

refusals() {
  local cases=0 size=$((1 * gib)) one=$work/refused.raw disk=$work/refused.disk
  make_disk "$one" blocked ext4 debian
  ok "refused: inspected" inspect "$one" raw "$work/refused.inspect"
  same "refused: a partition behind the root is seen" "false true" \
    "$(result "$work/refused.inspect" | jq -r '"\(.grow.possible) \(.grow.why | test("partition 2 lies behind"))"')"
  qemu-img create -q -f qcow2 -b "$one" -F raw "$disk" $size
  # A layout that lies is caught by the disk itself.
  jq -c '.grow.possible = true | .grow += {table: "gpt", partition: 1, start: 2048, fs: "ext4",
    device: "/dev/sda1", last: true}' "$work/refused.inspect" >"$work/lying.inspect"
  ok "refused: no room behind the root" eval \
    '! prepare "$disk" qcow2 "$work/lying.inspect" $size "$(customise_json "$dhcp")" "$work/refused.out"'
  same "refused: its code" no-room "$(code "$work/refused.out")"
  result "$work/refused.inspect" | jq -c --arg d "$disk" --argjson c "$(customise_json "$dhcp")" \
    '{action: "prepare", request: "r-TEST03", disk: $d, format: "qcow2", layout: ., grow: false,
      customise: ($c + {timezone: "Mars/Phobos"})}' >"$work/mars"
  ok "refused: a timezone that the image has not" eval '! run_helper "$(cat "$work/mars")" "$work/mars.out"'
  same "refused: the zone's code" bad-timezone "$(code "$work/mars.out")"
  same "refused: for readers of any language" $'\002The image has no timezone “%s”.\037Mars/Phobos\003' \
    "$(jq -r 'select(.event == "error") | .said' "$work/mars.out")"
}

# Two volume groups of one name, as when a disk is put together from two images.
twins() {
  local cases=0 file=$work/twins.raw device n
  truncate -s 200M "$file"
  printf 'label: gpt\nsize=90M,type=lvm\ntype=lvm\n' | sfdisk -q --no-reread --no-tell-kernel "$file"
  for n in 1 2; do
    device=$(attach "$file" $n)
    guest_lvm "$device" pvcreate -q -ff -y "$device" >/dev/null
    guest_lvm "$device" vgcreate -q vd "$device" >/dev/null
    guest_lvm "$device" lvcreate -q -an -Wn -Zn -y -l 100%FREE -n root vd >/dev/null
    let_go "$device"
    open_root "$file" $n lvm
    mkfs.ext4 -q "$device"
    mkdir -p "$file.mnt"
    mount "$device" "$file.mnt"
    fill "$file.mnt" debian "$device" ext4
    close_root "$file.mnt"
  done
  ok "twins: two volume groups of one name are inspected" inspect "$file" raw "$work/twins.out"
  same "twins: they are told" "null unsupported-layout true" "$(result "$work/twins.out" |
    jq -r '"\(.os) \(.reason.code) \(.reason.message | test("two volume groups named vd"))"')"
}

# An XFS root, and an appliance that is made without xfsprogs: known before anything is launched.
no_xfs_tools() {
  local cases=0 folder=$work/guestfs layout=$work/xfs.inspect path one
  for path in /usr/lib/*/guestfs /usr/lib64/guestfs; do
    [ ! -d "$path/supermin.d" ] || break
  done
  mkdir "$folder" && cp -r "$path/supermin.d" "$folder"
  for one in "$folder"/supermin.d/*packages*; do sed -i '/^xfsprogs$/d' "$one"; done
  result "$layout" | jq -c '{action: "check", request: "r-TEST07", layout: .}' >"$work/check"
  ok "tools: with them nothing is said" run_helper "$(cat "$work/check")" "$work/check.out"
  ok "tools: without them it is" eval \
    '! LIBGUESTFS_PATH=$folder run_helper "$(cat "$work/check")" "$work/check.out"'
  same "tools: its code" no-xfs-tools "$(code "$work/check.out")"
}

# A disk that runs full under the guest's feet: an error soon, and no success.
full_disk() {
  local cases=0 tiny=$work/tiny
  mkdir "$tiny"
  mount -t tmpfs -o size=320k none "$tiny"
  qemu-img create -q -f qcow2 -b "$work/refused.raw" -F raw "$tiny/disk" $gib
  result "$work/refused.inspect" | jq -c --arg d "$tiny/disk" --argjson c "$(customise_json "$dhcp")" \
    '{action: "prepare", request: "r-TEST06", disk: $d, format: "qcow2", layout: ., grow: false,
      customise: $c}' >"$work/full"
  ok "full: a full disk of the host is no success" eval '! run_helper "$(cat "$work/full")" "$work/full.out"'
  same "full: its code" disk-full "$(code "$work/full.out")"
  umount "$tiny"
}

nothing_there() {
  local cases=0 file=$work/nothing.raw
  truncate -s 64M "$file"
  ok "nothing: an empty disk is inspected" inspect "$file" raw "$work/nothing.out"
  same "nothing: no system, and no error" "null no-os" "$(result "$work/nothing.out" | jq -r '"\(.os) \(.reason.code)"')"
  file=$work/luks.raw
  truncate -s 64M "$file"
  printf 'label: gpt\n,,L\n' | sfdisk -q --no-reread --no-tell-kernel "$file"
  # A LUKS 1 header: magic, version, cipher, mode, hash (LUKS On-Disk Format 1.2.3)
  { printf 'LUKS\272\276\0\1aes'; head -c 29 /dev/zero; printf 'xts-plain64'; head -c 21 /dev/zero
    printf 'sha256'; head -c 490 /dev/zero; } | dd of="$file" bs=512 seek=2048 conv=notrunc status=none
  printf '0b0bc0de-0b0b-4b0b-8b0b-0b0b0b0b0b0b\0' | dd of="$file" bs=1 seek=$((2048 * 512 + 168)) conv=notrunc status=none
  ok "nothing: an encrypted disk is inspected" inspect "$file" raw "$work/luks.out"
  same "nothing: it is said to be encrypted" "null encrypted" "$(result "$work/luks.out" | jq -r '"\(.os) \(.reason.code)"')"
}

# members GROUP: the processes of a process group that live
members() { ps -eo pgid=,stat=,pid= | awk -v g="$1" '$1 == g && $2 !~ /^[ZX]/ { print $3 }'; }

# start_probe OUT: sets $pid to a helper whose QEMU runs; its temporary files are in a folder of its
# own, its sockets, as libguestfs wants it, in /tmp
start_probe() {
  export TMPDIR=$work/tmp.$1
  mkdir "$TMPDIR"
  setsid "$helper" <<<'{"action":"probe","request":"r-TEST04","tcg":true}' >"$2" 2>"$work/ending.err" &
  pid=$!
  exec 7<"$2"
  ok "ending: its QEMU runs ($1)" until_ok 60 sockets_of "$pid"
}

gone() { [ -z "$(members "$1")" ]; }
# The folder of its QEMU's sockets; the QEMUs before it, which libguestfs asks what they can, have none.
sockets_of() {
  local one
  for one in $(members "$1"); do
    tr '\0' '\n' <"/proc/$one/cmdline" 2>/dev/null
  done | sed -n 's/.*path=\(.*\)\/guestfsd.sock.*/\1/p' | grep .
}

# just_made: its status and what is left, if it is ended as soon as a folder of libguestfs is there. In
# a /tmp of its own, since others come and go there.
just_made() {
  # shellcheck disable=SC2016 # for the inner shell
  unshare --mount --propagation private bash -c '
    mount -t tmpfs none /tmp
    cd /
    TMPDIR=/tmp setsid "$0" <<<"{\"action\":\"probe\",\"request\":\"r-TEST04\",\"tcg\":true}" >/dev/null 2>&1 &
    until compgen -G "/tmp/libguestfs*" >/dev/null || ! kill -0 $!; do :; done
    kill -TERM $!
    wait $!
    echo "$? $(compgen -G "/tmp/*")"' "$helper"
}

# probe_of_job FOLDER: a helper as a job's child, which dies with its starter, sets $starter and $pid
probe_of_job() {
  export TMPDIR=$work/tmp.$1
  mkdir -p "$TMPDIR" "$work/state/jobs/r-TEST04"
  # shellcheck disable=SC2016 # for the inner shell
  VMDECK_STATE_DIR=$work/state VMDECK_REQUEST=r-TEST04 bash -c '
    setsid setpriv --pdeathsig KILL "$0" <<<"{\"action\":\"probe\",\"request\":\"r-TEST04\",\"tcg\":true}" >"$1" 2>/dev/null &
    echo $! >"$2"
    wait' "$helper" "$2" "$work/pid.$1" &
  starter=$!
  exec 7<"$2"
  ok "ending: it begins ($1)" until_ok 20 test -s "$work/pid.$1"
  pid=$(cat "$work/pid.$1")
}
noted() { # FOLDER...: whether each of these folders is in the notes of the job
  local one
  for one; do grep -qxF "d$one" "$work/state/jobs/r-TEST04/traces.$pid" || return 1; done
}
# Killed with all its own, what it leaves is noted for the job to remove; killed alone, its starter
# leaves nothing, nor half an appliance.
killed() {
  local starter pid sockets fifo=$1
  probe_of_job all "$fifo"
  ok "killed: its QEMU runs" until_ok 60 sockets_of "$pid"
  sockets=$(sockets_of "$pid")
  ok "killed: its folders are noted" noted "$TMPDIR"/* "$sockets"
  kill -KILL "$starter"
  wait "$starter" 2>/dev/null
  ok "killed: with its starter it ends" until_ok 10 gone "$pid"
  same "killed: and leaves nothing" "" "$(ls -A "$TMPDIR")$(ls -d "$sockets" 2>/dev/null)"
  exec 7<&-
  export LIBGUESTFS_CACHEDIR=$work/cache
  mkdir "$LIBGUESTFS_CACHEDIR"
  probe_of_job half "$fifo"
  ok "killed: an appliance is being built" until_ok 60 eval 'compgen -G "$LIBGUESTFS_CACHEDIR/.guestfs-*/appliance.d*"'
  kill -KILL "$starter"
  wait "$starter" 2>/dev/null
  ok "killed: it ends" until_ok 10 gone "$pid"
  same "killed: and leaves no half of it" "" "$(ls -A "$TMPDIR"; compgen -G "$LIBGUESTFS_CACHEDIR/.guestfs-*/appliance.d.*")"
  exec 7<&-
  unset LIBGUESTFS_CACHEDIR
}

# A signal while the appliance launches: nothing of it is left, neither running nor on a disk.
ending() {
  local cases=0 pid sockets fifo=$work/ending.fifo status
  mkfifo "$fifo"
  start_probe TERM "$fifo"
  sockets=$(sockets_of "$pid")
  ok "ending: its sockets are known" [ -d "$sockets" ]
  kill -TERM "$pid"
  wait "$pid"
  status=$?
  same "ending: its status says so" 143 $status
  ok "ending: nobody is left" until_ok 1 gone "$pid"
  same "ending: nothing is left on the disk" "" "$(ls "$TMPDIR")$(ls -d "$sockets" 2>/dev/null)"
  exec 7<&-
  same "ending: nor is the folder that is made before it runs" "143 " "$(just_made)"
  start_probe KILL "$fifo"
  sockets=$(sockets_of "$pid")
  kill -KILL "$pid"
  wait "$pid"
  ok "ending: libguestfs' own watcher ends QEMU (KILL)" until_ok 10 gone "$pid"
  [ -z "$sockets" ] || rm -rf "$sockets" # no job here that would
  exec 7<&-
  start_probe reader "$fifo"
  exec 7<&-
  ok "ending: it ends when nobody reads it any more" until_ok 10 gone "$pid"
  wait "$pid"
  killed "$fifo"
  export TMPDIR=$work
}

# ---- the run: two at a time ---------------------------------------------------------------

first() {
  layout gpt-ext4 gpt ext4 debian qcow2 "$static" ifupdown systemd
  layout lvm-ext4 lvm ext4 ubuntu qcow2 "$static" netplan systemd
  layout btrfs gpt btrfs suse qcow2 "$static" ifcfg systemd
  # Inspected where the appliance's own disk was found first, prepared where it was not.
  hypervisor=$VMDECK_SOURCE/tests/lab/appliance-first
  layout subvolumes gpt btrfs-@ ubuntu qcow2 "$static" netplan systemd
  hypervisor=
  layout whole-ext2 whole ext2 alpine raw "$dhcp" ifupdown openrc
}

second() {
  ending
  layout mbr-primary primary ext3 sysv qcow2 "$static" ifupdown sysv
  layout mbr-logical logical ext4 debian qcow2 "$static" ifupdown systemd
  layout xfs gpt xfs alma qcow2 "$static" networkmanager systemd
  no_xfs_tools
  twins
  refusals
  full_disk
  nothing_there
}

[ "$(id -u)" = 0 ] || give_up "root, for loop devices"
command -v jq >/dev/null || give_up "jq is here"
first >"$work/first.tap" 2>"$work/first.err" &
one=$!
second >"$work/second.tap" 2>"$work/second.err"
wait $one
cat "$work/first.err" "$work/second.err" >&2
cat "$work/first.tap" "$work/second.tap"
cases=$(cat "$work"/*.tap | grep -c '^\(not \)\?ok ')
finish
