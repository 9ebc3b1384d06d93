#!/bin/bash
# What the command line answers when not all is as it should be: where nothing can be written, with
# names of any kind, hosts that are mute, mistakes in the configuration. What programs read is exact.
# About 20 s on two processors.
. "$(dirname "$0")/lib.bash"
n=0

# ---- the demonstration ----

# A build that needs nothing made, whose program says where its state would be.
demo=$work/built
mkdir -p "$demo" "$work/tools"
printf '#!/bin/sh\necho "$VMDECK_STATE_DIR $VMDECK_IMAGE_DIR"\n' >"$demo/vmdeck"
for tool in make apt-get apt-cache sudo; do printf '#!/bin/sh\n' >"$work/tools/$tool"; done
printf '#!/bin/sh\necho installed\n' >"$work/tools/dpkg-query"
: >"$demo/config.status"
chmod +x "$demo/vmdeck" "$work"/tools/*
PATH=$work/tools:$PATH VMDECK_BUILD=$demo VMDECK_STATE_DIR=$work/mine VMDECK_IMAGE_DIR=$work/mine/images \
  "$VMDECK_SOURCE/dev" run --demo >"$work/out" 2>"$work/err" </dev/null
status=$? out=$(<"$work/out") err=$(<"$work/err")
check "the demonstration leaves the person's own state alone" all is "$status" 0 , is "$out" "$demo/demo $demo/demo/images"

# ---- what programs read ----

bidi=$'a\u202eb\u200bc'
sed "s/web-01/$bidi/" "$work/fleet.xml" >"$work/odd.xml"
odd=test://$work/odd.xml
try 0 -c "$odd" list --format json
check "a name is exact in JSON, by numbers" all prints '"a\u202eb\u200bc"' , is "$(json '$.machines[0].name')" "$bidi"
try 0 -c "$odd" list --format csv
check "and in CSV, but for the one that turns the order of letters round" prints $'a\ufffdb\u200bc,odd'
try 0 -c "$odd" list
check "the table shows where something is hidden" prints $'a\ufffdb\ufffdc'
try 0 -c "$odd" suspend "$bidi" --format json
check "an outcome names it exactly" is "$(json '$.requests[0].target')" "$bidi"
try 0 -c "$odd" xml "$bidi"
check "so does the XML that goes into a file" prints "<name>$bidi</name>"

# on_terminal COLUMNS WORDS...: what comes on a terminal so wide
on_terminal() {
  local columns=$1
  shift
  script -qec "stty cols $columns; '$VMDECK' $(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r' >"$work/out"
  out=$(<"$work/out")
}
widest() { LC_ALL=C.UTF-8 wc -L <"$work/out"; }
on_terminal 90 -c nosuch:///x -c "$fleet" hosts
check "on a terminal a table is as wide as that" all test "$(widest)" -le 90 , prints "driver's"
try 0 -c nosuch:///x -c "$fleet" hosts
check "in a pipe it is whole" all test "$(widest)" -gt 100

# ---- statuses and sentences ----

nowhere=qemu+unix:///system?socket=/nonexistent
try 3 -c "$nowhere" hosts
check "hosts of which none can be reached: status 3, and they are listed" all is "$status" 3 , prints "$nowhere" , is "$err" ""
try 3 -c "$nowhere" -c "$fleet" hosts
check "one of several as well, as in a list of machines" all is "$status" 3 , prints "no libvirt daemon listens there" , is "$err" ""
try 0 -c "$nowhere" -c "$fleet" --host fleet hosts
check "but not for one that was not asked for" is "$status" 0
try 3 -c "$nowhere" list
check "where there is one host only, its name says nothing" all is "$status" 3 , says "vmdeck: Cannot connect to"
try 2 --config /etc list
check "a folder is no configuration" all is "$status" 2 , quiet , says "--config" , says "/etc"
try 1 job cancel nope
check "nobody is asked to cancel a job that is not there" all is "$status" 1 , is "$err" "vmdeck: There is no job nope."
try 1 image remove nope
check "nor to remove such an image" all is "$status" 1 , says "vmdeck: There is no image “nope”"
try 1 script remove nope
check "nor such a script" all is "$status" 1 , says "vmdeck: There is no script nope"
try 1 template remove nope
check "nor such a template" all is "$status" 1 , says "no template nope"
try 1 -c "$fleet" start web-01
check "what a sentence names does not stand before it" is "$err" "vmdeck: web-01 is already running."
try 2 -c "$fleet" deploy
check "what must be given is all named" says "vmdeck deploy NAME… --image IMAGE"
try 2 -c "$fleet" deploy new
check "an option as well, and no host is blamed for it" is "$err" "vmdeck: Something is missing; expected vmdeck deploy NAME… --image IMAGE"
printf 'a\0b\n' >"$work/nul"
try 2 -c "$fleet" deploy new --image x --password-file "$work/nul"
check "a NUL in a password is named" all is "$status" 2 , says "NUL byte"
try 2 host add a test:///default c
check "of too many words the one too many is named" says "c is too much"
try 2 -c "$fleet" rename web-01 new extra
check "as well behind a machine" says "extra is too much"
on_terminal 80 help deploy
check "help fits the terminal" all test "$(widest)" -le 80 , prints "--image IMAGE"
try 2 completion zsh
check "another shell's completion is told, with the one there is" all is "$status" 2 , says "vmdeck completion bash" , quiet
try 0 help
check "help is a command, and lists all that are not verbs too" all is "$status" 0 , prints "completion bash" , prints "  manual " , prints "help [COMMAND]"
try 0 help image add
check "help of a command" all is "$status" 0 , prints "vmdeck image add FILE"
try 0 help image
check "help of commands that begin alike" all is "$status" 0 , prints "image add FILE" , prints "image remove IMAGE"
try 2 help nope
check "help of what is no command" all is "$status" 2 , says "no command nope" , quiet

# ---- a long log ----

mkdir -p "$VMDECK_STATE_DIR/jobs/r-7K2M9Q"
seq -f 'line %.0f of a log that is long' 1 3000 >"$VMDECK_STATE_DIR/jobs/r-7K2M9Q/log"
try 0 job log r-7K2M9Q
check "a log is printed to its end" all is "$(grep -c '^line' <<<"$out")" 3000 , prints "line 3000 of"
seq -f 'line %.0f of a log that is very long' 1 200000 >"$VMDECK_STATE_DIR/jobs/r-7K2M9Q/log"
"$VMDECK" job log r-7K2M9Q >"$work/long" 2>/dev/null </dev/null
check "of one that is very long the end is, and what is missing is told" all \
  grep -q "before this are left out" <<<"$(head -n 1 "$work/long")" , \
  is "$(tail -n 1 "$work/long" | tr -d '\n')" "line 200000 of a log that is very long" , \
  is "$(sed -n 3p "$work/long" | tr -cd 0-9)" "$(($(sed -n 2p "$work/long" | tr -cd 0-9) + 1))"
rm -r "$VMDECK_STATE_DIR/jobs/r-7K2M9Q"

# ---- a host that is mute ----

# mute FILE: a socket there that takes connections and says nothing; its process is in $mute
mute() {
  python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(64)
open(sys.argv[1] + ".up", "w").close()
time.sleep(3600)' "$1" &
  mute=$!
  until [ -e "$1.up" ] || ! kill -0 "$mute"; do sleep 0.05; done
}
mute "$work/mute"
trap 'kill "$mute"; rm -rf "$work"' EXIT
silent=qemu+unix:///system?socket=$work/mute
try 3 -c "$fleet" -c "$silent" list --timeout 6
check "a mute host is given up after --timeout, and named" all is "$status" 3 , prints web-01 , says "host local: no answer within 6 seconds"
try 3 -c "$fleet" -c "$silent" hosts --timeout 1
check "so it is in the list of hosts, with the reason in its row" all is "$status" 3 , prints "no answer within 1 second" , is "$err" ""
try 3 -c "$fleet" -c "$silent" hosts --timeout 1 --format csv
check "for programs as well" prints "$silent,no answer within 1 second"
try 3 -c "$fleet" -c "$silent" hosts --timeout 1 --format json
check "in JSON, too" all one_json , is "$(json '$.hosts[1].error')" "no answer within 1 second" , is "$(json '$.hosts[1].state')" connecting
try 3 -c "$silent" list --timeout 1 --format json
check "one that is alone as well, and JSON is a document all the same" all is "$status" 3 , one_json , says "no answer within 1 second"
# job ID STATE OUTCOME: one that has ended so
job() {
  local now=${EPOCHSECONDS}000000
  sqlite3 "$VMDECK_STATE_DIR/journal.db" "INSERT INTO request (id, verb, author, begun, ended, outcome)
    VALUES ('$1', 'deploy', 'anna', $now, $now, '$3'); INSERT INTO job (id, verb, title, target, author, state,
    created, started, ended, error) VALUES ('$1', 'deploy', 'deploy a', 'a', 'anna', '$2', $now, $now, $now, 'So.')"
}
try 0 -c "$fleet" suspend web-01
ends() { # STATUS STATE OUTCOME: what following such a job ends with
  job "r-AAAA$1$1" "$2" "$3" && try "$1" job follow "r-AAAA$1$1"
}
check "a job that failed is a failure: status 1" ends 1 failed failed
check "one whose host did not answer: 3" ends 3 failed unreachable
check "one that was not permitted: 4" ends 4 failed denied
check "one that nobody knows the end of: 5" ends 5 unknown unknown
try 2 list --timeout 0
check "a time that is none is refused" all is "$status" 2 , says "--timeout: expected 1 to"
try 3 -c "$fleet" -c "$silent" host test "$silent" --timeout 1
check "and it is tried no longer than that" all is "$status" 3 , says "does not answer"
try 1 -c "$silent" doctor --timeout 1
check "nor by the doctor" all prints "did not answer within 1 second"
# What is there is printed long before the mute one is given up.
"$VMDECK" -c "$silent" -c "$fleet" list --timeout 3600 >"$work/early" 2>/dev/null </dev/null &
early=$!
for ((i = 0; i < 1200; i++)); do
  grep -q web-01 "$work/early" && break
  sleep 0.05
done
check "the machines of the others come at once" all grep -q "^Name" "$work/early" , grep -q "web-01" "$work/early" , kill -0 "$early"
kill "$early" && wait "$early" 2>/dev/null
try 0 -c "$silent" -c "$fleet" --host fleet list
check "who names a host waits for no other" all is "$status" 0 , prints web-01 , is "$err" ""

echo "1..$n"
