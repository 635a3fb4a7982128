#!/bin/sh
# For a slim Linux, on which the Node of our scripts (a devDependency) does not start: Node 26 needs libatomic, which Node 24 did not.
# `npm run demo` and `npm test` call this then. No script of Node could do it, and npm warns users of a package that has `prepare`.

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends libatomic1
}

if command -v apt-get >/dev/null; then
  install || { as_root apt-get update --quiet && install; }
fi
node -e '' && exit
echo "Node does not start, see above. Install what it lacks: 'apt-get install libatomic1' on Debian and Ubuntu, 'dnf install libatomic' on Fedora." >&2
exit 1
