#!/bin/bash
# What the command line answers when not all is as it should be: where nothing can be written, with
# names of any kind, hosts that are mute, mistakes in the configuration. What programs read is exact.
. "$(dirname "$0")/lib.bash"
n=0

# ---- the demonstration ----

# A build that needs nothing made, whose program says where its state would be.
demo=$work/built
mkdir -p "$demo" "$work/tools"
printf '#!/bin/sh\necho "$VMDECK_STATE_DIR $VMDECK_IMAGE_DIR"\n' >"$demo/vmdeck"
printf '#!/bin/sh\n' >"$work/tools/make"
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
check "and in CSV" prints "$bidi,odd"
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
try 0 -c "$nowhere" -c "$fleet" hosts
check "one that can be reached is enough" is "$status" 0
try 3 -c "$nowhere" list
check "where there is one host only, its name says nothing" all is "$status" 3 , says "vmdeck: Cannot connect to"
try 2 --config /etc list
check "a folder is no configuration" all is "$status" 2 , quiet , says "--config" , says "/etc"
try 1 job cancel nope
check "nobody is asked to cancel a job that is not there" all is "$status" 1 , is "$err" "vmdeck: There is no job nope."
try 1 image remove nope
check "nor to remove such an image" all is "$status" 1 , says "vmdeck: There is no image nope"
try 1 script remove nope
check "nor such a script" all is "$status" 1 , says "vmdeck: There is no script nope"
try 1 template remove nope
check "nor such a template" all is "$status" 1 , says "no template nope"
try 1 -c "$fleet" start web-01
check "what a sentence names does not stand before it" is "$err" "vmdeck: web-01 is already running."
try 2 -c "$fleet" deploy
check "what must be given is all named" says "vmdeck deploy NAME --image IMAGE"
try 2 -c "$fleet" deploy new
check "an option as well, and no host is blamed for it" is "$err" "vmdeck: Something is missing; expected vmdeck deploy NAME --image IMAGE"
printf 'a\0b\n' >"$work/nul"
try 2 -c "$fleet" deploy new --image x --password-file "$work/nul"
check "a NUL in a password is named" all is "$status" 2 , says "NUL byte"
try 2 host add a test:///default c
check "of too many words the one too many is named" says "c is too much"
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

echo "1..$n"
