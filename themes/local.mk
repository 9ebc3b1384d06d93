themedir = $(pkgdatadir)/themes
dist_theme_DATA =
