#!/bin/sh
# Log in, make a project and list what you see, with nothing but curl and sed.
# Run it against the demo: sh examples/curl.sh http://127.0.0.1:8000 user-1 tessera-demo
set -eu
url=$1 user=$2 password=$3

# Values go as variables, never into the text of the document. (Quotes in them would need escaping as JSON.)
ask() { # ask DOCUMENT VARIABLES
  curl --silent --show-error --fail-with-body "$url/graphql" \
    --header 'Content-Type: application/json' \
    --header 'Accept: application/graphql-response+json' \
    ${token:+--header "Authorization: Bearer $token"} \
    --data-binary "{\"query\": \"$1\", \"variables\": $2}"
}

answer=$(ask 'mutation($u: String!, $p: String!) { login(input: {username: $u, password: $p}) { token errors { message } } }' \
  "{\"u\": \"$user\", \"p\": \"$password\"}")
token=$(printf '%s' "$answer" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
if [ -z "$token" ]; then
  printf '%s\n' "$answer" >&2
  exit 1
fi

ask 'mutation($name: String!) { createProject(input: {name: $name}) { project { id name } errors { message } } }' \
  '{"name": "Made with curl"}'
echo
ask '{ projects(first: 20) { nodes { id name owner { login } } } }' '{}'
echo
