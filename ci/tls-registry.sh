# shellcheck shell=bash disable=SC2154 # state is that of ci/services
# A registry that speaks https alone, with a certificate that an authority of its
# own has signed, and that asks for a user and a password. Sourced by ci/services,
# whose functions and $state it uses.
tls_user=mkimage

# The password goes to curl on standard input: arguments are for all to see.
tls_registry_answers() {
  [ -n "${1:-}" ] && printf 'user = "%s:%s"\n' "$tls_user" "$(cat "$state/tls/password" 2>/dev/null)" |
    curl --silent --fail --max-time 5 --config - --cacert "$state/tls/ca.pem" --output /dev/null "https://$1/v2/"
}

# tls_registry_address prints host:port of that registry if it answers.
tls_registry_address() {
  local address
  address=$(cat "$state/tls/address" 2>/dev/null) && has curl && tls_registry_answers "$address" && echo "$address"
}

# make_certificates makes the authority, and the registry's key and certificate.
make_certificates() (
  cd "$state/tls" && exec 2>openssl.log &&
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
      -subj "/CN=test authority of mkimage" -addext basicConstraints=critical,CA:TRUE \
      -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem &&
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
      -keyout key.pem -out request.pem &&
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' >extensions &&
    openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 3650 -extfile extensions -out cert.pem
)

# make_password makes a password, and the file that the registry checks it with
# (bcrypt, which crypt(3) has).
make_password() (
  # shellcheck disable=SC2016 # perl expands
  cd "$state/tls" && openssl rand -hex 16 >password &&
    { cat password && openssl rand -hex 11; } | perl -e '
      chomp(my ($password, $salt) = <STDIN>);
      my $hash = crypt($password, "\$2b\$05\$$salt");
      $hash =~ /^\$2b/ or die "crypt(3) has no bcrypt\n";
      print "$ARGV[0]:$hash\n"' "$tls_user" >htpasswd
)

start_tls_registry() {
  tls_registry_address >/dev/null && return
  local program address
  for program in docker-registry openssl perl curl; do
    has "$program" && continue
    say "no registry with TLS: $program is not installed"
    return 0
  done
  mkdir -p "$state/tls" && chmod 700 "$state/tls"
  if ! make_certificates || ! make_password; then
    say "no registry with TLS: its keys could not be made; see $state/tls/openssl.log"
    return 1
  fi
  address=127.0.0.1:$(free_port)
  cat >"$state/tls/registry.yml" <<EOF
version: 0.1
log:
  level: warn
  accesslog: {disabled: true}
storage:
  filesystem: {rootdirectory: $state/tls/registry}
  delete: {enabled: true}
auth:
  htpasswd: {realm: test, path: $state/tls/htpasswd}
http:
  addr: $address
  tls: {certificate: $state/tls/cert.pem, key: $state/tls/key.pem}
EOF
  echo "$address" >"$state/tls/address"
  # By a name of its own, so that the two registries can be told apart.
  ln -sf "$(command -v docker-registry)" "$state/tls/tls-registry"
  PATH=$state/tls:$PATH spawn tls-registry serve "$state/tls/registry.yml"
  wait_for tls-registry tls_registry_answers "$address"
}

tls_registry_settings() {
  local address
  address=$(tls_registry_address) || return 0
  echo "export MKIMAGE_TEST_TLS_REGISTRY=$address"
  echo "export MKIMAGE_TEST_TLS_REGISTRY_CA=$state/tls/ca.pem"
  echo "export MKIMAGE_TEST_TLS_REGISTRY_USER=$tls_user"
  echo "export MKIMAGE_TEST_TLS_REGISTRY_PASSWORD=$(cat "$state/tls/password")"
}
