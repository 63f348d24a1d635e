#!/bin/sh
# Puts Hearth into the menu of programs, with an icon for every size, or takes it out again. The folders are those of the
# freedesktop.org specifications; they are made where no desktop has made them, so that one which is installed later finds
# the entry. (xdg-desktop-menu refuses where there is no desktop, which is how many servers begin.)
#
#     menu.sh install|remove [ROOT]
set -eu
lib=$(cd "$(dirname "$0")/.." && pwd -P)
share=${2:-}/usr/share

case $1 in
  install)
    mkdir -p "$share/applications" "$share/icons"
    cp "$lib/hearth-hearth.desktop" "$share/applications/hearth.desktop"
    cp -R "$lib/app/icons/." "$share/icons/"
    ;;
  remove)
    rm -f "$share/applications/hearth.desktop" "$share"/icons/hicolor/*/apps/hearth.png \
      "$share/icons/hicolor/scalable/apps/hearth.svg"
    ;;
esac

# Caches of desktops that keep one; without, they look themselves.
if [ $# -eq 1 ] && command -v update-desktop-database >/dev/null; then
  update-desktop-database -q "$share/applications" || echo "hearth: the menu shows the change after the next login" >&2
fi
if [ $# -eq 1 ] && command -v gtk-update-icon-cache >/dev/null; then
  gtk-update-icon-cache -q -t -f "$share/icons/hicolor" || echo "hearth: the icon shows after the next login" >&2
fi
