#!/bin/bash
# The operations on machines by the command line, on real QEMU; what came of each is asked of virsh,
# of the files on the disk and of the guest itself. The guest is a kernel with one process, which
# says on its serial line that it is up, counts seconds, and powers off by the power button.
# About 90 s on two processors.
. "$(dirname "$0")/lib.bash"

# ---- the guest ---------------------------------------------------------------------------

pool=/var/lib/libvirt/images # in the lab; on the outside $dir/lib/images

tiny_guest() { # kernel and initramfs into the pool's folder
  local version root=$work/tiny module
  version=$(basename "$(find /boot -name 'vmlinuz-*' | sort -V | tail -n 1)" | sed 's/^vmlinuz-//')
  mkdir -p "$root/dev"
  cc -static -O2 -o "$root/init" "$lab_home/tiny-init.c" || return 1
  for module in acpi/button input/evdev; do
    cp "/lib/modules/$version/kernel/drivers/$module.ko" "$root/" || return 1
  done
  (cd "$root" && find . | cpio -o -H newc 2>/dev/null | gzip) >"$dir/lib/images/tiny.img" &&
    cp "/boot/vmlinuz-$version" "$dir/lib/images/tiny.kernel"
}

# define NAME [DEVICES]: a machine with a serial log and further devices; the name is XML
define() {
  cat >"$work/domain.xml" <<END
<domain type='qemu'>
  <name>$1</name>
  <title>lab &lt;machine&gt;</title>
  <memory unit='MiB'>128</memory>
  <vcpu current='1'>2</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>$pool/tiny.kernel</kernel>
    <initrd>$pool/tiny.img</initrd>
    <cmdline>console=ttyS0 quiet no_timer_check</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <serial type='pty'><log file='/var/log/libvirt/qemu/serial-$(machines).log' append='on'/></serial>
    ${2:-}
  </devices>
</domain>
END
  vm define "$work/domain.xml" >/dev/null
}

machines() { vm list --all --name | grep -c .; }
disk() { # TARGET FILE [MORE]
  echo "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
    <source file='$pool/$2'/><target dev='$1' bus='virtio'/>${3:-}</disk>"
}
log=$dir/log/qemu/serial-0.log # alpha is the first
said_times() { grep -c -- "$1" "$log" 2>/dev/null; }
state() { vm domstate --reason "$1"; }
is_state() { [ "$(state "$1")" = "$2" ] || { state "$1"; return 1; }; }
has_said() { # TIMES PATTERN: at least so often
  [ "$(said_times "$2")" -ge "$1" ]
}
counts_on() { # whether the guest's seconds go on from here
  local now
  now=$(said_times 'lab: second')
  until_ok 60 has_said $((now + 1)) 'lab: second'
}
refuses() { # STATUS WORDS VERB ARGUMENT...: ends so and says so
  local wanted=$1 words=$2 out status=0
  shift 2
  out=$(deck "$@" --yes 2>&1) || status=$?
  [ "$status" = "$wanted" ] && grep -Fq -- "$words" <<<"$out" || { echo "$status: $out"; return 1; }
}
autostart() { vm dominfo "$1" | awk '/^Autostart/ { print $2 }'; }
volume_there() { vm vol-info "$1" default >/dev/null 2>&1; }
json() { # FILTER VERB ARGUMENT...
  local filter=$1
  shift
  deck "$@" --format json | python3 -c "import json,sys; d=json.load(sys.stdin); print($filter)"
}

lab_up
mkdir -p "$dir/log/qemu" # libvirt makes it with the first log of its own
tiny_guest || give_up "the small guest is made"
for name in alpha base common; do
  vm vol-create-as default "$name.qcow2" 64M --format qcow2 >/dev/null
done
vm vol-create-as default disc.iso 1M --format raw >/dev/null
define alpha "$(disk vda alpha.qcow2)
  <disk type='file' device='cdrom'><driver name='qemu' type='raw'/>
    <source file='$pool/disc.iso'/><target dev='hdc' bus='ide'/><readonly/></disk>
  <interface type='network'><mac address='52:54:00:00:0a:01'/><source network='default'/>
    <model type='virtio'/></interface>"
define 'b &lt;&amp;&gt; "$(id)"'
strange='b <&> "$(id)"'

# ---- power -------------------------------------------------------------------------------

ok "start" deck start alpha
ok "start has started it" is_state alpha "running (booted)"
until_ok 120 has_said 1 'lab: up' || give_up "its kernel runs"
ok "start refuses what runs" refuses 1 "alpha is already running" start alpha
id=$(vm domid alpha)

ok "suspend" deck suspend alpha
ok "suspend has paused it" is_state alpha "paused (user)"
ok "QEMU itself is paused" eval \
  'vm qemu-monitor-command --hmp alpha "info status" | grep -q "status: paused"'
ok "shutdown refuses what is paused" refuses 1 "resume it first" shutdown alpha
ok "suspend refuses what is paused" refuses 1 "already paused" suspend alpha
ok "resume" deck resume alpha
ok "resume lets it run" is_state alpha "running (unpaused)"
ok "the guest goes on" counts_on

ok "reset" deck reset alpha --yes
ok "reset boots it again" until_ok 120 has_said 2 'lab: up'
same "reset asks the guest nothing" 0 "$(said_times 'lab: power button')"
ok "reboot" deck reboot alpha --yes
ok "reboot boots it again" until_ok 120 has_said 3 'lab: up'
same "reboot presses the power button" 1 "$(said_times 'lab: power button')"
same "it is the same QEMU all along" "$id" "$(vm domid alpha)"

ok "save" deck save alpha
ok "save has stopped it" is_state alpha "shut off (saved)"
ok "libvirt has its memory" test -s "$dir/lib/qemu/save/alpha.save"
same "its details say so" "True" "$(json "d['general']['managed_save']" show alpha)"
ok "restore" deck restore alpha
ok "restore lets it run" is_state alpha "running (restored)"
ok "the guest goes on after restore" counts_on
ok "save again" deck save alpha
ok "start restores it as well" deck start alpha
ok "the guest goes on after start" counts_on
same "it has not booted for it" 3 "$(said_times 'lab: up')"

ok "shutdown" deck shutdown alpha --yes
ok "the guest shuts down by itself" until_ok 60 is_state alpha "shut off (shutdown)"
same "by its power button" 2 "$(said_times 'lab: power button')"
ok "restore refuses without a saved state" refuses 1 "no saved state" restore alpha
ok "poweroff refuses what is off" refuses 1 "is not running" poweroff alpha

ok "several machines start by one command" deck start alpha "$strange"
ok "the first runs" is_state alpha "running (booted)"
ok "one with a strange name too" is_state "$strange" "running (booted)"
ok "poweroff of both" deck poweroff alpha "$strange" --yes
ok "poweroff has stopped the first" is_state alpha "shut off (destroyed)"
ok "poweroff has stopped the other" is_state "$strange" "shut off (destroyed)"
ok "what cannot start is told in libvirt's words" eval '
  mv "$dir/lib/images/alpha.qcow2" "$dir/lib/images/away" &&
  refuses 1 "alpha could not be started: " start alpha &&
  mv "$dir/lib/images/away" "$dir/lib/images/alpha.qcow2"'

# ---- definition --------------------------------------------------------------------------

ok "autostart on" deck autostart alpha --state on
same "libvirt starts it with the host" enable "$(autostart alpha)"
ok "autostart toggle" deck autostart alpha
same "it is off again" disable "$(autostart alpha)"
ok "rename refuses a used name" refuses 1 "in use" rename "$strange" alpha
ok "rename refuses a bad name" refuses 2 "" rename alpha 'a/b'
ok "rename" deck rename "$strange" beta
same "rename has renamed it" "alpha beta" "$(vm list --all --name | sort | xargs)"

# ---- questions ---------------------------------------------------------------------------

same "the XML is libvirt's" "$(vm dumpxml alpha)" "$(deck xml alpha)"
same "show has the disk's size" $((64 << 20)) "$(json "d['disks'][0]['capacity']" show alpha)"
same "show has the title" "lab <machine>" "$(json "d['general']['title']" show alpha)"
same "show has CPUs now and at most" "1 2" \
  "$(json "d['general']['vcpus'], d['general']['vcpus_max']" show alpha | tr -d '(),')"
ok "alpha runs for the questions" deck start alpha
qemu=$(cat "$dir/run/libvirt/qemu/alpha.pid")
stopped() { # COMMAND...: while alpha's QEMU answers nothing
  local status=0
  in_host kill -STOP "$qemu"
  "$@" || status=$?
  in_host kill -CONT "$qemu"
  return $status
}
ok "a machine whose QEMU hangs can be looked at" stopped deck show alpha
ok "pools says what virsh says" eval '
  [ "$(json "d[\"pools\"][0][\"path\"]" pools)" = "$pool" ]'
same "networks has the lab's" "default active nat" \
  "$(json "' '.join(d['networks'][0][k] for k in ('name', 'state', 'mode'))" networks)"
same "host show counts the machines" "1 1" \
  "$(json "str(d['host']['running']) + ' ' + str(d['host']['off'])" host show)"

# ---- delete ------------------------------------------------------------------------------

ok "delete refuses what runs" refuses 1 "power it off first" delete alpha --volumes
ok "its disk is still there" volume_there alpha.qcow2
ok "alpha is powered off" deck poweroff alpha --yes
ok "delete refuses without --yes" eval '! deck delete alpha </dev/null'
same "and nothing is gone" 2 "$(machines)"

# One that is shared with beta, and one below an overlay that libvirt has not heard of.
vm attach-disk alpha $pool/base.qcow2 vdb --driver qemu --subdriver qcow2 --config >/dev/null
vm attach-disk alpha $pool/common.qcow2 vdc --driver qemu --subdriver qcow2 --config >/dev/null
vm attach-disk beta $pool/common.qcow2 vda --driver qemu --subdriver qcow2 --config >/dev/null
in_host qemu-img create -q -f qcow2 -F qcow2 -b $pool/base.qcow2 $pool/overlay.qcow2
reasons() { json "'; '.join((v['target'] or '') + ' ' + (v['reason'] or 'goes') for v in d['volumes'])" "$@"; }
same "volumes says what goes, what stays and why" \
  "vda goes; vdb the volume overlay.qcow2 stands on it; vdc used by beta; hdc a CD-ROM" \
  "$(reasons volumes alpha)"
ok "the question names the volumes" eval \
  'deck delete alpha --volumes </dev/null 2>&1 | grep -Eq "$pool/alpha.qcow2 .* yes"'
vm snapshot-create-as alpha before >/dev/null
same "show counts the snapshot" 1 "$(json "d['general']['snapshots']" show alpha)"
ok "delete with volumes" deck delete alpha --volumes --yes
same "the machine is gone" beta "$(vm list --all --name | xargs)"
ok "its own disk is gone" eval '! volume_there alpha.qcow2 && [ ! -e "$dir/lib/images/alpha.qcow2" ]'
for file in base.qcow2 overlay.qcow2 common.qcow2 disc.iso; do
  ok "$file is kept" test -e "$dir/lib/images/$file"
done
ok "a saved machine is deleted" eval 'deck start beta && deck save beta && deck delete beta --yes'
same "no machine is left" 0 "$(machines)"
ok "nor its saved memory" eval '[ -z "$(ls "$dir/lib/qemu/save")" ]'
ok "its disk is kept without --volumes" volume_there common.qcow2

finish
