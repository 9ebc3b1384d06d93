#!/bin/bash
# The ground that the other lab tests stand on: two hosts side by side that do not see each other,
# and a `down` that ends what is its own and nothing else.
# About 50 s on two processors.
. "$(dirname "$0")/lib.bash"

second=$work/second
lab=$lab_home/lab
trap '"$lab" down "$second"; clean_up' EXIT

lab_up
ok "a second lab stands beside the first" "$lab" up "$second"
ok "a lab that is up is not brought up again" eval '! "$lab" up "$dir"'

uuid() { "$lab" exec "$1" -- virsh -c qemu:///system capabilities | sed -n 's/.*<host>//; s/.*<uuid>\(.*\)<.*/\1/p' | head -n 1; }
ok "each host has a UUID of its own" eval '[ -n "$(uuid "$dir")" ] && [ "$(uuid "$dir")" != "$(uuid "$second")" ]'
same "the default network runs" "yes" "$(vm net-info default | awk '/^Active/ { print $2 }')"
same "the default pool runs" "running" "$(vm pool-info default | awk '/^State/ { print $2 }')"

# One answer, whichever way it is asked for: the kernel's, as virsh has it too.
memory_of() { # WORD...: the last one is the question to its JSON
  deck "${@:1:$#-1}" --format json | jq -r "${!#}"
}
kernel_memory=$(vm nodememstats | awk '/total/ { print $3 * 1024 }')
same "the list of hosts has the kernel's memory" "$kernel_memory" "$(memory_of hosts '.hosts[0].memory')"
same "the host's page has the same" "$kernel_memory" "$(memory_of host show '.host.memory')"

cat >"$work/idle.xml" <<'END'
<domain type='qemu'>
  <name>idle &lt;&amp;&gt; machine</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <interface type='network'><source network='default'/></interface>
    <serial type='pty'/>
  </devices>
</domain>
END
for host in "$dir" "$second"; do
  "$lab" exec "$host" -- virsh -q define "$work/idle.xml" >/dev/null
  ok "a real QEMU starts in $(basename "$host")" \
    "$lab" exec "$host" -- virsh -q start 'idle <&> machine'
done
running() { "$lab" exec "$1" -- virsh -q list --name | grep -c .; }
same "each host sees its own machine alone" "1 1" "$(running "$dir") $(running "$second")"
ok "the machine's processor time is counted in the lab's control groups" \
  eval 'vm domstats --cpu-total "idle <&> machine" | grep -q "cpu.time=[1-9]"'
ok "the host is reached from the outside by its socket" \
  virsh -q -c "qemu+unix:///system?socket=$second/run/libvirt/libvirt-sock" dominfo 'idle <&> machine'

holder=$(cat "$second/holder.pid")
group=$(cat "$second/cgroup")
"$lab" down "$second"
same "down leaves the other host's machine running" 1 "$(running "$dir")"
ok "down ends the host's processes" eval '[ ! -d "/proc/$holder" ] && ! pgrep -f "guest=idle.*$second"'
ok "down takes the control groups away" eval '[ -z "$(find /sys/fs/cgroup -name "$group")" ]'
ok "a host comes up again with its machine" eval '"$lab" up "$second" &&
  "$lab" exec "$second" -- virsh -q dominfo "idle <&> machine"'
finish
