#!/bin/bash
# The doctor on a real host: what it finds when all is well, what it finds when a part is taken away,
# and that typing its advice puts it right.
# About 60 s on two processors.
. "$(dirname "$0")/lib.bash"

lab_up
# Its journal is made by a first command.
deck list >/dev/null

# line CHECK COLUMN: of the first line of that check
line() {
  in_host "$VMDECK" doctor --format json 2>/dev/null | python3 -c '
import json, sys
check, column = sys.argv[1:]
for row in json.load(sys.stdin)["checks"]:
    if row["check"] == check:
        print(row[column] or "")
        break' "$1" "$2"
}
# finds CHECK STATE WORDS
finds() {
  local state finding
  state=$(line "$1" state) finding=$(line "$1" finding)
  [ "$state" = "$2" ] && grep -Fq -- "$3" <<<"$finding" || { echo "$state: $finding"; return 1; }
}
# obey CHECK: types what the doctor advises, as root in the host
obey() {
  local advice
  advice=$(line "$1" advice)
  advice=${advice#Type: } advice=${advice#Type as root: }
  in_host sh -c "$advice" >/dev/null 2>&1
}
ends() { # STATUS: of the doctor
  local status=0
  deck doctor >/dev/null || status=$?
  [ $status = "$1" ] || { echo "ended with $status"; return 1; }
}

ok "a sound host passes" ends 0
ok "the daemon answers" finds libvirt ok "$(in_host libvirtd --version | awk '{ print $3 }')"
ok "the pool is active" finds "default pool" ok "is active"
ok "the network is active" finds "default network" ok "is active"
ok "the kernel can be read" finds kernel ok /boot/vmlinuz
ok "the helper is there" finds "guest helper" ok vmdeck-guest
ok "the journal can be written" finds journal ok /var/lib/vmdeck/journal.db
ok "a KVM that is out of sight is a note" finds KVM note /dev/kvm

# A KVM that opens and gives nobody a machine: the null device in its place. libvirt then asks QEMU
# anew at each step; the advice makes it believe that there is none.
cat >"$work/any.xml" <<'END'
<domain type='qemu'><name>any</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
END
define_ms() { # how long libvirt takes to define a machine
  local start
  start=$(date +%s%N)
  vm define "$work/any.xml" >/dev/null && vm undefine any >/dev/null || return 1
  echo $((($(date +%s%N) - start) / 1000000))
}
quick=$(define_ms)
in_host sh -c 'umount /dev/kvm 2>/dev/null; mknod /run/dull-kvm c 1 3 && chmod 666 /run/dull-kvm &&
  mount --bind /run/dull-kvm /dev/kvm'
restart_daemon() {
  in_host sh -c 'kill "$(cat /run/libvirtd.pid)"; rm -f /var/cache/libvirt/qemu/capabilities/*'
  until_ok 20 eval '! in_host test -e /run/libvirtd.pid'
  in_host libvirtd -d && until_ok 30 vm uri
}
ok "the daemon sees another KVM" restart_daemon
slow=$(define_ms)
second() { # what the second line of the check KVM says
  in_host "$VMDECK" doctor --format csv 2>/dev/null | grep '^KVM,note,' | sed -n 2p | grep -- "$1"
}
ok "a KVM that only seems usable is told" second 'asks QEMU anew'
ok "its advice is typed" eval 'in_host sh -c "$(second "chmod 600" | grep -o "chmod 600 /dev/kvm")"'
ok "and it is told no more" eval '! second .'
cured=$(define_ms)
echo "# defining a machine: $quick ms without KVM, $slow ms with such a one, $cured ms after the advice"
ok "defining a machine is no longer slow" [ $((cured * 4)) -lt "$slow" ]

vm net-destroy default >/dev/null
vm pool-destroy default >/dev/null
ok "a network that is not started is a note" finds "default network" note "not active"
ok "a pool that is not started is a note" finds "default pool" note "not active"
ok "notes are no failure" ends 0
ok "the advice starts the network" eval 'obey "default network" && finds "default network" ok active'
ok "the advice starts the pool" eval 'obey "default pool" && finds "default pool" ok active'
vm net-destroy default >/dev/null
vm net-undefine default >/dev/null
ok "no network is bad" finds "default network" bad "no network default"
ok "bad is a failure" ends 1

daemon=$(in_host cat /run/libvirtd.pid)
in_host kill -STOP "$daemon"
ok "a daemon that hangs is bad" finds libvirt bad "did not answer within"
in_host kill -CONT "$daemon"
in_host kill -KILL "$daemon"
ok "no daemon is bad" finds libvirt bad "Cannot connect"
ok "the advice starts the daemon" eval 'obey libvirt; until_ok 30 finds libvirt ok answers'

in_host sh -c 'printf "no database at all" >/var/lib/vmdeck/journal.db
  rm -f /var/lib/vmdeck/journal.db-*' # what was written last would put it right
ok "a damaged journal is replaced before the doctor looks" finds journal ok "can be written"
ok "and set aside" eval 'grep -q "no database at all" "$dir"/vmdeck/journal.db.damaged-*'
in_host mount -t tmpfs -o size=1m tmpfs /var/lib/vmdeck
ok "no room for the state is bad" finds "state directory" bad "free"
in_host "$VMDECK" jobs >/dev/null
in_host sh -c 'cat /dev/zero >/var/lib/vmdeck/filler 2>/dev/null; sync'
ok "a full disk is found out by writing" finds "state directory" bad "No space left"
ok "so is what it means for the journal" finds journal bad "no room left"
in_host rm /var/lib/vmdeck/filler
in_host mount -o remount,ro /var/lib/vmdeck
ok "a read-only place is bad" finds "state directory" bad "Read-only file system"
ok "so is its journal" finds journal bad "may not be written"
ok "which can still be read" eval 'deck jobs --format json | jq -e ".jobs == []"'
ok "a machine is managed all the same, and that it is not recorded is said" eval \
  'deck -c test:///default suspend test 2>&1 | grep "not recorded: The journal .* may not be written"'
in_host umount /var/lib/vmdeck
in_host mount -t tmpfs -o size=1m,ro tmpfs /var/lib/vmdeck
ok "an empty read-only place is told, with the way out" eval \
  'deck jobs 2>&1 | grep "There is no journal .*VMDECK_STATE_DIR"'
ok "and the doctor says so of the journal" finds journal bad "cannot be made"
in_host umount /var/lib/vmdeck

ok "the appliance launches" eval 'in_host env LIBGUESTFS_BACKEND=direct "$VMDECK" doctor --deep \
  --format csv 2>/dev/null | grep "^appliance,ok,.*launches in"'
finish
