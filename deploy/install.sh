#!/bin/sh
# Puts the blog onto a machine with systemd, or a new release beside the one that runs there:
#
#     sh deploy/install.sh flask        # django, flask, fastapi or several; as root, with uv on PATH
#
# It starts and migrates nothing, and leaves a blog.env that is there as it is.
set -euf
cd "$(dirname "$0")/.."
root=${DESTDIR:-} # for packagers and tests
release=blog-$(date +%Y%m%d-%H%M%S)

packages="./packages/core[mariadb,openid,postgresql,redis] ./packages/parity"
for framework in "$@"; do
    packages="$packages ./packages/${framework}_app ./packages/showcase[$framework]"
done
# Not an interpreter of uv's own: those are in root's home, which the units may not read.
uv venv --quiet --python "${PYTHON:-/usr/bin/python3}" "$root/opt/$release"
# Copies, not links into this checkout, of what was tested together.
uv pip install --quiet --python "$root/opt/$release/bin/python" --no-sources --compile-bytecode \
    --constraints constraints.txt --build-constraints constraints.txt $packages

install -d "$root/etc/blog" "$root/etc/systemd/system/blog-.service.d"
install -m 644 deploy/gunicorn.conf.py deploy/healthcheck.py "$root/etc/blog"
[ -e "$root/etc/blog/blog.env" ] || install -m 600 deploy/blog.env "$root/etc/blog"
install -m 644 deploy/systemd/blog-.service.d/common.conf "$root/etc/systemd/system/blog-.service.d"
for framework in "$@"; do
    install -m 644 "deploy/systemd/blog-$framework.service" "deploy/systemd/blog-$framework.socket" \
        "$root/etc/systemd/system"
done

# Last, and in one step: the next start is of this release. What runs keeps the files it came with,
# and the link set back is the way back.
ln -s "$release" "$root/opt/blog.next"
mv -T "$root/opt/blog.next" "$root/opt/blog"
