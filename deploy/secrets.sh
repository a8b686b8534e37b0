#!/usr/bin/env bash
# Makes the secrets that compose.yaml mounts, once, in deploy/secrets (which git ignores). Existing ones stay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
umask 077
mkdir -p secrets
fresh() { [ -s "secrets/$1" ] || od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"secrets/$1"; }
for name in postgres_password key_secret link_secret inbox_token; do fresh "$name"; done
printf 'postgresql+asyncpg://playcaller:%s@postgres:5432/playcaller' "$(cat secrets/postgres_password)" >secrets/database_url
# Compose mounts files as they are: the containers' user has to be able to read them.
chmod 711 secrets && chmod 644 secrets/*
echo "deploy/secrets is ready; the inbox's token is in deploy/secrets/inbox_token"
