#!/bin/sh
# Looks around: 42 where there is nothing to be seen of whoever started it.
[ "$(pwd)" = / ] || exit 1
# `sh` sets these three itself.
[ -z "$(env | grep -v -e '^PWD=' -e '^OLDPWD=' -e '^SHLVL=' -e '^_=')" ] || exit 2
for descriptor in /proc/$$/fd/*; do
  case "${descriptor##*/}" in
    0 | 1 | 2) ;;
    *) case "$(readlink "$descriptor")" in pipe:* | /dev/* | */look.sh) ;; *) exit 3 ;; esac ;;
  esac
done
exit 42
