#!/bin/sh
# Stands in for a compiler and an archiver of a system that is not here: makes the file it was asked for, empty.
wanted=
archive=
for argument in "$@"; do
    case $wanted in output) : > "$argument"; wanted=; continue ;; esac
    case $argument in
        -o) wanted=output ;;
        -o*) : > "${argument#-o}" ;;
        *.a) archive=$argument ;;
    esac
done
[ -z "$archive" ] || [ -e "$archive" ] || : > "$archive"
exit 0
