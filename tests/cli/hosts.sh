#!/bin/bash
# Hosts on the command line: added, changed, removed and tested, and what the configuration then
# holds; against libvirt's test driver.
set -u
: "${VMDECK:?the program to test}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VMDECK_STATE_DIR=$work/state VMDECK_SYSTEM_CONFIG=$work/system.conf XDG_CONFIG_HOME=$work/own
conf=$work/own/vmdeck/vmdeck.conf
export LIBVIRT_DEFAULT_URI=test:///default
n=0

run() {
  "$VMDECK" "$@" >"$work/out" 2>"$work/err" </dev/null
  status=$?
}
# check NAME STATUS WORDS [GREP IN out or err]
check() {
  local name=$1 wanted=$2 words=$3
  n=$((n + 1))
  if [ "$status" = "$wanted" ] && grep -qF -- "$words" "$work/out" "$work/err"; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    echo "# status $status, wanted $wanted and “$words”"
    sed 's/^/# /' "$work/out" "$work/err"
  fi
}
# holds NAME FILE: the text on standard input is what the file holds
holds() {
  n=$((n + 1))
  if cmp -s - "$2"; then
    echo "ok $n - $1"
  else
    echo "not ok $n - $1"
    sed 's/^/# /' "$2"
  fi
}

cat >"$work/fleet.xml" <<'X'
<node>
  <domain type='test'><name>web-01</name><uuid>11111111-1111-4111-8111-111111111111</uuid>
    <memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>
</node>
X
fleet=test://$work/fleet.xml

run host add fleet "$fleet"
check "a host is added" 0 "Add a host: fleet"
holds "with the default that would have gone" "$conf" <<X
hosts = (
  { name = "local"; },
  { name = "fleet"; uri = "$fleet"; }
);
X
run list
check "and its machines are listed" 0 web-01
run host add fleet qemu:///system
check "no name twice" 1 "there is a host fleet already"
run host add a/b qemu:///system
check "no name that names a machine" 2 "no name for a host"
run host add b qemuu:///system
check "a wrong address says what is wrong with it" 3 "qemuu"
run host add b foo
check "nor is a word an address" 3 "“foo” is no address"
run host edit fleet --uri qemu
check "a driver's name alone neither" 3 "“qemu” is no address"
mkdir -p "$work/own/libvirt"
printf '# uri_aliases = [ "hail=qemu:///system" ]\nuri_aliases = [\n  "snow=test:///default"\n]\n' \
  >"$work/own/libvirt/libvirt.conf"
run host add b hail
check "an alias that is commented out is none" 3 "“hail” is no address"
run host add flakes snow
check "one of libvirt's client configuration is" 0 "Add a host: flakes"
run host add b
check "an address is needed" 2 "Something is missing"

# somebody's hand
cat >"$conf" <<X
# ours
hosts = (
  { name = "local"; },   # here
  // the fleet {
  { name = "fleet"; uri = "$fleet"; } # last
);
mouse = false; # no mouse
X
chmod 600 "$conf"
run host edit fleet --name wide
check "a host gets another name" 0 "Edit a host: fleet"
run host edit wide --uri "$fleet?x=1"
check "and another address" 0 "Edit a host: wide"
run host remove local --yes
check "a host is removed" 0 "Remove a host: local"
holds "the rest is as it was" "$conf" <<X
# ours
hosts = (
  # here
  // the fleet {
  { name = "wide"; uri = "$fleet?x=1"; } # last
);
mouse = false; # no mouse
X
n=$((n + 1))
[ "$(stat -c %a "$conf")" = 600 ] && echo "ok $n - with its mode" || echo "not ok $n - with its mode"
run host remove wide
check "it asks before it removes" 2 "Say --yes"
run host edit nowhere --name b
check "a host that is not there" 1 "There is no host “nowhere”"
run -c "$fleet" host edit fleet --name b
check "one that stands in no file" 1 "stands in no configuration file"

# each file keeps its own
cat >"$VMDECK_SYSTEM_CONFIG" <<X
hosts = ( { name = "common"; uri = "$fleet"; } );
X
run host edit common --name shared
check "a host is changed where it stands" 0 "Edit a host: common"
holds "in the other file" "$VMDECK_SYSTEM_CONFIG" <<X
hosts = ( { name = "shared"; uri = "$fleet"; } );
X
echo 'hosts = ( oops' >"$conf"
run host add c "$fleet"
check "a file with a mistake is left alone" 2 "was left as it is"
holds "as it is" "$conf" <<<'hosts = ( oops'
run --config "$work/other.conf" hosts
check "--config names a file that is there" 2 "There is no file"
: >"$work/other.conf"
run --config "$work/other.conf" host add only "$fleet"
check "and has the hosts that are added" 0 only
grep -q only "$work/other.conf" && status=0 || status=1
check "in it" 0 ""
rm "$conf"

run host test "$fleet"
check "an address is tested" 0 "Answered in"
run host test shared --format json
check "or a host by its name" 0 '"machines" : 1'
run host test qemu+tcp://127.0.0.1:1/system
check "where nobody listens" 3 "the connection is refused"
run host test 'qemu+tls://127.0.0.1:1/system?no_veryfy=1'
check "what libvirt ignores in an address is named" 3 "libvirt ignores “no_veryfy” in this address"
run host test "test:///$work/nofile.xml"
check "a file that is not there is told, in whole sentences" 3 ". It took"
n=$((n + 1))
grep -q "I/O warning" "$work/err" && echo "not ok $n - by us alone" || echo "ok $n - by us alone"
run host test qemuu:///system
check "or that is none" 3 "libvirt does not know"

# libvirt leaks a descriptor when the other end closes just as it opens it.
began=${EPOCHREALTIME/[.,]/}
PATH=/nonexistent "$(dirname "$VMDECK")/vmdeck-ssh" kvm1 >"$work/out" 2>"$work/err" </dev/null
status=$?
check "without an ssh it is said that there is none" 127 "ssh: "
[ $((${EPOCHREALTIME/[.,]/} - began)) -ge 100000 ] && status=0 || status=1
check "and not in the moment in which libvirt opens" 0 ""

run host add spelt 'qemu+ssh://kvm1/system?key_file=/x&no_tty=1'
check "a host whose address has what libvirt ignores is added, with a word" 0 "libvirt ignores “key_file”"
run host connect shared
check "connections are the console's" 2 "There is no command host connect"
echo "1..$n"
