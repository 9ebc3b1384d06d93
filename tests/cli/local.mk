# tier cli: the program itself, by a script.
EXTRA_DIST += tests/cli/cli.sh
EXTRA_DIST += tests/cli/hosts.sh
EXTRA_DIST += tests/cli/lib.bash
EXTRA_DIST += tests/cli/answers.sh
EXTRA_DIST += tests/cli/many.sh
EXTRA_DIST += tests/cli/refused.sh
EXTRA_DIST += tests/cli/systems.sh \
  tests/osinfo/os/vmdeck.example/tiny-1.xml tests/osinfo/os/vmdeck.example/tiny-2.xml
