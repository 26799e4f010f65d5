#!/bin/sh
# A whole frame that is not the JSON it must be.
printf "\002\000\000\000\000\000\000\000{]"
