#!/bin/bash
# The sources are as clang-format 14 leaves them. Another version formats differently, so it is
# not asked for its opinion: the case fails and says which version is wanted.
set -u
cd "${VMDECK_SOURCE:?}" || exit 1
version=$(clang-format --version 2>/dev/null | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" != 14 ]; then
  echo "not ok - the sources are formatted: clang-format 14 is needed, here is '${version:-none}'"
  exit 0
fi
for room in src/*/ ui/ tests/; do
  files=$(find "$room" -name '*.[ch]')
  [ -n "$files" ] || continue
  # shellcheck disable=SC2086 -- our own file names have no blanks
  if clang-format --dry-run --Werror $files 2>&1 | sed 's/^/# /' | head -n 20 | grep .; then
    echo "not ok - $room is formatted (./dev fmt does it)"
  else
    echo "ok - $room is formatted"
  fi
done
