# Three hundred real guests, and everything that makes a console wait at once: parts of
# tests/bench/run, whose functions and names it uses.

# ---- what figures cost --------------------------------------------------------------------

guests=300

guest_xml() { # NUMBER
  cat <<END
<domain type='qemu'><name>$(printf 'guest-%03d' "$1")</name><memory unit='MiB'>16</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><controller type='usb' model='none'/>
<disk type='file'><driver name='qemu' type='raw'/><source file='/var/lib/libvirt/images/shared.raw'/>
<target dev='vda' bus='virtio'/><readonly/><shareable/></disk></devices></domain>
END
}

# By a few connections side by side: libvirt starts machines one at a time on each.
start_guests() { # COUNT STATE: running or paused
  local i at=4 pids= paused=
  [ "$2" = running ] || paused=--paused
  rm -rf "$work/guests"
  mkdir "$work/guests"
  in_lab truncate -s 1M /var/lib/libvirt/images/shared.raw || return 1
  for ((i = 1; i <= $1; i++)); do
    guest_xml $i >"$work/guests/$i.xml"
    echo "create $work/guests/$i.xml $paused" >>"$work/guests/batch-$((i % at))"
  done
  for ((i = 0; i < at; i++)); do
    in_lab virsh -q <"$work/guests/batch-$i" >"$work/guests/log-$i" 2>&1 &
    pids="$pids $!"
  done
  # shellcheck disable=SC2086 # several
  wait $pids
  [ "$(in_lab virsh -q list --name "--state-$2" | grep -c .)" = "$1" ] || {
    sort "$work"/guests/log-* | uniq -c | sort -rn | head -n 5 >&2
    return 1
  }
}

daemon_ticks() { in_lab awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$daemon/stat"; }

# Processor time of libvirtd and virsh for `virsh domstats` with these groups, ms a pass; as if asked
# once a second, whatever a pass takes. One connection for all passes, as for a program that polls.
domstats_ms() { # PASSES GROUP...
  local passes=$1 before after i client
  shift
  for ((i = 0; i < passes; i++)); do echo "domstats $*"; done >"$work/domstats"
  before=$(daemon_ticks)
  client=$(in_lab bash -c 'TIMEFORMAT="%U %S"; time virsh -q <"$1" >/dev/null' - "$work/domstats" 2>&1) || return 1
  after=$(daemon_ticks)
  # shellcheck disable=SC2086 # two numbers
  set -- $client
  compute "(($after - $before) * 1000 / $(getconf CLK_TCK) + ($1 + $2) * 1000) / $passes"
}

# The same for the console in its steady state, ms a second: itself and libvirtd.
console_ms() { # COLUMNS
  local figures own bytes rss served
  echo "columns = [ $1 ];" >"$work/columns.conf"
  figures=$(in_lab env VMDECK_BENCH_DAEMON="$daemon" "$measure" idle 20 "$guests VMs" -- \
    "$vmdeck" --config "$work/columns.conf" -c qemu:///system) || return 1
  read -r own bytes rss served <<<"$figures"
  note "columns $1: vmdeck $own %, libvirtd $served % of a processor" >&2
  compute "($own + $served) * 10"
}

what_figures_cost() {
  local all ours few group cost
  echo "starting $guests machines..." >&2
  in_lab true && daemon=$(in_lab cat /run/libvirtd.pid) &&
    start_guests $guests paused || return 1
  all=$(domstats_ms 3) || return 1
  ours=$(console_ms '"name", "state", "cpu", "mem", "disk", "net", "ip", "host"') || return 1
  few=$(console_ms '"name", "state", "cpu"') || return 1
  report "$guests guests, all columns / virsh domstats each second" "$(compute "$ours / $all")" "" 0.2
  figure "$guests guests, vmdeck and libvirtd, all columns" "$ours" ms/s
  figure "$guests guests, vmdeck and libvirtd, no memory nor disks" "$few" ms/s
  figure "$guests guests, virsh domstats, all groups" "$all" ms
  for group in state cpu-total interface balloon vcpu block perf iothread memory dirtyrate; do
    cost=$(domstats_ms 1 --$group) && figure "$guests guests, virsh domstats --$group" "$cost" ms
  done
}

# ---- everything at once -------------------------------------------------------------------

sick_pids=

# A daemon of libvirt's test driver, of an ordinary user, for somebody to freeze.
test_daemon() { # FOLDER
  mkdir -p "$1" && chmod 777 "$1" && chmod 755 "$work" || return 1
  printf 'unix_sock_dir = "%s"\nauth_unix_rw = "none"\nlog_outputs = "3:file:%s/log"\n' "$1" "$1" \
    >"$1/libvirtd.conf"
  setpriv --reuid=nobody --regid=nogroup --clear-groups env -i "HOME=$1" "XDG_RUNTIME_DIR=$1" \
    PATH="$PATH:/usr/sbin:/sbin" libvirtd --config "$1/libvirtd.conf" --pid-file "$1/pid" \
    >/dev/null 2>&1 &
  sick_pids="$sick_pids $!"
  local tries=200
  until [ -S "$1/libvirt-sock" ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    sleep 0.1
  done
}

# 100 hosts, 10,000 machines: 60 real ones, one of them frozen; a daemon that is frozen; a link that
# is mute; 97 hosts that are well.
sick_hosts() { # CONFIGURATION
  local i n
  test_daemon "$work/frozen" || return 1
  mkfifo "$work/mute.in"
  "$build/tests/lab/proxy" "$work/mute" "$work/frozen/libvirt-sock" <"$work/mute.in" >"$work/mute.out" &
  sick_pids="$sick_pids $!"
  exec 8>"$work/mute.in"
  echo mute >&8
  kill -STOP "$(cat "$work/frozen/pid")" || return 1
  {
    echo 'hosts = ('
    host_line real qemu:///system
    host_line frozen "test+unix:///default?socket=$work/frozen/libvirt-sock"
    host_line mute "test+unix:///default?socket=$work/mute"
    for ((i = 1; i <= 97; i++)); do
      n=$((i <= 46 ? 103 : 102))
      "$measure" fleet "$work/sick-$i.xml" $n >/dev/null
      host_line "well-$i" "test://$work/sick-$i.xml" "$([ $i = 97 ] || echo ,)"
    done
    echo ');'
  } >"$1"
}

# Deployments one after the other until the measuring is over: each has an appliance, booted by TCG,
# that grows the disk and writes into it, which keeps a processor busy. Their machines go at once, so
# that the others' number stays.
deployments_go_on() { # IMAGE
  local n=0
  printf 'bench secret\n' >"$work/password"
  in_lab "$vmdeck" image add "$1" --name busy >"$work/add.log" 2>&1 || return 1
  while [ ! -e "$work/enough" ]; do
    n=$((n + 1))
    in_lab "$vmdeck" deploy "busy-$n" --image busy --engine offline --disk 2G --memory 64M \
      --hostname busy --password-file "$work/password" --wait 0 --overcommit --yes \
      >"$work/add.log" 2>&1 || return 1
    gone '^busy-'
  done
}

everything_at_once() {
  local image jobs figures middle high worst took
  image=$("$source/tests/lab/image" small-gpt) || return 1
  echo "starting 60 machines..." >&2
  in_lab true && start_guests 60 running && sick_hosts "$work/sick.conf" || return 1
  deployments_go_on "$image" &
  jobs=$!
  until in_lab "$vmdeck" jobs 2>/dev/null | grep busy-1 | grep -q running; do
    kill -0 $jobs 2>/dev/null || { cat "$work/add.log" >&2; return 1; }
    sleep 0.2
  done
  in_lab sh -c 'kill -STOP $(cat /run/libvirt/qemu/guest-030.pid)' || return 1
  figures=$(in_lab "$measure" keys 1000 "10000 VMs" -- "$vmdeck" --config "$work/sick.conf") &&
    took=$(in_lab "$measure" quit 3 "10000 VMs" -- "$vmdeck" --config "$work/sick.conf")
  touch "$work/enough"
  wait $jobs || { cat "$work/add.log" >&2; return 1; }
  read -r middle high worst <<<"$figures"
  [ -n "$worst" ] && [ -n "$took" ] || return 1
  note "10,000 machines on 100 hosts, a daemon, a link and a QEMU hang, a deployment runs: key to frame median $middle us"
  report "everything at once, key to frame, 99th percentile" "$(compute "$high / 1000")" ms 16
  report "everything at once, key to frame, worst of 1000" "$(compute "$worst / 1000")" ms 50
  report "everything at once, quitting, worst of 3" "$took" ms 300
}

sick_over() {
  exec 8>&-
  # shellcheck disable=SC2086 # several
  [ -z "$sick_pids" ] || kill -KILL $sick_pids 2>/dev/null
  sick_pids=
}

# The machines of one part are none of the next one's.
lab_anew() {
  [ $lab_is_up = no ] || "$lab" down "$dir"
  lab_is_up=no
  rm -rf "$dir" "$work/enough"
}
