#!/bin/sh
# Announces the longest frame there can be.
printf "\377\377\377\377\377\377\377\377"
