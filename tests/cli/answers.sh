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

echo "1..$n"
