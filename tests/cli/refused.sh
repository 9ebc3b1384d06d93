#!/bin/bash
# What is known to be impossible is refused before there is a job: by the words, by the image's
# record, by the machine's disk, by what this host has.
# About 5 s on two processors.
. "$(dirname "$0")/lib.bash"
images=$VMDECK_STATE_DIR/images
mkdir -p "$images"
# put NAME MIB LAYOUT: an image as if it had been added, a raw disk with a partition table
put() {
  truncate -s "$2M" "$work/disk"
  printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\010\0\0' | dd of="$work/disk" bs=1 seek=446 conv=notrunc status=none
  printf '\125\252%s' "$1" | dd of="$work/disk" bs=1 seek=510 conv=notrunc status=none
  sum=$(sha256sum <"$work/disk" | cut -d' ' -f1)
  mv "$work/disk" "$images/$sum.raw"
  printf '{"sha256": "%s", "format": "raw", "virtual_size": %d, "file_size": %d, "added": 1, "growable": true, "layout": %s}\n' \
    "$sum" $(($2 << 20)) $(($2 << 20)) "$3" >"$images/$1.json"
}
linux() { # FS
  printf '{"os": {"type": "linux", "distro": "debian", "arch": "x86_64"}, "root": "/dev/sda1", "text": "partition 1, %s",
    "grow": {"possible": true, "partition": 1, "fs": "%s"}, "customise": {"possible": true}, "init": "systemd",
    "network": "none"}' "$1" "$1"
}
put xfs 4 "$(linux xfs)"
put plain 4 "$(linux ext4)"
put lost 4 "$(linux ext4)"
rm "$images/$sum.raw"
jobs() { sqlite3 "$VMDECK_STATE_DIR/journal.db" 'SELECT count(*) FROM job' 2>/dev/null || echo 0; }
# refused NAME WORDS ARGUMENT... : with these words, and no job
refused() {
  local name=$1 words=$2 before
  shift 2
  before=$(jobs)
  try 0 "$@"
  check "$name" all eval '[ "$status" != 0 ]' , says "$words" , is "$(jobs)" "$before"
}

# ---- the helper and its appliance

cat >"$work/helper" <<'END'
#!/bin/sh
cat >/dev/null
printf '%s\n' '{"event":"error","code":"no-xfs-tools","message":"No tools for it: install libguestfs-xfs."}'
exit 1
END
chmod 755 "$work/helper"
new=(-c test:///default deploy new --pool default-pool --memory 64M --yes)
VMDECK_GUEST=$work/helper refused "an XFS root, and an appliance without its tools" libguestfs-xfs \
  "${new[@]}" --image xfs --disk 1G
VMDECK_GUEST=$work/helper refused "the same for several" libguestfs-xfs "${new[@]}" more --image xfs --disk 1G
export VMDECK_GUEST=$work/none
refused "a machine that is set up, without the helper" "The guest helper $work/none is missing" "${new[@]}" --image plain
refused "an image that is prepared" "guest helper" image prepare plain
truncate -s 4M "$work/new.raw"
printf '\125\252' | dd of="$work/new.raw" bs=1 seek=510 conv=notrunc status=none
refused "one that is added" "guest helper" image add "$work/new.raw"
refused "one that is made" "guest helper" -c "$fleet" image make web-01 --name made
unset VMDECK_GUEST

# ---- images whose disk is gone, and places where nothing can be

refused "a lost image is not prepared" "is gone" image prepare lost
refused "nor published" "is gone" image publish "$work/shelf" --image lost
check "and no folder is made for it" test ! -e "$work/shelf"
refused "nor exported" "is gone" image export lost "$work/lost.raw"
touch "$work/file"
refused "nothing is published into a file" "$work/file: Not a directory" image publish "$work/file" --image plain
refused "nor below one" "$work/file: Not a directory" image publish "$work/file/a/b" --image plain
refused "nor exported into a folder that is not there" "$work/none: No such file" \
  image export plain "$work/none/plain.raw"
mkdir "$work/shelf"
export GNUPGHOME=$work/gnupg
mkdir -m 700 "$GNUPGHOME"
refused "nothing is signed by a key that nobody has" "GnuPG has no secret key “nobody@example.org”" \
  image publish "$work/shelf" --image plain --key nobody@example.org
touch "$work/shelf/index.asc"
refused "nor is one that was signed lagged behind" "is signed: give --key" image publish "$work/shelf" --image plain
rm "$work/shelf/index.asc"
printf 'no index\n' >"$work/shelf/index"
refused "nothing is added to what is no index" "is there and is no index" image publish "$work/shelf" --image plain
rm "$work/shelf/index"

# ---- what is fetched, and what machines are

printf '[plain]\nfile=plain.xz\nsize=4194304\nrevision=3\nchecksum=%0128d\n' 7 >"$work/shelf/index"
printf 'sources = ( { name = "near"; kind = "virt-builder"; url = "file://%s/index"; } );\n' "$work/shelf" >"$work/near.conf"
try 0 --config "$work/near.conf" image refresh
check "a catalogue is read" is "$status" 0
refused "a name that an image from elsewhere has" "There is an image plain already" \
  --config "$work/near.conf" image fetch plain
sed -i '1s|^{|{"source": "near", "offer": "plain", "revision": "3", |' "$images/plain.json"
refused "what is there in the newest revision" "in the newest revision (3)" \
  --config "$work/near.conf" image fetch plain
sed -i 's/^checksum/compressed_size=70368744177664\nchecksum/; s/^revision=3/revision=4/' "$work/shelf/index"
try 0 --config "$work/near.conf" image refresh
check "and read again" is "$status" 0
refused "what has no room" "The download and what is made of it take" --config "$work/near.conf" image fetch plain
refused "a machine without a disk makes no image" "has no disk" -c "$fleet" image make web-01 --name made

echo "1..$n"
