#!/usr/bin/env bash
# Runs tests on an emulated ARM: `tests/reliability/arm.sh FOLDER` on Debian 12, which has Python 3.11; needs
# qemu-user-static, apt and pip. All that is fetched lands in the folder; nothing is installed.
set -euo pipefail
folder=$(realpath -m "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$folder"/{state/lists/partial,cache/archives/partial,root}
touch "$folder/state/status"
options=(-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$folder/state"
  -o Dir::State::status="$folder/state/status" -o Dir::Cache="$folder/cache")
if [[ ! -d $folder/site ]]; then
  apt-get "${options[@]}" -qq update
  apt-get "${options[@]}" -qq install -y --download-only --no-install-recommends python3.11 libstdc++6 >/dev/null
  for package in "$folder"/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
  platforms=(--platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64 --platform manylinux_2_17_aarch64)
  pip install -q --target "$folder/site" "${platforms[@]}" --python-version 3.11 --only-binary :all: \
    numpy pytest hypothesis pcodec==1.1.0 google-crc32c
fi
export QEMU_LD_PREFIX=$folder/root PYTHONPATH=$folder/site:$here PYTHONDONTWRITEBYTECODE=1
cd "$here"
# The tests of SIMD levels start processes, which are not emulated.
exec qemu-aarch64-static "$folder/root/usr/bin/python3.11" -m pytest -q -p no:cacheprovider -o faulthandler_timeout=0 \
  tests/test_same_bytes.py::test_bytes_are_those_pinned tests/test_golden_frames.py tests/test_arithmetic.py
