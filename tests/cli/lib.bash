# What the tests of the command line share: a place, a fleet of libvirt's test driver, and how a case
# is tried. Sourced.
set -u
: "${VMDECK:?the program to test}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export VMDECK_STATE_DIR=$work/state VMDECK_SYSTEM_CONFIG=$work/none.conf
n=0

# try STATUS WORDS... : runs vmdeck; out, err and status hold what came. One that hangs is ended, so
# that its case fails by name.
try() {
  local wanted=$1
  shift
  timeout -k 5 60 "$VMDECK" "$@" >"$work/out" 2>"$work/err" </dev/null
  status=$?
  out=$(<"$work/out")
  err=$(<"$work/err")
  [ "$status" = "$wanted" ]
}

# check NAME CONDITION... : one test case.
check() {
  local name=$1
  shift
  n=$((n + 1))
  if "$@"; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    echo "# status $status"
    sed 's/^/# out: /' "$work/out"
    sed 's/^/# err: /' "$work/err"
  fi
}

all() { # all CONDITION , CONDITION ... : every one of them
  local words=() word
  for word in "$@" ,; do
    if [ "$word" = , ]; then
      "${words[@]}" || return 1
      words=()
    else
      words+=("$word")
    fi
  done
}
prints() { [[ $out == *"$1"* ]]; }
says() { [[ $err == *"$1"* ]]; }
quiet() { [ -z "$out" ]; }
# One JSON document and nothing else: the test of the journal's own reader.
one_json() { sqlite3 :memory: "SELECT json_valid(readfile('$work/out'))" | grep -qx 1; }
json() { sqlite3 :memory: "SELECT json_extract(CAST(readfile('$work/out') AS TEXT), '$1')"; }
is() { [ "$1" = "$2" ]; }

cat >"$work/fleet.xml" <<'X'
<node>
  <domain type='test'><name>web-01</name><uuid>11111111-1111-4111-8111-111111111111</uuid>
    <memory unit='MiB'>512</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>
  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>db, "one"</name><uuid>22222222-2222-4222-8222-222222222222</uuid>
    <memory unit='MiB'>1024</memory><vcpu>1</vcpu><os><type>hvm</type></os>
    <test:runstate>5</test:runstate></domain>
</node>
X
fleet=test://$work/fleet.xml
