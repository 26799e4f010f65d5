#!/bin/sh
# Never ends to answer.
exec cat /dev/zero
