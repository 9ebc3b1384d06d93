themedir = $(pkgdatadir)/themes
dist_theme_DATA = themes/default.conf themes/high-contrast.conf themes/light.conf themes/mono.conf
