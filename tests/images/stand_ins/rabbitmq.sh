#!/bin/sh
# As docker.io/library/rabbitmq: a user of that name and password at first.
set -eu
printf 'default_user = %s\ndefault_pass = %s\n' \
  "$RABBITMQ_DEFAULT_USER" "$RABBITMQ_DEFAULT_PASS" > /etc/rabbitmq/rabbitmq.conf
chown -R rabbitmq: /var/lib/rabbitmq
exec setpriv --reuid rabbitmq --regid rabbitmq --init-groups \
  env HOME=/var/lib/rabbitmq RABBITMQ_LOGS=- /usr/lib/rabbitmq/bin/rabbitmq-server
