#!/bin/sh
# Makes deploy/secrets, which compose.yaml reads, with passwords and tokens drawn at random. Running it again changes nothing.
#
# The folder is closed to others; the files in it are not, because Compose shows them to the containers as they are, and
# carillon runs there as a user of its own.
set -eu
cd "$(dirname "$0")"

if [ -e secrets ]; then
	echo "deploy/secrets is there already: remove it, and the database's volume, to begin anew" >&2
	exit 0
fi

random() { od -An -N20 -tx1 /dev/urandom | tr -d ' \n'; }

database=$(random)
token=$(random)
admin=$(random)

umask 022
mkdir -m 700 secrets
printf %s "$database" >secrets/postgres-password
cat >secrets/master.yaml <<END
database: postgres://carillon:$database@postgres:5432/carillon
join_token: $token
admin_password: $admin
END
cat >secrets/worker.yaml <<END
join_token: $token
END
echo "made deploy/secrets; the password of admin is admin_password in master.yaml there"
