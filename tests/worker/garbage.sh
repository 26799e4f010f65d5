#!/bin/sh
# Answers with bytes that are no frames.
printf "garbage, garbage, garbage"
