exampledir = $(docdir)/examples
dist_example_DATA = doc/vmdeck.conf.example
EXTRA_DIST += doc/rooms.md doc/guest-protocol.md doc/never-blocks.md doc/deploying.md doc/figures.md doc/never-blocks.cast
EXTRA_DIST += doc/pictures/form.svg doc/pictures/main.svg doc/pictures/make doc/pictures/steps.svg
scriptsdir = $(pkgdatadir)/scripts
dist_scripts_DATA = doc/scripts/docker doc/scripts/lamp doc/scripts/unattended-upgrades \
  doc/scripts/update-all
