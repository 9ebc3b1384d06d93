# The languages: po/LL.po becomes LL/LC_MESSAGES/vmdeck.mo.
LINGUAS = ru
EXTRA_DIST += $(LINGUAS:%=$(srcdir)/po/%.po)
CLEANFILES += $(LINGUAS:%=po/%.mo)

po/ru.mo: $(srcdir)/po/ru.po
	$(AM_V_GEN)$(MKDIR_P) po locale/ru/LC_MESSAGES && $(MSGFMT) --check -o $@ $(srcdir)/po/ru.po && cp $@ locale/ru/LC_MESSAGES/vmdeck.mo

all-local: $(LINGUAS:%=po/%.mo)

install-data-hook: all-local
	for l in $(LINGUAS); do \
	  $(MKDIR_P) "$(DESTDIR)$(localedir)/$$l/LC_MESSAGES" && \
	  $(INSTALL_DATA) "po/$$l.mo" "$(DESTDIR)$(localedir)/$$l/LC_MESSAGES/vmdeck.mo"; \
	done

uninstall-hook:
	for l in $(LINGUAS); do rm -f "$(DESTDIR)$(localedir)/$$l/LC_MESSAGES/vmdeck.mo"; done

clean-local:
	rm -rf locale

# Gathers the texts anew and merges them into each language.
update-po:
	cd $(srcdir) && $(XGETTEXT) -k_ -kN_ -kngettext:1,2 -kvd_run_text_n:2,3 -kvd_run_note_n:2,3 -kvd_said_n:1,2 -kvd_fail_n:3,4 --from-code=UTF-8 --add-comments=TRANSLATORS \
	  --package-name=vmdeck -o po/vmdeck.pot $$(find src ui -name '*.[ch]' | sort)
	cd $(srcdir) && for l in $(LINGUAS); do $(MSGMERGE) -q -U --backup=none po/$$l.po po/vmdeck.pot; done
