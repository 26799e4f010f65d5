#!/bin/sh
# Ends within its first frame.
printf "\005\000\000\000\000\000\000\000ab"
