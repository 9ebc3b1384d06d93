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

echo "1..$n"
