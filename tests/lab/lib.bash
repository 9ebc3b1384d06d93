# What the lab's tests share: a lab that goes away with the test, cases in TAP, ways into a guest.
# Each case proves an effect; nothing waits for a time, everything for a condition with a deadline.
set -u

lab_home=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
VMDECK=${VMDECK:-$(readlink -f "$lab_home/../../build")/vmdeck}
# A test that goes through power cuts names a directory that outlives them.
work=${VMDECK_LAB_WORK:-$(mktemp -d /tmp/vmdeck-lab.XXXXXX)}
mkdir -p "$work"
chmod 755 "$work"
dir=$work/host
cases=0

clean_up() {
  if [ -n "${VMDECK_LAB_KEEP:-}${VMDECK_LAB_WORK:-}" ]; then
    echo "# kept: $dir" >&2
    return
  fi
  local host
  for host in "$work"/*/holder.pid; do # a test may have put up a second one
    [ ! -e "$host" ] || "$lab_home/lab" down "$(dirname "$host")"
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# ok NAME COMMAND...: a case that holds when the command succeeds; what it printed is shown if not.
ok() {
  local name=$1 out
  shift
  cases=$((cases + 1))
  if out=$("$@" 2>&1); then
    echo "ok $cases - $name"
  else
    echo "not ok $cases - $name"
    printf '%s\n' "$*" "$out" | tail -n 30 | sed 's/^/# /'
  fi
}

# same NAME WANTED GOT
same() {
  cases=$((cases + 1))
  if [ "$2" = "$3" ]; then
    echo "ok $cases - $1"
  else
    echo "not ok $cases - $1"
    printf 'wanted: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
  fi
}

finish() { echo "1..$cases"; }

# give_up WHY: nothing further can be proved
give_up() {
  cases=$((cases + 1))
  echo "not ok $cases - $1"
  finish
  exit 1
}

in_host() { "$lab_home/lab" exec "$dir" -- "$@"; }
vm() { in_host virsh -q "$@"; }
# The real database takes a second to load, for each image that is added.
export OSINFO_SYSTEM_DIR=$VMDECK_SOURCE/tests/osinfo
deck() { in_host "$VMDECK" "$@"; }
image() { "$lab_home/image" "$1"; }

lab_up() { "$lab_home/lab" up "$dir" || give_up "the lab comes up"; }

# until_ok SECONDS COMMAND...: as many on a quiet machine, and four times as many on one that has
# other things to do.
until_ok() {
  local end=$((SECONDS + 4 * $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# on_console DOMAIN USER PASSWORD-FILE COMMAND: prints its output
on_console() { "$lab_home/guest-console" "$dir" "$@"; }

# lease_of DOMAIN: the address that the network gave it
lease_of() {
  vm domifaddr "$1" --source lease | awk '{ sub("/.*", "", $4); if ($4 != "") { print $4; exit } }' |
    grep .
}

# by_ssh ADDRESS USER KEY COMMAND...
by_ssh() {
  local address=$1 user=$2 key=$3
  shift 3
  in_host ssh -F none -i "$key" -o BatchMode=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=10 \
    -o IdentitiesOnly=yes "$user@$address" -- "$@"
}

# deploy_status: what came of the last `deploy NAME ARGUMENT...`; its words are in $work/NAME.err
try_deploy() {
  local name=$1
  deck deploy "$@" --yes >"$work/$name.out" 2>"$work/$name.err"
}

# said NAME PATTERN: whether the deployment of NAME said so on standard error
said() { grep -Eqi -- "$2" "$work/$1.err" || { cat "$work/$1.err"; return 1; }; }

# nothing_of NAME: no machine, no volume, no medium of that name is left in the host
nothing_of() {
  local left
  left=$(
    vm list --all --name | grep -Fx -- "$1"
    vm vol-list default | grep -F -- "$1"
    find "$dir/lib/images" "$dir/vmdeck" -name "*$1*"
  )
  [ -z "$left" ] || { echo "left: $left"; return 1; }
}

# job_of NAME: the id of the newest job that makes the machine NAME
job_of() {
  deck jobs --format csv 2>/dev/null | grep -F -- "$1" | grep -Eo 'r-[A-Z0-9]+' | head -n 1 | grep .
}

# Disk size in GiB, rounded down, as `df` in the guest tells it in KiB.
gib() { echo $(($1 / 1024 / 1024)); }
